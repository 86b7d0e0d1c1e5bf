-- Patient?_list=l1
-- {'p0': 'l1', 'p1': 'l1', 'p2': 'l1', 'p3': 'l1'}
WITH few0 AS (SELECT n.resource_key AS resource_key
FROM (SELECT i1.target_id AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -1594748855 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'List' AND r1.fhir_id = %(p0)s::text) AS f JOIN LATERAL (SELECT s1.resource_key AS resource_key
FROM fhir_patients AS s1
WHERE s1.fhir_id = f.key
LIMIT ALL OFFSET 0) AS n ON true
LIMIT 2001), few1 AS (SELECT i1.target_id AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -1594748855 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'List' AND r1.fhir_id = %(p1)s::text
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND true
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) <= 2000 AND (r.fhir_id IN (SELECT few1.key
FROM few1)) IS true AND r.deleted_at IS NULL AND true
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) > 2000 AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -1594748855 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'List' AND r1.fhir_id = %(p2)s::text AND i1.target_id = r.fhir_id
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -1594748855 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'List' AND r1.fhir_id = %(p3)s::text AND i1.target_id = r.fhir_id))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
FROM few0))) AND r.deleted_at IS NULL AND true AND r.resource_key > %(after0)s::bigint
FROM few1)) IS true AND r.deleted_at IS NULL AND true AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
WHERE i1.parameter = -1594748855 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'List' AND r1.fhir_id = %(p3)s::text AND i1.target_id = r.fhir_id)) AND r.resource_key > %(after0)s::bigint
