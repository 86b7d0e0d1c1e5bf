-- Condition?_profile=http://x/p&_tag=urn:t|1
-- {'p0': '1', 'p1': 'urn:t', 'p2': 'http://x/p'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.token_index AS i
WHERE i.parameter = -429330529 AND i.system = %(p1)s::text AND i.code = %(p0)s::text
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.uri_index AS i
WHERE i.parameter = 967209038 AND i.uri = %(p2)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r JOIN (SELECT DISTINCT i.resource_key AS resource_key
FROM phi.uri_index AS i
WHERE i.parameter = 967209038 AND i.uri = %(p2)s::text) AS k ON k.resource_key = r.resource_key
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -429330529 AND i.system = %(p1)s::text AND i.code = %(p0)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = 967209038 AND i.uri = %(p2)s::text AND i.resource_key > %(after0)s::bigint) AS k ON k.resource_key = r.resource_key
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
