-- Later, in a transaction of its own: what changes here is a second version of the resources that FHIR clients see.

UPDATE fhir_patients SET phone = '555-0179' WHERE fhir_id = 'rosa-delgado';

-- Who does it; each step of the order leaves a row in order_audit_logs.
SELECT set_config('portal.user_id', id::text, true) FROM users WHERE email = 'priya.nair@riverside.example';
UPDATE orders SET status = 'accepted' WHERE order_number = 'ORD-1001';
UPDATE orders SET status = 'shipped', tracking_number = 'DEMO-TRACK-1', shipping_carrier = 'UPS' WHERE order_number = 'ORD-1001';
INSERT INTO commission_records (sales_rep_id, order_id, organization_id, commission_type, base_amount, commission_rate, commission_amount,
                                period_month, period_year)
SELECT u.id, o.id, g.id, 'order', o.total_amount, 0.0500, round(o.total_amount * 0.05, 2), extract(month FROM now()), extract(year FROM now())
FROM users u, orders o, organizations g
WHERE u.email = 'dana.whitfield@sales.example' AND o.order_number = 'ORD-1001' AND g.fhir_id = 'riverside';
