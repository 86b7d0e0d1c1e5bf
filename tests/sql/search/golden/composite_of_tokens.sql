-- ValueSet?context-type-value=focus$urn:s|a,focus$b
-- {'p0': 'focus', 'p1': 'a', 'p2': 'urn:s', 'p3': 'focus', 'p4': 'b'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.composite_index AS i
WHERE i.parameter = -2032302177 AND (i.code = %(p0)s::text AND i.value_system = %(p2)s::text AND i.value_code = %(p1)s::text AND i.low IS NULL OR i.code = %(p3)s::text AND i.value_code = %(p4)s::text AND i.low IS NULL)
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'ValueSet'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'ValueSet'
AND (EXISTS (SELECT 1
FROM phi.composite_index AS i
WHERE i.parameter = -2032302177 AND (i.code = %(p0)s::text AND i.value_system = %(p2)s::text AND i.value_code = %(p1)s::text AND i.low IS NULL OR i.code = %(p3)s::text AND i.value_code = %(p4)s::text AND i.low IS NULL) AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'ValueSet' AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
