-- Observation?_filter=code eq a and (status eq final or not(patient.gender eq male))
-- {'p0': None, 'p1': ['final', 'final (portal)'], 'p2': 'final', 'p3': 'male', 'p4': 'male', 'p5': 'a', 'p6': None, 'p7': ['final', 'final (portal)'], 'p8': 'male', 'p9': 'male', 'p10': 'male'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.token_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = -1499930192 AND i.code = %(p5)s::text AND s.deleted_at IS NULL AND s.resource_type = 'Observation'
LIMIT 2001) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL AND r.code = %(p0)s::text AND (lower(r.status) = ANY (%(p1)s::text[]) OR r.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = 1363935544 AND i.code = %(p2)s::text))) OR NOT ((EXISTS (SELECT 1
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND r1.gender = %(p3)s::text AND r1.fhir_id = r.patient_fhir_id))
OR (EXISTS (SELECT 1
FROM phi.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND r1.fhir_id = r.patient_fhir_id))))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_observations AS r JOIN (SELECT DISTINCT i.resource_key AS resource_key
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p5)s::text) AS k ON k.resource_key = r.resource_key
WHERE r.deleted_at IS NULL AND (r.code = %(p6)s::text) IS NOT true AND (lower(r.status) = ANY (%(p7)s::text[])
OR (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1363935544 AND i.code = %(p2)s::text AND i.resource_key = r.resource_key)) OR NOT ((EXISTS (SELECT 1
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND r1.gender = %(p8)s::text AND r1.fhir_id = r.patient_fhir_id))
OR (EXISTS (SELECT 1
FROM phi.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND r1.fhir_id = r.patient_fhir_id))))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Observation' AND (r.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = 1363935544 AND i.code = %(p2)s::text))) OR NOT ((EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p9)s::text AND i1.resource_key = r.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 681610235 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p5)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0)) AND (r.resource_key = ANY (array((SELECT i.resource_key
FROM phi.token_index AS i
WHERE i.parameter = 1363935544 AND i.code = %(p2)s::text))) OR NOT ((EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p10)s::text AND i1.resource_key = r.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 681610235 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))))
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
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND r1.fhir_id = r.patient_fhir_id)))) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = -1499930192 AND i.code = %(p5)s::text AND i.resource_key > %(after0)s::bigint) AS k ON k.resource_key = r.resource_key
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND r1.fhir_id = r.patient_fhir_id)))) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key)))) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = -864320864 AND i.code = %(p4)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key)))) AND r.resource_key > %(after0)s::bigint
