-- Patient?name=smith
-- {'p0': 'smith', 'p1': 'smith\U0010ffff', 'p2': 'smith', 'p3': 'smith\U0010ffff'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.string_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = 230228432 AND left(i.normal, 200) >= %(p2)s::text AND left(i.normal, 200) < %(p3)s::text AND s.deleted_at IS NULL AND s.resource_type = 'Patient'
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM fhir_patient_strings AS c
WHERE c.element IN ('family', 'given') AND (c.normal COLLATE "C") >= %(p0)s::text AND (c.normal COLLATE "C") < %(p1)s::text AND c.patient_fhir_id = r.fhir_id))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = 230228432 AND left(i.normal, 200) >= %(p2)s::text AND left(i.normal, 200) < %(p3)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
WHERE c.element IN ('family', 'given') AND (c.normal COLLATE "C") >= %(p0)s::text AND (c.normal COLLATE "C") < %(p1)s::text AND c.patient_fhir_id = r.fhir_id)) AND r.resource_key > %(after0)s::bigint
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Patient' AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
