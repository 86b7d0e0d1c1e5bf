-- Patient?_id=pa&_revinclude=*
-- {'p0': 'pa', 'p1': 'pa'}
WITH RECURSIVE page AS (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL AND r.fhir_id = %(p0)s::text
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient' AND r.fhir_id = %(p1)s::text
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint), shown AS (SELECT page.resource_type AS resource_type, page.fhir_id AS fhir_id, page.resource_key AS resource_key
FROM page
ORDER BY page.sort0 ASC
LIMIT %(page_size)s::bigint), reached(home, resource_type, fhir_id, resource_key, depth) AS (SELECT CAST('' AS TEXT) COLLATE "C" AS home, CAST(shown.resource_type AS TEXT) COLLATE "C" AS resource_type, CAST(shown.fhir_id AS TEXT) COLLATE "C" AS fhir_id, CAST(shown.resource_key AS BIGINT) AS resource_key, 0 AS depth
FROM shown
UNION SELECT CAST(found.home AS TEXT) COLLATE "C" AS anon_1, CAST(found.resource_type AS TEXT) COLLATE "C" AS anon_2, CAST(found.fhir_id AS TEXT) COLLATE "C" AS anon_3, found.resource_key AS resource_key, here.depth + 1 AS anon_4
FROM reached AS here JOIN LATERAL (SELECT other.home AS home, other.resource_type AS resource_type, other.fhir_id AS fhir_id, other.resource_key AS resource_key
FROM LATERAL (SELECT i.resource_key AS resource_key
FROM phi.reference_index AS i
WHERE i.target_type = here.resource_type AND i.target_id = here.fhir_id) AS said JOIN LATERAL (SELECT 'fhir_observations' AS home, 'Observation' AS resource_type, r1.fhir_id AS fhir_id, r1.resource_key AS resource_key
FROM fhir_observations AS r1
WHERE r1.deleted_at IS NULL AND true AND r1.resource_key = said.resource_key
UNION ALL SELECT 'fhir_patients' AS home, 'Patient' AS resource_type, r1.fhir_id AS fhir_id, r1.resource_key AS resource_key
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND true AND r1.resource_key = said.resource_key
UNION ALL SELECT 'phi.fhir_resources' AS home, r1.resource_type AS resource_type, r1.fhir_id AS fhir_id, r1.resource_key AS resource_key
FROM phi.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type IN (<types>) AND r1.resource_key = said.resource_key) AS other ON true
WHERE here.depth = 0
UNION ALL SELECT other.home AS home, other.resource_type AS resource_type, other.fhir_id AS fhir_id, other.resource_key AS resource_key
FROM LATERAL (SELECT i.resource_key AS resource_key
FROM open.reference_index AS i
WHERE i.target_type = here.resource_type AND i.target_id = here.fhir_id) AS said JOIN LATERAL (SELECT 'open.fhir_resources' AS home, r1.resource_type AS resource_type, r1.fhir_id AS fhir_id, r1.resource_key AS resource_key
FROM open.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type IN ('Organization', 'Practitioner') AND r1.resource_key = said.resource_key) AS other ON true
WHERE here.depth = 0
UNION ALL SELECT 'fhir_observations' AS home, 'Observation' AS resource_type, r1.fhir_id AS fhir_id, r1.resource_key AS resource_key
FROM fhir_observations AS r1
WHERE r1.deleted_at IS NULL AND true AND here.resource_type = 'Patient' AND r1.patient_fhir_id = here.fhir_id AND here.depth = 0
UNION ALL SELECT 'fhir_observations' AS home, 'Observation' AS resource_type, r1.fhir_id AS fhir_id, r1.resource_key AS resource_key
FROM fhir_observations AS r1
WHERE r1.deleted_at IS NULL AND true AND here.resource_type = 'Practitioner' AND r1.practitioner_fhir_id = here.fhir_id AND here.depth = 0) AS found ON true
WHERE here.depth <= 5), walked AS (SELECT reached.home AS home, reached.resource_type AS resource_type, reached.fhir_id AS fhir_id, reached.resource_key AS resource_key, reached.depth AS depth
FROM reached
LIMIT 10000), nearest AS (SELECT walked.home AS home, walked.resource_key AS resource_key, min(walked.depth) AS depth
FROM walked
WHERE NOT (EXISTS (SELECT 1
FROM shown
WHERE shown.resource_key = walked.resource_key)) GROUP BY walked.home, walked.resource_key
ORDER BY min(walked.depth), walked.resource_key
LIMIT 1001), included AS (SELECT nearest.home AS home, nearest.resource_key AS resource_key
FROM nearest
WHERE nearest.depth <= 5
ORDER BY nearest.depth, nearest.resource_key
LIMIT 1000) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM page
UNION ALL SELECT <include>, NULL AS sort0
FROM fhir_observations AS r
WHERE r.resource_key IN (SELECT included.resource_key
FROM included
WHERE included.home = 'fhir_observations')
AND NOT (EXISTS (SELECT 1
FROM shown
WHERE shown.resource_key = r.resource_key))
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
WHERE shown.resource_key = r.resource_key))
UNION ALL SELECT <include>, NULL AS sort0
FROM open.fhir_resources AS r
WHERE r.resource_key IN (SELECT included.resource_key
FROM included
WHERE included.home = 'open.fhir_resources')
AND NOT (EXISTS (SELECT 1
FROM shown
WHERE shown.resource_key = r.resource_key))
UNION ALL SELECT 'capped' AS mode, NULL AS source, NULL AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0
WHERE (SELECT count(*) AS count_1
FROM nearest) > (SELECT count(*) AS count_2
FROM included) OR (SELECT count(*) AS count_3
FROM walked) >= 10000
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
WHERE r.deleted_at IS NULL AND r.fhir_id = %(p0)s::text AND r.resource_key > %(after0)s::bigint
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient' AND r.fhir_id = %(p1)s::text AND r.resource_key > %(after0)s::bigint
