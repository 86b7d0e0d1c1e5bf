-- Condition?_lastUpdated=ge2024-01-01T00:00:00.000Z
-- {'p0': '2024-01-01T00:00:00+00:00', 'p1': '2024-01-01T00:00:00.001000+00:00'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, r.updated_at AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition' AND r.updated_at > %(p0)s::timestamp with time zone - interval '1 millisecond' AND (r.updated_at > %(p1)s::timestamp with time zone - interval '1 millisecond' OR r.updated_at >= %(p0)s::timestamp with time zone)
ORDER BY sort0 ASC, sort1 ASC
LIMIT %(limit)s::bigint) AS r) AS page
ORDER BY page.sort0 ASC, page.sort1 ASC
-- next page
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition' AND r.updated_at > %(p0)s::timestamp with time zone - interval '1 millisecond' AND (r.updated_at > %(p1)s::timestamp with time zone - interval '1 millisecond' OR r.updated_at >= %(p0)s::timestamp with time zone) AND (r.updated_at, r.fhir_id) > (%(after0)s::timestamp with time zone, %(after1)s::text)
