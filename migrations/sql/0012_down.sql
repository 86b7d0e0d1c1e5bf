DROP TRIGGER fhir_50_requesters_insert ON fhir_practitioners;
DROP TRIGGER fhir_50_requesters_update ON fhir_practitioners;
DROP TRIGGER fhir_50_requesters_delete ON fhir_practitioners;
SELECT fhir_unmake_resource('order_items', 'SupplyRequest', 'phi');
SELECT fhir_unmake_resource('orders', 'Task', 'phi');
SELECT fhir_unmake_resource('product_requests', 'DeviceRequest', 'phi');
SELECT fhir_unmake_resource('products', 'DeviceDefinition', 'open');
DROP FUNCTION fhir_project_requesters(), fhir_project_product_requests(), fhir_project_orders(), fhir_project_products(),
    fhir_before_product(), fhir_before_product_request(), fhir_before_order(), fhir_before_order_item(),
    fhir_product_snapshot(products), fhir_practitioner_of_user(bigint), fhir_refuse_write(text, text, text, text),
    fhir_make_resource(text, text, text), fhir_unmake_resource(text, text, text), fhir_build_row_ids(), fhir_grant();
ALTER TABLE products DROP COLUMN manufacturer_fhir_id;
ALTER TABLE product_requests DROP COLUMN requester_fhir_id, DROP COLUMN organization_fhir_id, DROP COLUMN facility_fhir_id;
ALTER TABLE orders DROP COLUMN product_request_fhir_id, DROP COLUMN manufacturer_fhir_id, DROP COLUMN patient_fhir_id,
    DROP COLUMN requester_fhir_id;
ALTER TABLE order_items DROP COLUMN line_number, DROP COLUMN order_fhir_id, DROP COLUMN order_number,
    DROP COLUMN line_identifier, DROP COLUMN recipient_fhir_id, DROP COLUMN order_status,
    DROP COLUMN order_created_at, DROP COLUMN manufacturer_fhir_id, DROP COLUMN patient_fhir_id, DROP COLUMN requester_fhir_id,
    DROP COLUMN facility_fhir_id, DROP COLUMN product_snapshot;
