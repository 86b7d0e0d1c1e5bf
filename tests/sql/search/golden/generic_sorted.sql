-- Condition?code=a&_sort=-onset-date,_id
-- {'p0': 'a'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce((SELECT max(i.low) AS max_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key))
ORDER BY sort0 DESC, sort1 ASC
LIMIT %(limit)s::bigint) AS r) AS page
ORDER BY page.sort0 DESC, page.sort1 ASC
-- next page
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) <= %(after0)s::timestamp with time zone AND (coalesce((SELECT max(i.low) AS max_1
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) < %(after0)s::timestamp with time zone OR coalesce((SELECT max(i.low) AS max_1
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) = %(after0)s::timestamp with time zone AND r.fhir_id > %(after1)s::text)
