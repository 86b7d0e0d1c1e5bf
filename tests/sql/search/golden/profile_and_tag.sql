-- Condition?_profile=http://x/p&_tag=urn:t|1
-- {'p0': 'http://x/p', 'p1': '1', 'p2': 'urn:t'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.uri_index AS i
WHERE i.parameter = 967209038 AND i.uri = %(p0)s::text AND i.resource_key = r.resource_key))
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -429330529 AND i.system = %(p2)s::text AND i.code = %(p1)s::text AND i.resource_key = r.resource_key))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r) AS page
ORDER BY page.sort0 ASC
-- next page
WHERE i.parameter = -429330529 AND i.system = %(p2)s::text AND i.code = %(p1)s::text AND i.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
