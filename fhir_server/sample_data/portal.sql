-- A small story as the portal writes it, in plain SQL and with nothing but the portal's own columns and child tables: Rosa Delgado's leg ulcer
-- is measured every week and heals under a skin substitute that is requested, authorized, ordered and shipped.

INSERT INTO accounts (name) VALUES ('Riverside Health');

INSERT INTO users (email, password, first_name, last_name, phone, npi_number, owner) VALUES
    ('amara.okafor@riverside.example', '*', 'Amara', 'Okafor', '555-0110', '1999000015', false),
    ('luis.ferreira@riverside.example', '*', 'Luis', 'Ferreira', '555-0111', '1999000023', false),
    ('priya.nair@riverside.example', '*', 'Priya', 'Nair', '555-0112', NULL, true),
    ('dana.whitfield@sales.example', '*', 'Dana', 'Whitfield', '555-0140', NULL, false);

INSERT INTO roles (name, slug, permissions, description) VALUES
    ('Provider', 'provider', '["patients.read", "requests.write"]', 'Treats patients and requests products'),
    ('Office manager', 'office-manager', '["requests.read"]', 'Runs the clinic'),
    ('Sales representative', 'sales-rep', '["orders.read", "commissions.read"]', 'Sells, and sees no patients');

INSERT INTO user_roles (user_id, role_id)
SELECT u.id, r.id FROM (VALUES
    ('amara.okafor@riverside.example', 'provider'), ('luis.ferreira@riverside.example', 'provider'),
    ('priya.nair@riverside.example', 'office-manager'), ('dana.whitfield@sales.example', 'sales-rep')) AS held (email, slug)
    JOIN users u USING (email) JOIN roles r USING (slug);

INSERT INTO organizations (name, account_id, tax_id, type, sales_rep_id, email, phone, address, city, region, postal_code, fhir_id)
SELECT o.name, a.id, o.tax_id, o.type, s.id, o.email, o.phone, o.address, o.city, o.region, o.postal_code, o.fhir_id
FROM (VALUES
    ('Riverside Wound Care Group', '12-3456789', 'prov', 'office@riverside.example', '555-0100', '12 Mill Street', 'Springfield', 'IL', '62701', 'riverside'),
    ('Prairie Health Plan', '98-7654321', 'pay', 'claims@prairie.example', '555-0190', '400 Plaza Drive', 'Peoria', 'IL', '61602', 'prairie-health')
) AS o (name, tax_id, type, email, phone, address, city, region, postal_code, fhir_id)
    CROSS JOIN accounts a CROSS JOIN users s WHERE a.name = 'Riverside Health' AND s.email = 'dana.whitfield@sales.example';

INSERT INTO fhir_practitioners (fhir_id, user_id, npi_number, qualification, specialty, communication)
SELECT p.fhir_id, u.id, u.npi_number, p.qualification::jsonb, p.specialty::jsonb, p.communication::jsonb
FROM (VALUES
    ('amara-okafor', 'amara.okafor@riverside.example', '["MD", "Certified Wound Specialist Physician"]', '["Wound care"]', '["en"]'),
    ('luis-ferreira', 'luis.ferreira@riverside.example', '["DPM"]', '["Podiatry"]', '["en", "pt"]')
) AS p (fhir_id, email, qualification, specialty, communication) JOIN users u USING (email);

INSERT INTO user_organizations (user_id, organization_id, role, is_primary, fhir_id)
SELECT u.id, o.id, w.role, true, w.fhir_id
FROM (VALUES
    ('amara.okafor@riverside.example', 'provider', 'amara-okafor-riverside'),
    ('luis.ferreira@riverside.example', 'provider', 'luis-ferreira-riverside'),
    ('priya.nair@riverside.example', 'office-manager', 'priya-nair-riverside')) AS w (email, role, fhir_id)
    JOIN users u USING (email) CROSS JOIN organizations o WHERE o.fhir_id = 'riverside';

INSERT INTO fhir_facilities (fhir_id, organization_id, name, type, address, contact, services)
SELECT f.fhir_id, o.id, f.name, f.type, f.address::jsonb, f.contact::jsonb, f.services::jsonb
FROM (VALUES
    ('riverside-main', 'Riverside Wound Center', 'OF',
     '{"line": ["12 Mill Street"], "city": "Springfield", "state": "IL", "postalCode": "62701", "country": "US"}',
     '{"phone": "555-0101"}', '["Debridement", "Compression therapy", "Skin substitutes"]'),
    ('riverside-mobile', 'Riverside Mobile Unit', 'MOBL', NULL, '{"phone": "555-0102"}', '["Home visits"]')
) AS f (fhir_id, name, type, address, contact, services) CROSS JOIN organizations o WHERE o.fhir_id = 'riverside';

INSERT INTO fhir_patients (fhir_id, gender, birth_date, marital_status, phone, email, preferred_language, race, ethnicity) VALUES
    ('rosa-delgado', 'female', '1951-03-14', 'Widowed', '555-0171', 'rosa@mail.example', 'es', 'White', 'Hispanic or Latino'),
    ('walter-kim', 'male', '1944-11-02', 'Married', '555-0172', NULL, 'en', 'Asian', 'Not Hispanic or Latino'),
    ('june-abbott', 'female', '1967-07-29', NULL, NULL, 'june@mail.example', NULL, NULL, NULL);

INSERT INTO fhir_patient_names (patient_fhir_id, use, family, given) VALUES
    ('rosa-delgado', 'official', 'Delgado', '{Rosa,María}'),
    ('walter-kim', 'official', 'Kim', '{Walter}'),
    ('june-abbott', 'official', 'Abbott', '{June}');
INSERT INTO fhir_patient_identifiers (patient_fhir_id, system, value) VALUES
    ('rosa-delgado', 'urn:example:mrn', 'RW-1001'),
    ('walter-kim', 'urn:example:mrn', 'RW-1002'),
    ('june-abbott', 'urn:example:mrn', 'RW-1003');
INSERT INTO fhir_patient_addresses (patient_fhir_id, use, line, city, state, postal_code, country) VALUES
    ('rosa-delgado', 'home', '{"7 Orchard Lane"}', 'Springfield', 'IL', '62704', 'US'),
    ('walter-kim', 'home', '{"91 Cedar Court"}', 'Chatham', 'IL', '62629', 'US');

-- One row a visit: weeks ago, length, width and depth in cm, pain from 0 to 10.
WITH visit (patient, practitioner, wound, weeks_ago, length, width, depth, pain) AS (VALUES
    ('rosa-delgado', 'amara-okafor', 'w1', 6, 5.2, 3.80, 0.6, 7),
    ('rosa-delgado', 'amara-okafor', 'w1', 5, 5.0, 3.60, 0.6, 7),
    ('rosa-delgado', 'amara-okafor', 'w1', 4, 4.6, 3.10, 0.5, 6),
    ('rosa-delgado', 'luis-ferreira', 'w1', 3, 4.1, 2.70, 0.4, 5),
    ('rosa-delgado', 'amara-okafor', 'w1', 2, 3.3, 2.10, 0.3, 4),
    ('rosa-delgado', 'amara-okafor', 'w1', 1, 2.4, 1.50, 0.2, 2),
    ('walter-kim', 'luis-ferreira', 'w1', 3, 1.8, 1.20, 0.4, 3),
    ('walter-kim', 'luis-ferreira', 'w1', 1, 1.9, 1.30, 0.4, 3)
), measured (fhir_id, patient, practitioner, weeks_ago, category, code, value_type, value_data) AS (
    SELECT format('%s-%s-%s-%s', visit.patient, visit.wound, 7 - visit.weeks_ago, part.name), visit.patient, visit.practitioner, visit.weeks_ago,
           part.category, part.code, part.value_type,
           CASE part.value_type WHEN 'integer' THEN to_jsonb(part.value)
           ELSE jsonb_build_object('value', part.value, 'unit', part.unit, 'system', 'http://unitsofmeasure.org', 'code', part.unit) END
    FROM visit CROSS JOIN LATERAL (VALUES
        ('length', 'exam', '39126-8', 'quantity', visit.length, 'cm'),
        ('width', 'exam', '39125-0', 'quantity', visit.width, 'cm'),
        ('depth', 'exam', '39127-6', 'quantity', visit.depth, 'cm'),
        ('area', 'exam', '89260-4', 'quantity', round(visit.length * visit.width, 1), 'cm2'),
        ('pain', 'survey', '72514-3', 'integer', visit.pain, NULL)
    ) AS part (name, category, code, value_type, value, unit)
)
INSERT INTO fhir_observations (fhir_id, patient_fhir_id, practitioner_fhir_id, category, code, value_type, value_data, effective_date_time, issued)
SELECT fhir_id, patient, practitioner, category, code, value_type, value_data,
       date_trunc('day', now()) - make_interval(weeks => weeks_ago) + interval '15 hours',
       date_trunc('day', now()) - make_interval(weeks => weeks_ago) + interval '15 hours 20 minutes'
FROM measured;

INSERT INTO manufacturers (name, display_name, code, website, contact_email, contact_phone, fhir_id) VALUES
    ('Harbor Biologics Inc.', 'Harbor Biologics', 'HARBOR', 'https://harbor.example', 'orders@harbor.example', '555-0150', 'harbor-biologics');
INSERT INTO categories (name) VALUES ('Skin substitutes');
INSERT INTO products (manufacturer_id, category_id, name, description, sku, hcpcs_code, unit_of_measure, base_price, medicare_allowable,
                      requires_prior_auth, clinical_indications, contraindications)
SELECT m.id, c.id, p.name, p.description, p.sku, p.hcpcs_code, 'cm2', p.base_price, p.medicare_allowable, true,
       '["Venous leg ulcer", "Diabetic foot ulcer"]', '["Active infection"]'
FROM (VALUES
    ('HarborGraft 2x2', 'Amniotic membrane, 2 by 2 cm', 'HG-22', 'Q4100', 240.00, 233.50),
    ('HarborGraft 4x4', 'Amniotic membrane, 4 by 4 cm', 'HG-44', 'Q4100', 910.00, 887.25)
) AS p (name, description, sku, hcpcs_code, base_price, medicare_allowable) CROSS JOIN manufacturers m CROSS JOIN categories c;

INSERT INTO product_requests (request_number, user_id, organization_id, facility_id, patient_fhir_id, status, clinical_details, insurance_details,
                              shipping_details, submitted_at)
SELECT 'PR-1001', u.id, o.id, f.id, 'rosa-delgado', 'approved',
       '{"wound_type": "venous leg ulcer", "wound_location": "left lower leg", "diagnosis": "I87.312"}',
       '{"payer": "Medicare", "member_id": "DEMO-0001"}', '{"to": "riverside-main"}', now() - interval '26 days'
FROM users u, organizations o, fhir_facilities f
WHERE u.npi_number = '1999000015' AND o.fhir_id = 'riverside' AND f.fhir_id = 'riverside-main';

INSERT INTO eligibility_checks (patient_fhir_id, payer_name, payer_id, member_id, eligibility_status, coverage_active, coverage_details,
                                check_date, expires_at, source) VALUES
    ('rosa-delgado', 'Medicare', 'DEMO-MAC', 'DEMO-0001', 'eligible', true, '{"plan_name": "Part B", "part_b": true}', now() - interval '27 days',
     now() + interval '3 days', 'manual');

INSERT INTO prior_authorizations (auth_number, product_request_id, payer_name, member_id, status, requested_date, approved_date, expiry_date, approved_units)
SELECT 'PA-1001', r.id, 'Medicare', 'DEMO-0001', 'approved', current_date - 26, current_date - 24, current_date + 66, 4
FROM product_requests r WHERE r.request_number = 'PR-1001';

INSERT INTO orders (order_number, product_request_id, manufacturer_id, total_amount, status, expected_ship_date)
SELECT 'ORD-1001', r.id, m.id, 1150.00, 'pending', current_date - 20
FROM product_requests r, manufacturers m WHERE r.request_number = 'PR-1001' AND m.code = 'HARBOR';
INSERT INTO order_items (order_id, product_id, quantity, unit_price, total_price)
SELECT o.id, p.id, 1, p.base_price, p.base_price FROM orders o, products p WHERE o.order_number = 'ORD-1001' AND p.sku IN ('HG-22', 'HG-44');

INSERT INTO medicare_mac_validations (validation_id, order_id, patient_fhir_id, facility_id, mac_contractor, mac_jurisdiction, patient_zip_code,
                                      validation_type, validation_status, coverage_met, documentation_complete)
SELECT 'MAC-1001', o.id, 'rosa-delgado', f.id, 'National Government Services', 'J6', '62704', 'wound_care', 'passed', true, true
FROM orders o, fhir_facilities f WHERE o.order_number = 'ORD-1001' AND f.fhir_id = 'riverside-main';

INSERT INTO patient_manufacturer_ivr_episodes (episode_number, patient_fhir_id, manufacturer_id, product_request_id, status, template_id, completion_status,
                                               completed_at)
SELECT 'IVR-1001', 'rosa-delgado', m.id, r.id, 'completed', 'harbor-ivr', 'complete', now() - interval '25 days'
FROM manufacturers m, product_requests r WHERE m.code = 'HARBOR' AND r.request_number = 'PR-1001';
INSERT INTO docuseal_submissions (submission_id, template_id, episode_id, status, completed_at)
SELECT 'DS-1001', 'harbor-ivr', e.id, 'completed', now() - interval '25 days'
FROM patient_manufacturer_ivr_episodes e WHERE e.episode_number = 'IVR-1001';
-- A page that says what it is.
INSERT INTO docuseal_files (submission_id, content)
SELECT s.id, convert_to(E'%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n'
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n'
    '4 0 obj<</Length 53>>stream\nBT /F 18 Tf 20 45 Td (Signed form of the demo) Tj ET \nendstream endobj\n'
    '5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n', 'UTF8')
FROM docuseal_submissions s WHERE s.submission_id = 'DS-1001';

INSERT INTO clinical_opportunities (patient_fhir_id, opportunity_type, risk_score, priority, title, description, recommended_actions, due_date) VALUES
    ('walter-kim', 'stalled-healing', 71.50, 'high', 'Wound is not closing', 'The area has grown over two weeks.',
     '["Assess perfusion", "Consider offloading"]', current_date + 7);
