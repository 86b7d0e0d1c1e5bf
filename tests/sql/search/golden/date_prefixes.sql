-- Condition?onset-date=ge2024-01-01&onset-date=lt2025
-- {'p0': '2024-01-01T00:00:00+00:00', 'p1': '2024-01-02T00:00:00+00:00', 'p2': '2025-01-01T00:00:00+00:00', 'p3': '2026-01-01T00:00:00+00:00'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.date_index AS i
WHERE i.parameter = -127634185 AND i.high > %(p0)s::timestamp with time zone AND (i.high > %(p1)s::timestamp with time zone OR i.low >= %(p0)s::timestamp with time zone) AND i.low < %(p2)s::timestamp with time zone
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = -127634185 AND i.high > %(p0)s::timestamp with time zone AND (i.high > %(p1)s::timestamp with time zone OR i.low >= %(p0)s::timestamp with time zone) AND i.low < %(p2)s::timestamp with time zone AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
