-- Patient?_has:Condition:patient:code=a&_has:Observation:patient:code=b
-- {'p0': 'a', 'p1': None, 'p2': 'b', 'p3': None, 'p4': None, 'p5': None, 'p6': None, 'p7': None}
WITH few0 AS (SELECT n.resource_key AS resource_key
FROM (SELECT i1.target_id AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = 1196074609 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r1.resource_key))) AS f JOIN LATERAL (SELECT s1.resource_key AS resource_key
FROM fhir_patients AS s1
WHERE s1.fhir_id = f.key
LIMIT ALL OFFSET 0) AS n ON true
LIMIT 2001), few1 AS (SELECT k.resource_key AS resource_key
FROM (SELECT n.resource_key AS resource_key
FROM (SELECT r1.patient_fhir_id AS key
FROM fhir_observations AS r1
WHERE r1.patient_fhir_id IS NOT NULL AND r1.deleted_at IS NULL AND (r1.code = %(p3)s::text OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text))))) AS f JOIN LATERAL (SELECT s1.resource_key AS resource_key
FROM fhir_patients AS s1
WHERE s1.fhir_id = f.key
LIMIT ALL OFFSET 0) AS n ON true
UNION ALL SELECT n.resource_key AS resource_key
FROM (SELECT i1.target_id AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -618211579 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text AND i.resource_key = r1.resource_key))) AS f JOIN LATERAL (SELECT s1.resource_key AS resource_key
FROM fhir_patients AS s1
WHERE s1.fhir_id = f.key
LIMIT ALL OFFSET 0) AS n ON true) AS k
LIMIT 2001), few2 AS (SELECT i1.target_id AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = 1196074609 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r1.resource_key))
LIMIT 2001), few3 AS (SELECT r1.patient_fhir_id AS key
FROM fhir_observations AS r1
WHERE r1.patient_fhir_id IS NOT NULL AND r1.deleted_at IS NULL AND (r1.code = %(p5)s::text OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text))))
LIMIT 2001), few4 AS (SELECT i1.target_id AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -618211579 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text AND i.resource_key = r1.resource_key))
LIMIT 2001) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND ((EXISTS (SELECT 1
FROM fhir_observations AS r1
WHERE r1.patient_fhir_id IS NOT NULL AND r1.deleted_at IS NULL AND (r1.code = %(p1)s::text OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text)))) AND r1.patient_fhir_id = r.fhir_id
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -618211579 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.target_id = r.fhir_id
LIMIT ALL OFFSET 0)))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) <= 2000 AND r.resource_key = ANY (array((SELECT few1.resource_key
FROM few1))) AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = 1196074609 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r1.resource_key)) AND i1.target_id = r.fhir_id
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) > 2000 AND (SELECT count(*) AS count_3
FROM few2) <= 2000 AND (r.fhir_id IN (SELECT few2.key
FROM few2)) IS true AND r.deleted_at IS NULL AND ((EXISTS (SELECT 1
FROM fhir_observations AS r1
WHERE r1.patient_fhir_id IS NOT NULL AND r1.deleted_at IS NULL AND (r1.code = %(p4)s::text OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text)))) AND r1.patient_fhir_id = r.fhir_id
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -618211579 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.target_id = r.fhir_id
LIMIT ALL OFFSET 0)))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) > 2000 AND (SELECT count(*) AS count_3
FROM few2) > 2000 AND (SELECT count(*) AS count_4
FROM few3) <= 2000 AND (SELECT count(*) AS count_5
FROM few4) <= 2000 AND ((r.fhir_id IN (SELECT few3.key
FROM few3)) IS true OR (r.fhir_id IN (SELECT few4.key
FROM few4)) IS true) AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = 1196074609 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r1.resource_key)) AND i1.target_id = r.fhir_id
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) > 2000 AND (SELECT count(*) AS count_3
FROM few2) > 2000 AND ((SELECT count(*) AS count_4
FROM few3) > 2000 OR (SELECT count(*) AS count_5
FROM few4) > 2000) AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = 1196074609 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r1.resource_key)) AND i1.target_id = r.fhir_id
LIMIT ALL OFFSET 0)) AND ((EXISTS (SELECT 1
FROM fhir_observations AS r1
WHERE r1.patient_fhir_id IS NOT NULL AND r1.deleted_at IS NULL AND (r1.code = %(p6)s::text OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text)))) AND r1.patient_fhir_id = r.fhir_id
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -618211579 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.target_id = r.fhir_id
LIMIT ALL OFFSET 0)))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = 1196074609 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r1.resource_key)) AND i1.target_id = r.fhir_id)) AND r.fhir_id IN (SELECT r1.patient_fhir_id
FROM fhir_observations AS r1
WHERE r1.patient_fhir_id IS NOT NULL AND r1.deleted_at IS NULL AND (r1.code = %(p7)s::text OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text))))
UNION ALL SELECT i1.target_id
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.resource_key = i1.resource_key
WHERE i1.parameter = -618211579 AND i1.target_type = 'Patient' AND r1.deleted_at IS NULL AND r1.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text AND i.resource_key = r1.resource_key)))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 2 AS source, 'Observation' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0
WHERE (SELECT r.resource_key
FROM fhir_observations AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 ASC
-- next page
LIMIT ALL OFFSET 0))) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0))) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0))) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = -1499930192 AND i.code = %(p2)s::text AND i.resource_key = r1.resource_key))) AND r.resource_key > %(after0)s::bigint
