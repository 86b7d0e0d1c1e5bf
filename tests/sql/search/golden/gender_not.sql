-- Patient?gender:not=female
-- {'p0': 'female', 'p1': 'female'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL AND (r.gender = %(p0)s::text) IS NOT true
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND NOT (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r.resource_key))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
WHERE r.deleted_at IS NULL AND (r.gender = %(p0)s::text) IS NOT true AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
