-- Organization?partof:below=o1,o2
-- {'p0': ['o1', 'o2']}
WITH RECURSIVE tree0(fhir_id) AS (SELECT CAST(unnest(%(p0)s::text[]) AS TEXT) COLLATE "C" AS fhir_id
UNION SELECT CAST(found.fhir_id AS TEXT) COLLATE "C" AS anon_1
FROM tree0 AS here0 JOIN LATERAL (SELECT r1.fhir_id AS fhir_id
FROM open.reference_index AS i1 JOIN open.fhir_resources AS r1 ON r1.resource_key = i1.resource_key, open.fhir_resources AS r
WHERE i1.parameter = 1272729650 AND i1.target_type = 'Organization' AND r1.deleted_at IS NULL AND r1.resource_type = 'Organization' AND i1.target_id = r.fhir_id AND r.fhir_id = here0.fhir_id AND r.deleted_at IS NULL AND r.resource_type = 'Organization') AS found ON true), few0 AS (SELECT i.resource_key AS resource_key
FROM open.reference_index AS i
WHERE i.parameter = 1272729650 AND i.target_id IN (SELECT tree0.fhir_id
FROM tree0) AND i.target_type = 'Organization'
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM open.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Organization'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM open.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Organization'
AND (EXISTS (SELECT 1
FROM open.reference_index AS i
WHERE i.parameter = 1272729650 AND i.target_id IN (SELECT tree0.fhir_id
FROM tree0) AND i.target_type = 'Organization' AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Organization' AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
