-- An order that was shipped, or that has a tracking number, is a SupplyDelivery too: its shadow is `order_shipments`. What the
-- shadow shows of lines and request it copies itself; these change seldom, and seldom after an order was shipped.

-- The lines of an order that are there, by their logical ids.
CREATE FUNCTION fhir_lines_of_order(order_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT jsonb_agg(i.fhir_id ORDER BY i.line_number, i.id) FROM public.order_items i
    WHERE i.order_id = $1 AND i.deleted_at IS NULL
$$;

-- A status text as the maps list it.
CREATE FUNCTION fhir_shipment_status(status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN replace(replace(lower(trim(status) COLLATE "C"), '-', '_'), ' ', '_');

-- Whether a text says that goods have left: when an order gets the first such text, they have.
CREATE FUNCTION fhir_has_left(status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN coalesce(fhir_shipment_status(status) = ANY (ARRAY['shipped', 'in_transit',
        'out_for_delivery', 'partially_shipped', 'delivered', 'completed', 'returned', 'lost', 'undeliverable']), false);

CREATE FUNCTION fhir_before_shipment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    found record;
BEGIN
    SELECT o.fhir_id, o.version_id, r.facility_fhir_id, r.patient_fhir_id INTO found
        FROM public.orders o LEFT JOIN public.product_requests r ON r.id = o.product_request_id WHERE o.id = NEW.source_id;
    NEW.order_fhir_id := found.fhir_id;
    NEW.facility_fhir_id := found.facility_fhir_id;
    NEW.patient_fhir_id := found.patient_fhir_id;
    NEW.line_fhir_ids := public.fhir_lines_of_order(NEW.source_id);
    IF NOT public.fhir_has_left(NEW.status) THEN
        NEW.shipped_at := NULL;
    ELSIF TG_OP = 'UPDATE' AND public.fhir_has_left(OLD.status) THEN
        NEW.shipped_at := OLD.shipped_at;
    ELSE
        -- An order that comes with such a text, as from an import, left at a time that nobody has said.
        NEW.shipped_at := CASE WHEN found.version_id > 1 THEN date_trunc('milliseconds', clock_timestamp()) END;
    END IF;
    RETURN NEW;
END $$;

SELECT fhir_make_shadow('orders', 'order_shipments', 'SupplyDelivery', 'phi',
    ARRAY['order_number', 'status', 'tracking_number', 'shipping_carrier', 'manufacturer_fhir_id'],
    $$public.fhir_shipment_status(n.status) = ANY (ARRAY['shipped', 'label_created', 'in_transit', 'out_for_delivery',
        'partially_shipped', 'delivered', 'completed', 'cancelled', 'canceled', 'returned', 'lost', 'undeliverable', 'void'])
      OR n.tracking_number ~ '[^[:space:]]'$$,
    'order_fhir_id varchar(100) COLLATE "C", facility_fhir_id varchar(100) COLLATE "C", patient_fhir_id varchar(100) COLLATE "C",
     line_fhir_ids jsonb, shipped_at timestamptz');
ALTER TABLE order_shipments ALTER COLUMN updated_at SET DEFAULT now(); -- as in all other tables
-- When the orders of before were shipped nobody has noted.
UPDATE order_shipments s SET order_fhir_id = o.fhir_id, facility_fhir_id = r.facility_fhir_id,
    patient_fhir_id = r.patient_fhir_id,
    line_fhir_ids = fhir_lines_of_order(o.id)
FROM orders o JOIN product_requests r ON r.id = o.product_request_id WHERE o.id = s.source_id;
CREATE TRIGGER fhir_10_projection BEFORE INSERT OR UPDATE ON order_shipments
    FOR EACH ROW EXECUTE FUNCTION fhir_before_shipment();
CREATE INDEX order_shipments_manufacturer_fhir_id ON order_shipments (manufacturer_fhir_id);
CREATE INDEX order_shipments_patient_fhir_id ON order_shipments (patient_fhir_id);
CREATE INDEX order_shipments_order_fhir_id ON order_shipments (order_fhir_id);
CREATE INDEX order_shipments_order_number ON order_shipments (order_number);
CREATE INDEX order_shipments_tracking_number ON order_shipments (tracking_number);
CREATE INDEX orders_tracking_number ON orders (tracking_number);
CREATE INDEX order_items_order_number ON order_items (order_number);
CREATE INDEX order_items_patient_fhir_id ON order_items (patient_fhir_id);
CREATE INDEX orders_due ON orders (timezone('UTC', expected_ship_date::timestamp));

-- Where the goods of a request go, or whose they are, has changed.
CREATE FUNCTION fhir_project_destinations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, patient_fhir_id, facility_fhir_id FROM new_rows
        EXCEPT SELECT id, patient_fhir_id, facility_fhir_id FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        UPDATE public.order_shipments s SET patient_fhir_id = NULL
        WHERE s.source_id = ANY (ARRAY(SELECT o.id FROM public.orders o WHERE o.product_request_id = ANY (touched)));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fhir_41_destinations AFTER UPDATE ON product_requests
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_destinations();

-- An order that moves to another request goes elsewhere.
CREATE FUNCTION fhir_project_moved_orders() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, product_request_id FROM new_rows EXCEPT SELECT id, product_request_id FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        UPDATE public.order_shipments s SET patient_fhir_id = NULL WHERE s.source_id = ANY (touched);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fhir_46_destinations AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_moved_orders();

CREATE TRIGGER fhir_47_requested_products_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION fhir_project_orders_of_requests();
CREATE TRIGGER fhir_47_requested_products_delete AFTER DELETE ON orders
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_orders_of_requests();
CREATE TRIGGER fhir_45_lines_insert AFTER INSERT ON order_items
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_lines();
CREATE TRIGGER fhir_45_lines_update AFTER UPDATE ON order_items
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_lines();
CREATE TRIGGER fhir_45_lines_delete AFTER DELETE ON order_items
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_lines();
SELECT fhir_grant();
