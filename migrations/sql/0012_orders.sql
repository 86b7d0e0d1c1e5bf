-- The four tables get the columns of their copies, with what these are for the rows that are there; then they become resources.

DROP TRIGGER portal_touch ON products;
DROP TRIGGER portal_touch ON product_requests;
DROP TRIGGER portal_touch ON orders;
DROP TRIGGER portal_touch ON order_items;

ALTER TABLE products ADD COLUMN manufacturer_fhir_id varchar(100) COLLATE "C";
UPDATE products p SET manufacturer_fhir_id = m.fhir_id FROM manufacturers m WHERE m.id = p.manufacturer_id;
CREATE INDEX products_manufacturer_fhir_id ON products (manufacturer_fhir_id);
CREATE TRIGGER fhir_10_projection BEFORE INSERT OR UPDATE OF manufacturer_id, manufacturer_fhir_id ON products
    FOR EACH ROW EXECUTE FUNCTION fhir_before_product();
SELECT fhir_make_resource('products', 'DeviceDefinition', 'open');

ALTER TABLE product_requests
    ADD COLUMN requester_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN organization_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN facility_fhir_id varchar(100) COLLATE "C";
UPDATE product_requests r SET
    requester_fhir_id = fhir_practitioner_of_user(r.user_id),
    organization_fhir_id = (SELECT o.fhir_id FROM organizations o WHERE o.id = r.organization_id),
    facility_fhir_id = (SELECT f.fhir_id FROM fhir_facilities f WHERE f.id = r.facility_id);
CREATE INDEX product_requests_requester_fhir_id ON product_requests (requester_fhir_id);
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF user_id, requester_fhir_id, organization_id, organization_fhir_id, facility_id, facility_fhir_id
    ON product_requests FOR EACH ROW EXECUTE FUNCTION fhir_before_product_request();
SELECT fhir_make_resource('product_requests', 'DeviceRequest', 'phi');

ALTER TABLE orders
    ADD COLUMN product_request_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN manufacturer_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN patient_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN requester_fhir_id varchar(100) COLLATE "C";
UPDATE orders o SET
    product_request_fhir_id = r.fhir_id, patient_fhir_id = r.patient_fhir_id, requester_fhir_id = r.requester_fhir_id,
    manufacturer_fhir_id = (SELECT m.fhir_id FROM manufacturers m WHERE m.id = o.manufacturer_id)
FROM product_requests r WHERE r.id = o.product_request_id;
CREATE INDEX orders_product_request_fhir_id ON orders (product_request_fhir_id);
CREATE INDEX orders_manufacturer_fhir_id ON orders (manufacturer_fhir_id);
CREATE INDEX orders_patient_fhir_id ON orders (patient_fhir_id);
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF product_request_id, product_request_fhir_id, manufacturer_id, manufacturer_fhir_id,
        patient_fhir_id, requester_fhir_id
    ON orders FOR EACH ROW EXECUTE FUNCTION fhir_before_order();
SELECT fhir_make_resource('orders', 'Task', 'phi');

ALTER TABLE order_items
    ADD COLUMN line_number integer,
    ADD COLUMN order_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN order_number varchar(50),
    ADD COLUMN line_identifier varchar(70),
    ADD COLUMN order_status varchar(50),
    ADD COLUMN order_created_at timestamptz,
    ADD COLUMN manufacturer_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN patient_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN requester_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN facility_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN recipient_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN product_snapshot jsonb;
UPDATE order_items i SET line_number = numbered.place
FROM (SELECT id, row_number() OVER (PARTITION BY order_id ORDER BY id) AS place FROM order_items) AS numbered
WHERE numbered.id = i.id;
-- The trigger computes the other copies whatever it is given.
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF order_id, product_id, line_number, order_fhir_id, order_number, line_identifier, order_status,
        order_created_at, manufacturer_fhir_id, patient_fhir_id, requester_fhir_id, facility_fhir_id, recipient_fhir_id,
        product_snapshot
    ON order_items FOR EACH ROW EXECUTE FUNCTION fhir_before_order_item();
UPDATE order_items SET order_number = NULL;
CREATE INDEX order_items_order_fhir_id ON order_items (order_fhir_id);
CREATE INDEX order_items_line_identifier ON order_items (line_identifier);
CREATE INDEX order_items_recipient_fhir_id ON order_items (recipient_fhir_id);
CREATE INDEX order_items_facility_fhir_id ON order_items (facility_fhir_id);
CREATE INDEX order_items_manufacturer_fhir_id ON order_items (manufacturer_fhir_id);
SELECT fhir_make_resource('order_items', 'SupplyRequest', 'phi');

CREATE TRIGGER fhir_50_requesters_insert AFTER INSERT ON fhir_practitioners
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_requesters();
CREATE TRIGGER fhir_50_requesters_update AFTER UPDATE ON fhir_practitioners
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_requesters();
CREATE TRIGGER fhir_50_requesters_delete AFTER DELETE ON fhir_practitioners
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_requesters();
CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON product_requests
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_product_requests();
CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_orders();
CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_products();
