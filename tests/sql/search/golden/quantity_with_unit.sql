-- Observation?value-quantity=gt4.0|http://unitsofmeasure.org|cm
-- {'p0': 'm', 'p1': '0.040', 'p2': '0.040'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.quantity_index AS i JOIN fhir_observations AS s ON s.resource_key = i.resource_key
WHERE i.parameter = 762237636 AND i.canonical_unit = %(p0)s::text AND i.canonical_high > %(p2)s::numeric AND s.deleted_at IS NULL AND true
LIMIT 2001), few1 AS (SELECT i.resource_key AS resource_key
FROM phi.quantity_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = 762237636 AND i.canonical_unit = %(p0)s::text AND i.canonical_high > %(p2)s::numeric AND s.deleted_at IS NULL AND s.resource_type = 'Observation'
LIMIT 2001) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_observations AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND true
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_observations AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.document_version IS NOT NULL AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.quantity_index AS i
WHERE i.parameter = 762237636 AND i.canonical_unit = %(p0)s::text AND i.canonical_high > %(p2)s::numeric AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) <= 2000 AND r.resource_key = ANY (array((SELECT few1.resource_key
FROM few1))) AND r.deleted_at IS NULL AND r.resource_type = 'Observation'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.quantity_index AS i
WHERE i.parameter = 762237636 AND i.canonical_unit = %(p0)s::text AND i.canonical_high > %(p2)s::numeric AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
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
FROM few0))) AND r.deleted_at IS NULL AND true AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
FROM few1))) AND r.deleted_at IS NULL AND r.resource_type = 'Observation' AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
