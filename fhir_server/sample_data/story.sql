-- The clinic beside Rosa Delgado, as the portal writes it and with nothing but the portal's columns and child tables: three clinics, three
-- manufacturers, 36 invented people with wounds that heal, stall or get worse, and for each a request that is somewhere on its way from
-- draft to paid commission. All dates count back from today. Sums are sums: a test adds them up again.

INSERT INTO users (email, password, first_name, last_name, phone, npi_number, owner) VALUES
    ('hanna.lindqvist@lakeshore.example', '*', 'Hanna', 'Lindqvist', '555-0210', '1999000031', false),
    ('omar.haddad@lakeshore.example', '*', 'Omar', 'Haddad', '555-0211', '1999000049', false),
    ('grace.mbeki@plainview.example', '*', 'Grace', 'Mbeki', '555-0310', '1999000056', false),
    ('tomas.varga@plainview.example', '*', 'Tomas', 'Varga', '555-0311', '1999000064', false),
    ('marco.silva@sales.example', '*', 'Marco', 'Silva', '555-0141', NULL, false),
    ('ines.roth@sales.example', '*', 'Ines', 'Roth', '555-0142', NULL, false);
INSERT INTO user_roles (user_id, role_id)
SELECT u.id, r.id FROM users u JOIN roles r ON r.slug = CASE WHEN u.email LIKE '%@sales.example' THEN 'sales-rep' ELSE 'provider' END
WHERE u.email ~ '^(hanna|omar|grace|tomas|marco|ines)\.';

INSERT INTO organizations (name, account_id, tax_id, type, sales_rep_id, email, phone, address, city, region, postal_code, fhir_id)
SELECT o.name, a.id, o.tax_id, 'prov', s.id, o.email, o.phone, o.address, o.city, 'IL', o.postal_code, o.fhir_id
FROM (VALUES
    ('Lakeshore Podiatry', '21-3456780', 'marco.silva@sales.example', 'office@lakeshore.example', '555-0200', '3 Harbor Road', 'Waukegan', '60085', 'lakeshore'),
    ('Plainview Wound Clinic', '31-3456781', 'dana.whitfield@sales.example', 'office@plainview.example', '555-0300', '88 Field Avenue', 'Decatur', '62521', 'plainview')
) AS o (name, tax_id, rep, email, phone, address, city, postal_code, fhir_id) JOIN users s ON s.email = o.rep
    CROSS JOIN accounts a WHERE a.name = 'Riverside Health';

INSERT INTO fhir_practitioners (fhir_id, user_id, npi_number, qualification, specialty, communication)
SELECT replace(split_part(u.email, '@', 1), '.', '-'), u.id, u.npi_number, p.qualification::jsonb, p.specialty::jsonb, '["en"]'::jsonb
FROM (VALUES
    ('hanna.lindqvist@lakeshore.example', '["DPM"]', '["Podiatry"]'),
    ('omar.haddad@lakeshore.example', '["MD"]', '["Vascular surgery"]'),
    ('grace.mbeki@plainview.example', '["MD", "Certified Wound Specialist Physician"]', '["Wound care"]'),
    ('tomas.varga@plainview.example', '["NP"]', '["Wound care"]'),
    ('dana.whitfield@sales.example', NULL, NULL),
    ('marco.silva@sales.example', NULL, NULL),
    ('ines.roth@sales.example', NULL, NULL)
) AS p (email, qualification, specialty) JOIN users u USING (email);

INSERT INTO user_organizations (user_id, organization_id, role, is_primary, fhir_id)
SELECT u.id, o.id, 'provider', true, replace(split_part(u.email, '@', 1), '.', '-') || '-' || o.fhir_id
FROM users u JOIN organizations o ON o.fhir_id = split_part(split_part(u.email, '@', 2), '.', 1)
WHERE o.fhir_id IN ('lakeshore', 'plainview');

INSERT INTO fhir_facilities (fhir_id, organization_id, name, type, status, address, contact, services)
SELECT f.fhir_id, o.id, f.name, f.type, f.status, f.address::jsonb, f.contact::jsonb, '["Debridement", "Skin substitutes"]'::jsonb
FROM (VALUES
    ('lakeshore-office', 'lakeshore', 'Lakeshore Podiatry Office', 'OF', 'active',
     '{"line": ["3 Harbor Road"], "city": "Waukegan", "state": "IL", "postalCode": "60085", "country": "US"}', '{"phone": "555-0201"}'),
    ('plainview-clinic', 'plainview', 'Plainview Wound Clinic', 'OF', 'active',
     '{"line": ["88 Field Avenue"], "city": "Decatur", "state": "IL", "postalCode": "62521", "country": "US"}', '{"phone": "555-0301"}'),
    ('plainview-annex', 'plainview', 'Plainview Annex', 'OF', 'closed', NULL, NULL)
) AS f (fhir_id, organization, name, type, status, address, contact) JOIN organizations o ON o.fhir_id = f.organization;

INSERT INTO manufacturers (name, display_name, code, website, contact_email, contact_phone, fhir_id) VALUES
    ('Northlight Medical LLC', 'Northlight', 'NORTHLIGHT', 'https://northlight.example', 'orders@northlight.example', '555-0151', 'northlight'),
    ('Verdant Tissue Co.', 'Verdant', 'VERDANT', 'https://verdant.example', 'orders@verdant.example', '555-0152', 'verdant');
INSERT INTO categories (name) VALUES ('Dressings');
INSERT INTO products (manufacturer_id, category_id, name, description, sku, hcpcs_code, unit_of_measure, base_price, medicare_allowable,
                      requires_prior_auth, status, clinical_indications, contraindications)
SELECT m.id, c.id, p.name, p.description, p.sku, p.hcpcs_code, p.unit, p.base_price, p.allowable, p.needs_auth, p.status,
       p.indications::jsonb, '["Active infection"]'
FROM (VALUES
    ('NORTHLIGHT', 'Dressings', 'Northlight Collagen 4x4', 'Collagen dressing, 4 by 4 in', 'NL-C10', 'A6021', 'each', 21.40, 20.95, false, 'active', '["Pressure ulcer", "Surgical wound"]'),
    ('NORTHLIGHT', 'Dressings', 'Northlight Foam 4x4', 'Foam dressing, 4 by 4 in', 'NL-F15', 'A6209', 'each', 8.15, 7.90, false, 'active', '["Pressure ulcer"]'),
    ('VERDANT', 'Skin substitutes', 'VerdantMatrix 3x3', 'Dermal matrix, 3 by 3 cm', 'VT-33', 'Q4100', 'cm2', 498.00, 480.10, true, 'active', '["Diabetic foot ulcer"]'),
    ('VERDANT', 'Skin substitutes', 'VerdantMatrix 5x5', 'Dermal matrix, 5 by 5 cm', 'VT-55', 'Q4100', 'cm2', 1310.00, 1290.00, true, 'active', '["Diabetic foot ulcer"]'),
    ('VERDANT', 'Skin substitutes', 'VerdantSheet', 'The first of its kind, no longer made', 'VT-OLD', 'Q4100', 'cm2', 720.00, NULL, true, 'discontinued', NULL)
) AS p (maker, category, name, description, sku, hcpcs_code, unit, base_price, allowable, needs_auth, status, indications)
    JOIN manufacturers m ON m.code = p.maker JOIN categories c ON c.name = p.category;

-- One line a person: who, where, for how many weeks the wound has been measured and how it goes, its first size in cm, the diagnosis, and how
-- far the request has come. `sku` is what is asked for, `units` how much; no `request` means that nothing was asked for yet.
CREATE TEMPORARY TABLE story ON COMMIT DROP AS
SELECT 1000 + row_number() OVER () AS number, s.*
FROM (VALUES
    ('Agnes', 'Thornbury', 'female', '1939-05-02', 'riverside', 17, 'heals', 4.8, 3.2, 0.5, 'I87.311', 'venous leg ulcer', 'right lower leg', 'Medicare', 'delivered', 'delivered', 'approved', 'completed', 'HG-44', 1),
    ('Bela', 'Kovacs', 'male', '1948-12-19', 'riverside', 26, 'closes', 3.6, 2.4, 0.4, 'I87.312', 'venous leg ulcer', 'left lower leg', 'Medicare', 'completed', 'completed', 'approved', 'completed', 'HG-44', 2),
    ('Carmen', 'Ibarra', 'female', '1957-08-23', 'riverside', 8, 'heals', 2.9, 2.2, 0.3, 'E11.621', 'diabetic foot ulcer', 'left heel', 'Prairie Health Plan', 'shipped', 'shipped', 'approved', 'completed', 'VT-33', 3),
    ('Desmond', 'Achebe', 'male', '1950-01-30', 'riverside', 6, 'stalls', 3.1, 2.8, 0.6, 'L97.412', 'diabetic foot ulcer', 'right heel', 'Medicare', 'ordered', 'in_production', 'approved', 'completed', 'VT-55', 1),
    ('Edith', 'Morrow', 'female', '1933-10-11', 'riverside', 10, 'worsens', 4.0, 3.5, 1.2, 'L89.154', 'pressure ulcer', 'sacrum', 'Medicare', 'denied', NULL, 'denied', 'completed', 'HG-44', 4),
    ('Farid', 'Naseri', 'male', '1962-03-08', 'riverside', 3, 'heals', 2.2, 1.8, 0.2, 'T81.31XA', 'surgical wound', 'abdomen', 'Blue Harbor Mutual', 'submitted', NULL, 'pending', 'sent', 'HG-22', 2),
    ('Greta', 'Sommer', 'female', '1946-07-07', 'riverside', 2, 'stalls', 3.4, 3.0, 0.4, 'I87.311', 'venous leg ulcer', 'right ankle', 'Medicare', 'draft', NULL, NULL, NULL, 'HG-44', 1),
    ('Henry', 'Oduya', 'male', '1941-02-14', 'riverside', 9, 'heals', 5.1, 4.2, 0.7, 'L89.153', 'pressure ulcer', 'sacrum', 'Medicare', 'approved', 'pending', 'approved', 'completed', 'HG-44', 2),
    ('Ingrid', 'Falk', 'female', '1955-11-28', 'riverside', 5, 'heals', 1.9, 1.6, 0.2, 'E11.621', 'diabetic foot ulcer', 'right great toe', 'Prairie Health Plan', 'approved', 'accepted', 'approved', 'completed', 'VT-33', 1),
    ('Jorge', 'Bustos', 'male', '1959-06-16', 'riverside', 4, 'worsens', 2.8, 2.6, 0.9, 'L97.422', 'diabetic foot ulcer', 'left heel', 'Medicare', 'on_hold', NULL, 'more_info_needed', 'awaiting_signature', 'VT-55', 2),
    ('Katherine', 'Doyle', 'female', '1936-09-05', 'riverside', 13, 'closes', 2.6, 2.0, 0.3, 'I87.312', 'venous leg ulcer', 'left ankle', 'Medicare', 'completed', 'delivered', 'expired', 'completed', 'HG-22', 3),
    ('Leopold', 'Brandt', 'male', '1944-04-27', 'riverside', 1, 'heals', 3.0, 2.1, 0.5, 'I87.311', 'venous leg ulcer', 'right lower leg', 'Medicare', NULL, NULL, NULL, NULL, NULL, NULL),
    ('Miriam', 'Katz', 'female', '1952-12-01', 'lakeshore', 11, 'heals', 2.7, 2.3, 0.5, 'E11.621', 'diabetic foot ulcer', 'left great toe', 'Medicare', 'delivered', 'delivered', 'approved', 'verified', 'VT-33', 2),
    ('Nikolai', 'Petrov', 'male', '1960-10-20', 'lakeshore', 7, 'stalls', 3.3, 2.9, 0.8, 'L97.412', 'diabetic foot ulcer', 'right heel', 'Blue Harbor Mutual', 'shipped', 'in_transit', 'partially_approved', 'completed', 'VT-55', 1),
    ('Olive', 'Hastings', 'female', '1943-01-17', 'lakeshore', 6, 'heals', 2.0, 1.7, 0.3, 'E11.621', 'diabetic foot ulcer', 'right fifth toe', 'Medicare', 'approved', 'ready', 'approved', 'completed', 'VT-33', 1),
    ('Pablo', 'Mendez', 'male', '1956-05-09', 'lakeshore', 8, 'worsens', 3.9, 3.1, 1.0, 'L97.422', 'diabetic foot ulcer', 'left heel', 'Demo Medicaid', 'denied', NULL, 'denied', 'declined', 'VT-55', 2),
    ('Quentin', 'Marsh', 'male', '1947-08-31', 'lakeshore', 12, 'closes', 2.1, 1.9, 0.4, 'E11.621', 'diabetic foot ulcer', 'left second toe', 'Medicare', 'completed', 'completed', 'approved', 'completed', 'VT-33', 3),
    ('Renata', 'Vogel', 'female', '1954-02-25', 'lakeshore', 4, 'heals', 2.4, 2.0, 0.3, 'E11.621', 'diabetic foot ulcer', 'right heel', 'Prairie Health Plan', 'pending_approval', 'draft', 'in_review', 'completed', 'VT-33', 2),
    ('Samuel', 'Adeyemi', 'male', '1949-11-13', 'lakeshore', 10, 'stalls', 4.4, 3.6, 0.9, 'L97.412', 'diabetic foot ulcer', 'right midfoot', 'Medicare', 'approved', 'on_hold', 'approved', 'completed', 'VT-55', 2),
    ('Theresa', 'Quinn', 'female', '1938-06-22', 'lakeshore', 9, 'heals', 3.0, 2.5, 0.4, 'E11.621', 'diabetic foot ulcer', 'left midfoot', 'Medicare', 'delivered', 'returned', 'approved', 'completed', 'VT-55', 1),
    ('Ulrich', 'Steiner', 'male', '1961-09-19', 'lakeshore', 2, 'heals', 1.5, 1.2, 0.2, 'E11.621', 'diabetic foot ulcer', 'right second toe', 'Blue Harbor Mutual', 'pending_ivr', NULL, NULL, 'pending', 'VT-33', 1),
    ('Vera', 'Nowak', 'female', '1942-03-03', 'lakeshore', 5, 'stalls', 2.9, 2.7, 0.7, 'L97.422', 'diabetic foot ulcer', 'left heel', 'Medicare', 'cancelled', 'cancelled', 'withdrawn', 'completed', 'VT-55', 1),
    ('Winston', 'Clarke', 'male', '1953-07-15', 'lakeshore', 7, 'heals', 2.3, 1.9, 0.3, 'E11.621', 'diabetic foot ulcer', 'right great toe', 'Medicare', 'ordered', 'confirmed', 'approved', 'completed', 'VT-33', 2),
    ('Ximena', 'Rojas', 'female', '1958-10-06', 'lakeshore', 1, 'heals', 1.8, 1.4, 0.2, 'E11.621', 'diabetic foot ulcer', 'left great toe', 'Demo Medicaid', NULL, NULL, NULL, NULL, NULL, NULL),
    ('Yusuf', 'Demir', 'male', '1945-05-24', 'plainview', 22, 'heals', 6.2, 5.0, 1.4, 'L89.154', 'pressure ulcer', 'sacrum', 'Medicare', 'delivered', 'delivered', 'not_required', 'completed', 'NL-C10', 30),
    ('Zelda', 'Armitage', 'female', '1937-12-09', 'plainview', 11, 'worsens', 5.0, 4.4, 1.1, 'L89.153', 'pressure ulcer', 'right hip', 'Medicare', 'shipped', 'partially_shipped', 'not_required', 'completed', 'NL-C10', 20),
    ('Arthur', 'Pell', 'male', '1940-08-18', 'plainview', 8, 'stalls', 4.1, 3.3, 0.8, 'L89.153', 'pressure ulcer', 'left hip', 'Demo Medicaid', 'approved', 'rejected', 'not_required', 'completed', 'NL-F15', 40),
    ('Bernice', 'Okoye', 'female', '1951-04-12', 'plainview', 13, 'closes', 3.2, 2.6, 0.6, 'T81.31XA', 'surgical wound', 'left knee', 'Blue Harbor Mutual', 'completed', 'completed', 'not_required', 'completed', 'NL-C10', 24),
    ('Casimir', 'Wolski', 'male', '1946-11-21', 'plainview', 6, 'heals', 3.7, 3.0, 0.7, 'L89.153', 'pressure ulcer', 'sacrum', 'Medicare', 'ordered', 'backordered', 'not_required', 'completed', 'NL-C10', 16),
    ('Dolores', 'Fuentes', 'female', '1934-01-08', 'plainview', 9, 'worsens', 4.7, 4.1, 1.5, 'L89.154', 'pressure ulcer', 'sacrum', 'Medicare', 'delivered', 'lost', 'approved', 'completed', 'HG-44', 2),
    ('Emil', 'Jansen', 'male', '1963-02-26', 'plainview', 3, 'heals', 2.5, 1.5, 0.3, 'T81.31XA', 'surgical wound', 'right shoulder', 'Prairie Health Plan', 'under_review', NULL, 'submitted', 'in_progress', 'HG-22', 2),
    ('Florence', 'Whitby', 'female', '1948-09-30', 'plainview', 7, 'heals', 3.8, 2.9, 0.5, 'I87.312', 'venous leg ulcer', 'left lower leg', 'Medicare', 'approved', 'received', 'approved', 'completed', 'HG-44', 1),
    ('Gustav', 'Holm', 'male', '1939-07-04', 'plainview', 10, 'stalls', 4.3, 3.8, 0.9, 'I87.311', 'venous leg ulcer', 'right ankle', 'Medicare', 'expired', NULL, 'expired', 'expired', 'HG-44', 2),
    ('Hilda', 'Barnes', 'female', '1955-03-15', 'plainview', 12, 'closes', 2.8, 2.1, 0.4, 'I87.312', 'venous leg ulcer', 'left ankle', 'Medicare', 'completed', 'delivered', 'approved', 'completed', 'HG-22', 4),
    ('Ivan', 'Castellano', 'male', '1950-06-10', 'plainview', 2, 'stalls', 3.5, 2.2, 0.6, 'I87.311', 'venous leg ulcer', 'right lower leg', 'Blue Harbor Mutual', 'needs_info', NULL, NULL, 'failed', 'HG-22', 1),
    ('Johanna', 'Reyes', 'female', '1944-10-29', 'plainview', 5, 'heals', 2.7, 2.4, 0.4, 'I87.312', 'venous leg ulcer', 'left lower leg', 'Medicare', 'void', 'void', 'voided', 'completed', 'HG-22', 1)
) AS s (given, family, gender, birth_date, clinic, weeks, course, length, width, depth, diagnosis, wound, place, payer, request, ordered,
        authorization_status, ivr, sku, units);

CREATE TEMPORARY TABLE told ON COMMIT DROP AS
SELECT s.*, lower(s.given || '-' || s.family) AS patient, u.id AS user_id, p.fhir_id AS practitioner, o.id AS organization_id,
       o.sales_rep_id, f.id AS facility_id, f.fhir_id AS facility, o.city, o.postal_code AS zip, g.id AS product_id, g.base_price, g.manufacturer_id,
       g.requires_prior_auth, 'DEMO-' || s.number AS member,
       -- the request came after the second visit
       date_trunc('day', now()) - make_interval(days => greatest(s.weeks - 2, 0) * 7 + 1) + interval '16 hours' AS asked
FROM story s
    JOIN organizations o ON o.fhir_id = s.clinic
    JOIN fhir_facilities f ON f.organization_id = o.id AND f.fhir_id IN ('riverside-main', 'lakeshore-office', 'plainview-clinic')
    JOIN LATERAL (SELECT w.user_id, row_number() OVER (ORDER BY w.fhir_id) AS place, count(*) OVER () AS all_of_them
                  FROM user_organizations w JOIN users x ON x.id = w.user_id
                  WHERE w.organization_id = o.id AND x.npi_number IS NOT NULL) AS staff ON staff.place = 1 + s.number % staff.all_of_them
    JOIN users u ON u.id = staff.user_id JOIN fhir_practitioners p ON p.user_id = u.id
    LEFT JOIN products g ON g.sku = s.sku;

INSERT INTO fhir_patients (fhir_id, gender, birth_date, marital_status, phone, email, preferred_language, race, ethnicity)
SELECT patient, gender, birth_date::date, (ARRAY['Married', 'Widowed', NULL, 'Divorced'])[1 + number % 4], '555-' || (number - 500),
       CASE number % 3 WHEN 0 THEN lower(given) || '@mail.example' END, (ARRAY['en', 'en', 'es', NULL])[1 + number % 4],
       (ARRAY['White', 'Black or African American', NULL, 'Asian'])[1 + number % 4], (ARRAY['Not Hispanic or Latino', NULL])[1 + number % 2]
FROM told ORDER BY number;
INSERT INTO fhir_patient_names (patient_fhir_id, use, family, given) SELECT patient, 'official', family, ARRAY[given] FROM told ORDER BY number;
INSERT INTO fhir_patient_identifiers (patient_fhir_id, system, value)
SELECT patient, 'urn:example:mrn', upper(left(clinic, 1)) || 'W-' || number FROM told ORDER BY number;
INSERT INTO fhir_patient_addresses (patient_fhir_id, use, line, city, state, postal_code, country)
SELECT patient, 'home', ARRAY[(number % 90 + 3) || ' ' || (ARRAY['Birch Street', 'Elm Avenue', 'Lake Drive'])[1 + number % 3]], city, 'IL', zip, 'US'
FROM told ORDER BY number;

-- A visit a week. What closes is closed at the last visit.
WITH visit AS (
    SELECT told.*, week, CASE course
               WHEN 'heals' THEN power(0.88, week) WHEN 'closes' THEN greatest(0, 1 - week / (weeks - 1.0)) WHEN 'worsens' THEN power(1.06, week)
               ELSE 1 + (week % 3 - 1) * 0.03 END AS part
    FROM told CROSS JOIN LATERAL generate_series(0, weeks - 1) AS week
), sized AS (
    SELECT visit.*, round((length * sqrt(part))::numeric, 1) AS long, round((width * sqrt(part))::numeric, 1) AS wide,
           round((depth * sqrt(part))::numeric, 1) AS deep, least(10, round(7 * part))::integer AS pain,
           date_trunc('day', now()) - make_interval(days => (weeks - 1 - week) * 7 + 2) + make_interval(hours => 14, mins => (number % 12)::integer * 5) AS seen
    FROM visit
)
INSERT INTO fhir_observations (fhir_id, patient_fhir_id, practitioner_fhir_id, category, code, value_type, value_data, effective_date_time, issued)
SELECT format('%s-w1-%s-%s', patient, week + 1, part.name), patient, practitioner, part.category, part.code, part.value_type,
       CASE part.value_type
           WHEN 'integer' THEN to_jsonb(part.value)
           WHEN 'codeable-concept' THEN jsonb_build_object('text', part.unit)
           ELSE jsonb_build_object('value', part.value, 'unit', part.unit, 'system', 'http://unitsofmeasure.org', 'code', part.unit) END,
       seen, seen + interval '20 minutes'
FROM sized CROSS JOIN LATERAL (VALUES
    ('length', 'exam', '39126-8', 'quantity', long, 'cm'),
    ('width', 'exam', '39125-0', 'quantity', wide, 'cm'),
    ('depth', 'exam', '39127-6', 'quantity', deep, 'cm'),
    ('area', 'exam', '89260-4', 'quantity', round(long * wide, 1), 'cm2'),
    ('exudate', 'exam', '39116-9', 'codeable-concept', NULL, CASE WHEN part > 1 THEN 'large' WHEN part > 0.6 THEN 'moderate' WHEN part > 0 THEN 'small' ELSE 'none' END),
    ('pain', 'survey', '72514-3', 'integer', pain, NULL)
) AS part (name, category, code, value_type, value, unit)
ORDER BY number, week, part.name;

-- Eligibility: most are covered; some checks are old, undecided or failed, and two of one person disagree.
INSERT INTO eligibility_checks (patient_fhir_id, payer_name, payer_id, member_id, group_number, eligibility_status, coverage_active,
                                coverage_details, check_date, expires_at, source)
SELECT patient, payer, 'DEMO-' || upper(left(payer, 3)), member, CASE payer WHEN 'Medicare' THEN NULL ELSE 'G-' || number % 7 END,
       found.status, found.active, CASE WHEN found.active THEN '{"part_b": true}'::jsonb END, asked - interval '1 day',
       asked - interval '1 day' + make_interval(days => CASE WHEN number % 5 = 0 THEN 30 ELSE 120 END), found.source
FROM told CROSS JOIN LATERAL (SELECT
    CASE WHEN given = 'Pablo' THEN 'inactive' WHEN given = 'Ximena' THEN 'pending' WHEN given = 'Ivan' THEN 'error' ELSE 'eligible' END AS status,
    CASE WHEN given = 'Pablo' THEN false WHEN given IN ('Ximena', 'Ivan') THEN NULL ELSE true END AS active,
    CASE WHEN number % 2 = 0 THEN 'manual' ELSE 'availity' END AS source) AS found
ORDER BY number;
INSERT INTO eligibility_checks (patient_fhir_id, payer_name, payer_id, member_id, eligibility_status, coverage_active, check_date, expires_at, source)
SELECT patient, payer, 'DEMO-' || upper(left(payer, 3)), member, 'not_covered', false, now() - interval '3 days', now() + interval '27 days', 'availity'
FROM told WHERE given = 'Nikolai';

INSERT INTO product_requests (request_number, user_id, organization_id, facility_id, patient_fhir_id, status, priority, clinical_details,
                              insurance_details, shipping_details, notes, submitted_at, completed_at, created_at)
SELECT 'PR-' || number + 1000, user_id, organization_id, facility_id, patient, request,
       CASE course WHEN 'worsens' THEN 'urgent' ELSE 'normal' END,
       jsonb_build_object('wound_type', wound, 'wound_location', place, 'diagnosis', diagnosis,
                          'products', jsonb_build_array(jsonb_build_object('product_id', product_id, 'quantity', units))),
       jsonb_build_object('payer', payer, 'member_id', member), jsonb_build_object('to', facility),
       CASE course WHEN 'stalls' THEN 'No progress under standard care.' END,
       CASE WHEN request <> 'draft' THEN asked + interval '1 hour' END,
       CASE WHEN request IN ('delivered', 'completed') THEN asked + interval '12 days' END, asked
FROM told WHERE request IS NOT NULL ORDER BY number;

-- Two authorizations end within three weeks, which somebody should see.
INSERT INTO prior_authorizations (auth_number, product_request_id, payer_name, member_id, status, requested_date, approved_date, expiry_date,
                                  approved_amount, approved_units, denial_reason)
SELECT CASE WHEN granted THEN 'PA-' || number + 1000 END, r.id, payer, member, authorization_status, asked::date + 1,
       CASE WHEN granted THEN asked::date + 3 END,
       CASE WHEN authorization_status = 'expired' THEN current_date - 10 WHEN given IN ('Henry', 'Olive') THEN current_date + 14 + number::integer % 7
            WHEN granted THEN asked::date + 3 + 180 END,
       CASE WHEN authorization_status = 'partially_approved' THEN units * base_price END,
       CASE WHEN granted THEN units END,
       CASE WHEN authorization_status = 'denied' THEN 'Not medically necessary: four weeks of conservative treatment are not documented.' END
FROM (SELECT *, authorization_status IN ('approved', 'partially_approved', 'expired') AS granted FROM told) AS t
    JOIN product_requests r ON r.request_number = 'PR-' || t.number + 1000
WHERE authorization_status IS NOT NULL ORDER BY number;

INSERT INTO orders (order_number, product_request_id, manufacturer_id, total_amount, status, priority, expected_ship_date, tracking_number,
                    shipping_carrier, notes, created_at)
SELECT 'ORD-' || number + 1000, r.id, t.manufacturer_id, units * base_price, ordered, r.priority, asked::date + 8,
       CASE WHEN sent THEN 'DEMO-TRACK-' || number END, CASE WHEN sent THEN (ARRAY['UPS', 'FedEx'])[1 + number % 2] END,
       CASE ordered WHEN 'returned' THEN 'The box was open.' WHEN 'lost' THEN 'The carrier cannot find it.' END, asked + interval '4 days'
FROM (SELECT *, ordered IN ('shipped', 'in_transit', 'partially_shipped', 'delivered', 'completed', 'returned', 'lost') AS sent FROM told) AS t
    JOIN product_requests r ON r.request_number = 'PR-' || t.number + 1000
WHERE ordered IS NOT NULL ORDER BY number;
INSERT INTO order_items (order_id, product_id, quantity, unit_price, total_price, created_at)
SELECT o.id, t.product_id, t.units, t.base_price, t.units * t.base_price, o.created_at
FROM told t JOIN orders o ON o.order_number = 'ORD-' || t.number + 1000 ORDER BY t.number;

-- Who did what with an order, as far as it came.
INSERT INTO order_audit_logs (order_id, user_id, action, old_values, new_values, created_at)
SELECT o.id, t.user_id, CASE step.place WHEN 1 THEN 'created' ELSE 'status_changed' END,
       CASE WHEN step.place > 1 THEN jsonb_build_object('status', (steps.words)[step.place - 1]) END,
       jsonb_build_object('status', step.word), o.created_at + make_interval(days => step.place::integer - 1)
FROM told t JOIN orders o ON o.order_number = 'ORD-' || t.number + 1000
    CROSS JOIN LATERAL (SELECT CASE
        WHEN o.status = 'draft' THEN ARRAY['draft']
        WHEN o.status IN ('pending', 'on_hold') THEN ARRAY['pending']
        WHEN o.status IN ('received', 'rejected', 'cancelled', 'void') THEN ARRAY['pending']
        WHEN o.status IN ('accepted', 'confirmed') THEN ARRAY['pending', 'received']
        WHEN o.status IN ('in_production', 'backordered', 'ready') THEN ARRAY['pending', 'received', 'accepted']
        WHEN o.status IN ('shipped', 'in_transit', 'partially_shipped') THEN ARRAY['pending', 'received', 'accepted', 'ready']
        WHEN o.status IN ('delivered', 'lost') THEN ARRAY['pending', 'received', 'accepted', 'ready', 'shipped']
        ELSE ARRAY['pending', 'received', 'accepted', 'ready', 'shipped', 'delivered'] END
        || CASE WHEN o.status IN ('draft', 'pending') THEN '{}' ELSE ARRAY[o.status::text] END AS words) AS steps
    CROSS JOIN LATERAL unnest(steps.words) WITH ORDINALITY AS step (word, place)
ORDER BY t.number, step.place;

INSERT INTO medicare_mac_validations (validation_id, order_id, patient_fhir_id, facility_id, mac_contractor, mac_jurisdiction, patient_zip_code,
                                      validation_type, validation_status, coverage_met, documentation_complete, required_documentation,
                                      validated_at, next_validation_due)
SELECT 'MAC-' || number + 1000, o.id, patient, facility_id, 'National Government Services', 'J6', zip, 'wound_care', found.status,
       found.met, found.status = 'passed', '["wound measurements", "conservative treatment of four weeks"]', asked + interval '2 days',
       asked + interval '92 days'
FROM told JOIN orders o ON o.order_number = 'ORD-' || told.number + 1000
    CROSS JOIN LATERAL (SELECT (ARRAY['passed', 'passed', 'passed', 'needs_documentation', 'not_met'])[1 + number % 5] AS status,
                               (ARRAY[true, true, true, NULL, false])[1 + number % 5] AS met) AS found
WHERE payer = 'Medicare' ORDER BY number;

INSERT INTO patient_manufacturer_ivr_episodes (episode_number, patient_fhir_id, manufacturer_id, product_request_id, status, template_id,
                                               docuseal_submission_id, form_data, completion_status, completed_at, expires_at, created_at)
SELECT 'IVR-' || number + 1000, patient, t.manufacturer_id, r.id, ivr, m.fhir_id || '-ivr', 'DS-' || number + 1000,
       jsonb_build_object('wound_type', wound, 'wound_location', place, 'diagnosis', diagnosis), CASE WHEN is_signed THEN 'complete' ELSE 'open' END,
       CASE WHEN is_signed THEN asked + interval '2 days' END, asked + interval '90 days', asked + interval '2 hours'
FROM (SELECT *, ivr IN ('completed', 'verified') AS is_signed FROM told) AS t
    JOIN product_requests r ON r.request_number = 'PR-' || t.number + 1000 JOIN manufacturers m ON m.id = t.manufacturer_id
WHERE ivr IS NOT NULL ORDER BY number;
INSERT INTO docuseal_submissions (submission_id, template_id, episode_id, status, completed_at, created_at)
SELECT e.docuseal_submission_id, e.template_id, e.id,
       CASE WHEN e.completed_at IS NOT NULL THEN 'completed' WHEN e.status IN ('declined', 'expired', 'failed') THEN e.status
            WHEN e.status = 'in_progress' THEN 'opened' ELSE 'sent' END, e.completed_at, e.created_at
FROM patient_manufacturer_ivr_episodes e JOIN told ON e.episode_number = 'IVR-' || told.number + 1000 ORDER BY e.id;

-- What was delivered earns five in a hundred for whoever sells there, and one for Ines Roth, who leads them. Months ago it was paid, last
-- month's is approved, this month's calculated; what came back is taken back.
WITH earned AS (
    SELECT o.id AS order_id, t.sales_rep_id, t.organization_id, o.total_amount, o.status, r.completed_at AS day
    FROM told t JOIN orders o ON o.order_number = 'ORD-' || t.number + 1000 JOIN product_requests r ON r.id = o.product_request_id
    WHERE o.status IN ('delivered', 'completed', 'returned')
), shared AS (
    SELECT earned.*, 'order' AS kind, sales_rep_id AS receiver, 0.0500 AS rate FROM earned
    UNION ALL SELECT earned.*, 'override', u.id, 0.0100 FROM earned, users u WHERE u.email = 'ines.roth@sales.example'
)
INSERT INTO commission_records (sales_rep_id, order_id, organization_id, commission_type, base_amount, commission_rate, commission_amount, tier_level,
                                period_month, period_year, status, paid_at, created_at)
SELECT receiver, order_id, organization_id, kind, total_amount, rate, total_amount * rate, CASE kind WHEN 'order' THEN 'standard' END,
       extract(month FROM day), extract(year FROM day), said.status,
       CASE said.status WHEN 'paid' THEN date_trunc('month', day) + interval '1 month 14 days' END, day
FROM shared CROSS JOIN LATERAL (SELECT CASE
    WHEN day < date_trunc('month', now()) - interval '1 month' AND date_trunc('month', day) + interval '1 month 14 days' < now() THEN 'paid'
    WHEN day < date_trunc('month', now()) THEN 'approved' ELSE 'calculated' END AS status) AS said
ORDER BY day, order_id, kind;
INSERT INTO commission_records (sales_rep_id, order_id, organization_id, commission_type, base_amount, commission_rate, commission_amount, tier_level,
                                period_month, period_year, status)
SELECT c.sales_rep_id, c.order_id, c.organization_id, c.commission_type, -c.base_amount, c.commission_rate, -c.commission_amount, c.tier_level,
       extract(month FROM now()), extract(year FROM now()), CASE c.status WHEN 'paid' THEN 'clawback' ELSE 'reversed' END
FROM commission_records c JOIN orders o ON o.id = c.order_id WHERE o.status = 'returned';

-- The plan by which commissions are calculated from now on: what was earned so far went by it already.
INSERT INTO commission_plans (name, valid_from, tiers, overrides)
SELECT 'Standard', '2020-01-01', '[{"name": "standard", "from": 0, "rate": 0.0500}]',
       coalesce(jsonb_object_agg(seller.id, jsonb_build_array(jsonb_build_object('receiver', lead.id, 'rate', 0.0100)))
                FILTER (WHERE lead.id IS NOT NULL), '{}')
FROM users seller LEFT JOIN users lead ON lead.email = 'ines.roth@sales.example'
WHERE seller.email IN ('dana.whitfield@sales.example', 'marco.silva@sales.example');

INSERT INTO clinical_opportunities (patient_fhir_id, opportunity_type, risk_score, priority, title, description, recommended_actions, evidence_data,
                                    status, assigned_to, due_date)
SELECT patient, CASE course WHEN 'worsens' THEN 'deterioration' ELSE 'stalled-healing' END, 40 + weeks * 4 + number % 9 * 0.25,
       CASE course WHEN 'worsens' THEN 'critical' ELSE 'high' END,
       CASE course WHEN 'worsens' THEN 'Wound is growing' ELSE 'Wound is not closing' END,
       format('No smaller after %s weeks of treatment.', weeks), '["Assess perfusion", "Review offloading", "Look for infection"]',
       jsonb_build_object('weeks', weeks, 'course', course),
       (ARRAY['open', 'assigned', 'in_progress', 'resolved', 'dismissed', 'deferred'])[1 + number % 6],
       CASE WHEN number % 6 IN (1, 2, 3) THEN user_id END, current_date + (number % 15)::integer
FROM told WHERE course IN ('stalls', 'worsens') AND weeks > 2 ORDER BY number;
