DROP TRIGGER fhir_60_audit_status ON orders;
DROP TRIGGER fhir_60_audit_status ON product_requests;
DROP TRIGGER fhir_15_lifecycle ON orders;
DROP TRIGGER fhir_15_lifecycle ON product_requests;
DROP SCHEMA lifecycle CASCADE;
DROP TABLE commission_plans;

ALTER TABLE history.orders DROP COLUMN status_reason;
ALTER TABLE orders DROP COLUMN status_reason;
ALTER TABLE history.product_requests DROP COLUMN status_reason;
ALTER TABLE product_requests DROP COLUMN status_reason;
SELECT fhir_version_table('public.product_requests', 'history.product_requests', 'DeviceRequest', 'phi');
SELECT fhir_version_table('public.orders', 'history.orders', 'Task', 'phi');

-- What is about a request only has no place in the older table.
ALTER TABLE order_audit_logs DISABLE TRIGGER fhir_90_append_only;
DELETE FROM order_audit_logs WHERE order_id IS NULL;
ALTER TABLE order_audit_logs ENABLE TRIGGER fhir_90_append_only;
ALTER TABLE order_audit_logs DROP COLUMN product_request_id, ALTER COLUMN order_id SET NOT NULL;
