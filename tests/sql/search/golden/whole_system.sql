-- ?_type=Patient,Condition,Practitioner&_id=a
-- {'p0': 'a', 'p1': 'a', 'p2': 'a'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL AND r.fhir_id = %(p0)s::text
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type IN ('Patient', 'Condition') AND r.fhir_id = %(p1)s::text
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM open.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Practitioner' AND r.fhir_id = %(p2)s::text
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
WHERE r.deleted_at IS NULL AND r.fhir_id = %(p0)s::text AND r.resource_key > %(after0)s::bigint
WHERE r.deleted_at IS NULL AND r.resource_type IN ('Patient', 'Condition') AND r.fhir_id = %(p1)s::text AND r.resource_key > %(after0)s::bigint
WHERE r.deleted_at IS NULL AND r.resource_type = 'Practitioner' AND r.fhir_id = %(p2)s::text AND r.resource_key > %(after0)s::bigint
