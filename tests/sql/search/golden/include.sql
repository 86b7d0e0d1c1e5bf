-- Observation?_id=w1&_include=Observation:patient
-- {'p0': 'w1', 'p1': 'w1'}
WITH page AS (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL AND r.fhir_id = %(p0)s::text
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation' AND r.fhir_id = %(p1)s::text
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint), shown AS (SELECT page.resource_type AS resource_type, page.fhir_id AS fhir_id, page.resource_key AS resource_key
FROM page
ORDER BY page.sort0 ASC
LIMIT %(page_size)s::bigint), referred AS (SELECT 'Patient' AS target_type, r.patient_fhir_id AS target_id
FROM shown JOIN fhir_observations AS r ON shown.resource_type = 'Observation' AND r.resource_key = shown.resource_key
WHERE r.patient_fhir_id IS NOT NULL
UNION SELECT i.target_type AS target_type, i.target_id AS target_id
FROM shown JOIN phi.reference_index AS i ON i.resource_key = shown.resource_key
WHERE i.parameter IN (-618211579) AND i.target_id IS NOT NULL AND i.target_type = 'Patient'), included AS (SELECT 'fhir_patients' AS home, r.resource_key AS resource_key
FROM referred JOIN fhir_patients AS r ON r.fhir_id = referred.target_id AND referred.target_type = 'Patient'
WHERE r.deleted_at IS NULL AND true
UNION SELECT 'phi.fhir_resources' AS home, r.resource_key AS resource_key
FROM referred JOIN phi.fhir_resources AS r ON r.fhir_id = referred.target_id AND referred.target_type = 'Patient'
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient') SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM page
UNION ALL SELECT <include>, NULL AS sort0
FROM fhir_patients AS r
WHERE r.resource_key IN (SELECT included.resource_key
FROM included
WHERE included.home = 'fhir_patients')
AND NOT (EXISTS (SELECT 1
FROM shown
WHERE shown.resource_key = r.resource_key))
UNION ALL SELECT <include>, NULL AS sort0
FROM phi.fhir_resources AS r
WHERE r.resource_key IN (SELECT included.resource_key
FROM included
WHERE included.home = 'phi.fhir_resources')
AND NOT (EXISTS (SELECT 1
FROM shown
WHERE shown.resource_key = r.resource_key))) AS answer
ORDER BY answer.mode DESC, answer.sort0 ASC
-- next page
WHERE r.deleted_at IS NULL AND r.fhir_id = %(p0)s::text AND r.resource_key > %(after0)s::bigint
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation' AND r.fhir_id = %(p1)s::text AND r.resource_key > %(after0)s::bigint
