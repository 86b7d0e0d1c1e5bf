-- Condition?encounter.patient.gender=female
-- {'p0': 'female', 'p1': 'female', 'p2': 'female', 'p3': 'female'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Encounter'
WHERE i1.parameter = -1103450112 AND r1.deleted_at IS NULL AND r1.resource_type = 'Encounter' AND r1.resource_key IN (SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN fhir_patients AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.gender = %(p0)s::text
UNION ALL SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN phi.fhir_resources AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key))) AND i1.resource_key = r.resource_key))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r) AS page
ORDER BY page.sort0 ASC
-- next page
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key))) AND i1.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
