-- Medication?ingredient-code=a&_contained=true
-- {'p0': 'a'}
SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_observations AS r JOIN (SELECT DISTINCT r.container_key AS container_key
FROM phi.contained_resources AS r
WHERE r.container_table = 'fhir_observations' AND r.resource_type = 'Medication'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1828827693 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND true
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r JOIN (SELECT DISTINCT r.container_key AS container_key
FROM phi.contained_resources AS r
WHERE r.container_table = 'fhir_patients' AND r.resource_type = 'Medication'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1828827693 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND true
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r JOIN (SELECT DISTINCT r.container_key AS container_key
FROM phi.contained_resources AS r
WHERE r.container_table = 'fhir_resources' AND r.resource_type = 'Medication'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1828827693 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND r.resource_type IN (<types>)
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM open.fhir_resources AS r JOIN (SELECT DISTINCT r.container_key AS container_key
FROM open.contained_resources AS r
WHERE r.container_table = 'fhir_resources' AND r.resource_type = 'Medication'
AND (EXISTS (SELECT 1
FROM open.token_index AS i
WHERE i.parameter = 1828827693 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND r.resource_type IN ('Organization', 'Practitioner')
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 2 AS source, 'Observation' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0
WHERE (SELECT r.resource_key
FROM fhir_observations AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL
UNION ALL SELECT 'pending' AS mode, 1 AS source, 'Patient' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0
WHERE (SELECT r.resource_key
FROM fhir_patients AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 ASC
-- next page
WHERE r.deleted_at IS NULL AND true AND r.resource_key > %(after0)s::bigint
WHERE r.deleted_at IS NULL AND true AND r.resource_key > %(after0)s::bigint
WHERE r.deleted_at IS NULL AND r.resource_type IN (<types>) AND r.resource_key > %(after0)s::bigint
WHERE r.deleted_at IS NULL AND r.resource_type IN ('Organization', 'Practitioner') AND r.resource_key > %(after0)s::bigint
