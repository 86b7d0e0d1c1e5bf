-- What a request asks for: the one product that the lines of its orders name, or that they name several; before there are any lines,
-- what `products` in clinical_details names (ADR 0016). What comes of lines is the only copy that goes up the graph, lines → orders → requests, where all others go down; so whoever adds a line locks its product and its request
-- before its order, in the order in which the others lock them.

ALTER TABLE product_requests
    ADD COLUMN product_name varchar(255),
    ADD COLUMN product_hcpcs_code varchar(10),
    ADD COLUMN product_sku varchar(100),
    ADD COLUMN has_several_products boolean;
ALTER TABLE history.product_requests
    ADD COLUMN product_name varchar(255),
    ADD COLUMN product_hcpcs_code varchar(10),
    ADD COLUMN product_sku varchar(100),
    ADD COLUMN has_several_products boolean;
SELECT fhir_version_table('public.product_requests', 'history.product_requests', 'DeviceRequest', 'phi');

-- The portal's keys of the products that a request names before it has lines.
CREATE FUNCTION fhir_products_asked_for(clinical_details jsonb) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY(SELECT (one ->> 'product_id')::bigint
                 FROM jsonb_array_elements(CASE jsonb_typeof(clinical_details -> 'products') WHEN 'array'
                     THEN clinical_details -> 'products' ELSE '[]' END) AS one
                 WHERE one ->> 'product_id' ~ '^[0-9]{1,18}$')
$$;

CREATE FUNCTION fhir_requested_product(request bigint, clinical_details jsonb,
        OUT product_name text, OUT product_hcpcs_code text, OUT product_sku text, OUT has_several_products boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT CASE WHEN count(*) = 1 THEN min(p.name) END, CASE WHEN count(*) = 1 THEN min(p.hcpcs_code) END,
           CASE WHEN count(*) = 1 THEN min(p.sku) END, CASE WHEN count(*) > 1 THEN true END
    FROM (SELECT ARRAY(
              SELECT i.product_id FROM public.orders o JOIN public.order_items i ON i.order_id = o.id
              WHERE o.product_request_id = request AND o.deleted_at IS NULL AND i.deleted_at IS NULL) AS ids) AS of_lines,
        public.products p
    WHERE p.id = ANY (CASE WHEN of_lines.ids <> '{}' THEN of_lines.ids ELSE public.fhir_products_asked_for(clinical_details) END)
$$;

CREATE FUNCTION fhir_before_requested_product() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT f.* INTO NEW.product_name, NEW.product_hcpcs_code, NEW.product_sku, NEW.has_several_products
        FROM public.fhir_requested_product(NEW.id, NEW.clinical_details) f;
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_10_requested_product
    BEFORE INSERT OR UPDATE OF clinical_details, product_name, product_hcpcs_code, product_sku, has_several_products
    ON product_requests FOR EACH ROW EXECUTE FUNCTION fhir_before_requested_product();

-- Called with the requests whose lines may have changed; the trigger above computes the values.
CREATE FUNCTION fhir_project_requested_products(touched bigint[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM public.product_requests r WHERE r.id = ANY (touched) ORDER BY r.id FOR NO KEY UPDATE;
    UPDATE public.product_requests r SET product_name = NULL
    WHERE r.id = ANY (touched)
        AND ROW(r.product_name, r.product_hcpcs_code, r.product_sku, r.has_several_products)::text
            IS DISTINCT FROM (SELECT ROW(f.*)::text FROM public.fhir_requested_product(r.id, r.clinical_details) f);
END $$;

CREATE FUNCTION fhir_before_line_of_request() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM public.products p WHERE p.id = NEW.product_id FOR SHARE;
    PERFORM FROM public.product_requests r
        WHERE r.id = (SELECT o.product_request_id FROM public.orders o WHERE o.id = NEW.order_id) FOR NO KEY UPDATE;
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_05_lock_request BEFORE INSERT OR UPDATE OF order_id, product_id ON order_items
    FOR EACH ROW EXECUTE FUNCTION fhir_before_line_of_request();

CREATE FUNCTION fhir_project_lines() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    of_orders bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        of_orders := ARRAY(SELECT DISTINCT order_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        of_orders := ARRAY(SELECT DISTINCT order_id FROM old_rows);
    ELSE
        of_orders := ARRAY(
            SELECT order_id FROM (SELECT id, order_id, product_id, deleted_at IS NULL FROM old_rows
                                  EXCEPT SELECT id, order_id, product_id, deleted_at IS NULL FROM new_rows) replaced
            UNION
            SELECT order_id FROM (SELECT id, order_id, product_id, deleted_at IS NULL FROM new_rows
                                  EXCEPT SELECT id, order_id, product_id, deleted_at IS NULL FROM old_rows) replacing);
    END IF;
    IF of_orders <> '{}' THEN
        PERFORM public.fhir_project_requested_products(
            ARRAY(SELECT DISTINCT o.product_request_id FROM public.orders o WHERE o.id = ANY (of_orders)));
        UPDATE public.order_shipments s SET line_fhir_ids = NULL
        WHERE s.source_id = ANY (of_orders) AND s.line_fhir_ids IS DISTINCT FROM public.fhir_lines_of_order(s.source_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION fhir_project_orders_of_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched bigint[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT product_request_id FROM old_rows);
    ELSE
        touched := ARRAY(
            SELECT product_request_id FROM (SELECT id, product_request_id, deleted_at IS NULL FROM old_rows
                                            EXCEPT SELECT id, product_request_id, deleted_at IS NULL FROM new_rows) replaced
            UNION
            SELECT product_request_id FROM (SELECT id, product_request_id, deleted_at IS NULL FROM new_rows
                                            EXCEPT SELECT id, product_request_id, deleted_at IS NULL FROM old_rows) replacing);
    END IF;
    IF touched <> '{}' THEN
        PERFORM public.fhir_project_requested_products(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION fhir_project_names_of_products() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, name, sku, hcpcs_code FROM new_rows EXCEPT SELECT id, name, sku, hcpcs_code FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        PERFORM public.fhir_project_requested_products(ARRAY(
            SELECT DISTINCT o.product_request_id FROM public.order_items i JOIN public.orders o ON o.id = i.order_id
            WHERE i.product_id = ANY (touched)
            UNION
            SELECT r.id FROM public.product_requests r
            WHERE public.fhir_products_asked_for(r.clinical_details) && touched
                AND public.fhir_products_asked_for(r.clinical_details) <> '{}'));
    END IF;
    RETURN NULL;
END $$;
-- Requests come before lines here too: 35 is before 40.
CREATE TRIGGER fhir_35_requested_products AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION fhir_project_names_of_products();

-- The rows that are there. Nobody was told a version of those without a document, so they keep it; a document is merged with what
-- is new, which takes a new version.
ALTER TABLE product_requests DISABLE TRIGGER fhir_20_version_update, DISABLE TRIGGER fhir_30_history_update,
    DISABLE TRIGGER fhir_40_queue_texts_update;
UPDATE product_requests r SET product_name = NULL
WHERE r.document_version IS NULL AND (r.id IN (SELECT o.product_request_id FROM orders o JOIN order_items i ON i.order_id = o.id)
    OR fhir_products_asked_for(r.clinical_details) <> '{}');
ALTER TABLE product_requests ENABLE TRIGGER fhir_20_version_update, ENABLE TRIGGER fhir_30_history_update,
    ENABLE TRIGGER fhir_40_queue_texts_update;
UPDATE product_requests r SET product_name = NULL
WHERE r.document_version IS NOT NULL AND (r.id IN (SELECT o.product_request_id FROM orders o JOIN order_items i ON i.order_id = o.id)
    OR fhir_products_asked_for(r.clinical_details) <> '{}');

-- A document that is older than this says nothing of the details, and whoever puts it back unchanged would take them away. So the
-- version that it belongs to is remembered as one without them, and the next reader merges them into it.
ALTER TABLE product_requests DISABLE TRIGGER fhir_20_version_update, DISABLE TRIGGER fhir_30_history_update;
INSERT INTO history.product_requests SELECT r.* FROM product_requests r
WHERE r.document_version = r.version_id AND r.deleted_at IS NULL
    AND coalesce(r.clinical_details, r.insurance_details, r.shipping_details) IS NOT NULL;
UPDATE product_requests r SET version_id = r.version_id + 1, version_xid = pg_current_xact_id(),
    updated_at = greatest(date_trunc('milliseconds', clock_timestamp()), r.updated_at)
WHERE r.document_version = r.version_id AND r.deleted_at IS NULL
    AND coalesce(r.clinical_details, r.insurance_details, r.shipping_details) IS NOT NULL;
ALTER TABLE product_requests ENABLE TRIGGER fhir_20_version_update, ENABLE TRIGGER fhir_30_history_update;
UPDATE history.product_requests h SET clinical_details = NULL, insurance_details = NULL, shipping_details = NULL
FROM product_requests r
WHERE r.fhir_id = h.fhir_id AND r.document_version = h.version_id AND r.document_version < r.version_id;
INSERT INTO phi.text_queue (table_name, resource_key)
SELECT 'product_requests', r.resource_key FROM product_requests r WHERE r.document_version IS NULL AND r.deleted_at IS NULL
    AND (r.product_name IS NOT NULL OR r.has_several_products
         OR coalesce(r.clinical_details, r.insurance_details, r.shipping_details) IS NOT NULL)
    AND NOT EXISTS (SELECT FROM phi.text_queue q WHERE q.table_name = 'product_requests' AND q.resource_key = r.resource_key);

CREATE INDEX product_requests_product_hcpcs_code ON product_requests (product_hcpcs_code);
CREATE INDEX product_requests_product_sku ON product_requests (product_sku);
CREATE INDEX product_requests_products_asked_for ON product_requests USING gin (fhir_products_asked_for(clinical_details))
    WHERE fhir_products_asked_for(clinical_details) <> '{}';
