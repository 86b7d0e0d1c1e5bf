-- Two manufacturers and two sales representatives: req1 of org1 has orders of both makers, req2 of org2 one of the second, req3 of
-- org1 only of the first. Whatever is PHI, or might be, is a canary.
INSERT INTO users (id, email, password, first_name, last_name, phone) VALUES
    (30, 'kanari-rep@x', 'kanaripw', 'Rita', 'Rep', '8813417'), (31, 'kanari-doc@x', 'kanaripw', 'Dora', 'Doc', '8813417'),
    (32, 'kanari-rep2@x', 'kanaripw', 'Rolf', 'Rival', NULL), (33, 'kanari-doc2@x', 'kanaripw', 'Dan', 'Other', NULL);
INSERT INTO fhir_practitioners (fhir_id, user_id, npi_number, qualification, specialty, communication) VALUES
    ('rep1', 30, NULL, '["Kanariqual"]', '["Kanarispec"]', '["Kanarilang"]'), ('doc1', 31, '1234567893', '["Kanariqual"]', NULL, NULL),
    ('rep2', 32, NULL, NULL, NULL, NULL), ('doc2', 33, NULL, NULL, NULL, NULL);
INSERT INTO organizations (id, fhir_id, name, sales_rep_id, tax_id, type, status, email, phone, address, city, region, postal_code)
    VALUES (41, 'org1', 'First Clinic', 30, 'kanaritax', 'prov', 'active', 'kanari@org', '8813418', 'Kanari Street 1', 'Boston', 'MA', '02101'),
           (42, 'org2', 'Second Clinic', 32, 'kanaritx2', 'prov', 'active', NULL, NULL, NULL, 'Austin', 'TX', '78701');
INSERT INTO user_organizations (user_id, organization_id, role) VALUES (31, 41, 'Kanari role'), (33, 42, 'physician');
INSERT INTO fhir_facilities (id, fhir_id, organization_id, name, type, address, contact, services) VALUES
    (51, 'clinic1', 41, 'First House', 'HOSP', '{"line": ["Kanari Road 9"], "city": "Kanaritown", "state": "MA"}', '{"phone": "8813417", "name": "Kanari Contact"}', '["Kanariservice"]'),
    (52, 'clinic2', 42, 'Second House', 'SNF', NULL, NULL, NULL),
    (53, 'home1', 41, 'House of Kanari', 'PTRES', NULL, NULL, NULL);
INSERT INTO manufacturers (id, fhir_id, name, code, contact_email, contact_phone, configuration) VALUES
    (61, 'maker1', 'First Maker', 'FM', 'kanari@maker', '8813418', '{"secret": "kanariconf"}'), (62, 'maker2', 'Second Maker', 'SM', NULL, NULL, NULL);
INSERT INTO products (id, fhir_id, manufacturer_id, name, description, sku, hcpcs_code, unit_of_measure, base_price, medicare_allowable, clinical_indications) VALUES
    (71, 'prod1', 61, 'First Graft', 'Kanari description', 'FG-1', 'Q4101', 'each', 881.34, 881.35, '["kanariindication"]'),
    (72, 'prod2', 62, 'Second Graft', NULL, 'SG-1', 'Q4102', 'each', NULL, NULL, NULL);
INSERT INTO fhir_patients (fhir_id, gender, birth_date, marital_status, phone, email, race, ethnicity) VALUES
    ('kanaripat1', 'female', '1931-07-19', 'Kanarimarried', '8813417', 'kanari1@mail', 'Kanarirace', 'Kanariethnicity'),
    ('Kanari pat/2', 'male', '1932-08-20', NULL, '8813418', 'kanari2@mail', NULL, NULL);
INSERT INTO fhir_patient_names (patient_fhir_id, family, given) VALUES ('kanaripat1', 'Kanarifamily', '{Kanarigiven}'), ('Kanari pat/2', 'Kanarison', '{Kanarijohn}');
INSERT INTO fhir_patient_identifiers (patient_fhir_id, system, value) VALUES ('kanaripat1', 'http://kanari.example/mrn', 'kanarimrn1');
INSERT INTO fhir_patient_addresses (patient_fhir_id, line, city, state, postal_code) VALUES ('kanaripat1', '{Kanari Lane 3}', 'Kanaricity', 'Kanaristate', 'kanarizip');
INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code, value_type, value_data) VALUES ('kanariobs', 'kanaripat1', '77218-4', 'string', '{"value": "Kanarifinding"}');
INSERT INTO product_requests (id, fhir_id, request_number, user_id, organization_id, facility_id, patient_fhir_id, status, priority, notes, submitted_at, clinical_details, insurance_details, shipping_details) VALUES
    (81, 'req1', 'R-1', 31, 41, 51, 'kanaripat1', 'under review', 'normal', 'Kanari note of a request', '2026-01-02', '{"wound": "kanariwound"}', '{"member": "kanarimember"}', '{"to": "kanariship"}'),
    (82, 'req2', 'R-2', 33, 42, 52, 'Kanari pat/2', 'approved', 'urgent', 'Kanari second note', '2026-01-03', NULL, NULL, NULL),
    (83, 'req3', 'R-3', 31, 41, NULL, 'kanaripat1', 'seen by Kanari', 'Kanarigently', NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id, total_amount, status, tracking_number, shipping_carrier, notes, created_at) VALUES
    (91, 'ord1', 'O-1', 81, 61, 37.50, 'shipped', '1Z999', 'UPS', 'Kanari note of an order', '2026-01-04'),
    (92, 'ord2', 'O-2', 82, 62, 12.00, 'pending', NULL, NULL, NULL, '2026-01-05'),
    (93, 'ord3', 'O-3', 81, 62, 13.00, 'pending', 'left at Kanari door', NULL, NULL, '2026-01-06'),
    (94, 'ord4', 'O-4', 83, 61, 14.00, 'waits for Kanari', NULL, NULL, NULL, '2026-01-07'),
    (95, 'Kanari/ord', 'O-5', 83, 61, 15.00, 'pending', NULL, NULL, NULL, '2026-01-08'),
    (96, 'ord6', 'O-6', 83, 61, 16.00, 'pending', NULL, NULL, 'Kanari deleted', '2026-01-09'),
    (97, 'ord7', 'O-7', 83, 61, 17.00, 'pending', NULL, NULL, 'Kanari gone', '2026-01-10');
INSERT INTO order_items (id, fhir_id, order_id, product_id, quantity, unit_price, total_price, product_specifications) VALUES
    (101, 'line1', 91, 71, 3, 12.50, 37.50, '{"for": "Kanarispecification", "kanarikey": true}'),
    (102, 'line2', 92, 72, 1, 12.00, 12.00, NULL),
    (103, 'line3', 93, 72, 1, 13.00, 13.00, NULL),
    (104, 'line4', 94, 71, 1, 14.00, 14.00, NULL);
INSERT INTO commission_records (fhir_id, sales_rep_id, order_id, organization_id, commission_type, base_amount, commission_rate, commission_amount, tier_level, period_month, period_year, status) VALUES
    ('com1', 30, 91, 41, 'order', 37.50, 0.0500, 1.88, 'gold', 1, 2026, 'paid'),
    ('com2', 32, 92, 42, 'order', 12.00, 0.0500, 0.60, NULL, 1, 2026, 'calculated'),
    ('com3', 30, 94, 41, 'for Kanari', 14.00, 0.0500, 0.70, 'Kanari tier', 1, 2026, 'asks Kanari');
INSERT INTO eligibility_checks (fhir_id, patient_fhir_id, payer_name, payer_id, member_id, group_number, eligibility_status, coverage_active, coverage_details, source, raw_response) VALUES
    ('kanaricheck', 'kanaripat1', 'Kanari Payer', 'kanaripayer', 'kanarimember', 'kanarigroup', 'eligible', true, '{"plan_name": "Kanari plan"}', 'manual', '{"raw": "kanariraw"}');
INSERT INTO prior_authorizations (auth_number, product_request_id, payer_name, member_id, status, denial_reason) VALUES
    ('kanariauth', 81, 'Kanari Payer', 'kanarimember', 'denied', 'Kanari reason');
INSERT INTO medicare_mac_validations (validation_id, order_id, patient_fhir_id, mac_contractor, patient_zip_code, validation_results) VALUES
    ('kanarimac', 91, 'kanaripat1', 'Kanari contractor', 'kanarizip', '{"said": "kanariresult"}');
INSERT INTO patient_manufacturer_ivr_episodes (id, fhir_id, episode_number, patient_fhir_id, manufacturer_id, product_request_id, status, form_data, mapped_data) VALUES
    (111, 'kanariivr', 'kanariepisode', 'kanaripat1', 61, 81, 'completed', '{"name": "Kanari form"}', '{"name": "Kanari mapped"}');
INSERT INTO docuseal_submissions (submission_id, template_id, episode_id, status, submission_url, download_url, audit_trail, metadata) VALUES
    ('kanarisubmission', 'kanaritemplate', 111, 'completed', 'https://kanari.example/s', 'https://kanari.example/d', '{"by": "Kanari"}', '{"by": "Kanari"}');
INSERT INTO clinical_opportunities (fhir_id, patient_fhir_id, opportunity_type, risk_score, title, description, recommended_actions, evidence_data, assigned_to) VALUES
    ('kanariopp', 'kanaripat1', 'kanaritype', 71.5, 'Kanari title', 'Kanari description', '["Kanari action"]', '{"kanari": 1}', 31);
