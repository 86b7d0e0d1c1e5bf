-- Patient?birthdate:missing=true&address:missing=false
-- {}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.string_index AS i JOIN fhir_patients AS s ON s.resource_key = i.resource_key
WHERE i.parameter = -1064354711 AND s.deleted_at IS NULL AND true
LIMIT 2001), few1 AS (SELECT i.resource_key AS resource_key
FROM phi.string_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = -1064354711 AND s.deleted_at IS NULL AND s.resource_type = 'Patient'
LIMIT 2001) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND (r.birth_date IS NOT NULL) IS NOT true
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.resource_key = r.resource_key))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.document_version IS NOT NULL AND r.deleted_at IS NULL AND (r.birth_date IS NOT NULL) IS NOT true
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.resource_key = r.resource_key))
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -1064354711 AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) <= 2000 AND r.resource_key = ANY (array((SELECT few1.resource_key
FROM few1))) AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.resource_key = r.resource_key))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.resource_key = r.resource_key))
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -1064354711 AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 1 AS source, 'Patient' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0
WHERE (SELECT r.resource_key
FROM fhir_patients AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 ASC
-- next page
WHERE i.parameter = 2095818023 AND i.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = 2095818023 AND i.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
