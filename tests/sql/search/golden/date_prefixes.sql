-- Condition?onset-date=ge2024-01-01&onset-date=lt2025
-- {'p0': '2024-01-01T00:00:00+00:00', 'p1': '2024-01-02T00:00:00+00:00', 'p2': '2025-01-01T00:00:00+00:00', 'p3': '2026-01-01T00:00:00+00:00'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = -127634185 AND i.high > %(p0)s::timestamp with time zone AND (i.high > %(p1)s::timestamp with time zone OR i.low >= %(p0)s::timestamp with time zone) AND i.low < %(p2)s::timestamp with time zone AND i.resource_key = r.resource_key))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r) AS page
ORDER BY page.sort0 ASC
-- next page
WHERE i.parameter = -127634185 AND i.high > %(p0)s::timestamp with time zone AND (i.high > %(p1)s::timestamp with time zone OR i.low >= %(p0)s::timestamp with time zone) AND i.low < %(p2)s::timestamp with time zone AND i.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
