-- Condition?code=a&_sort=-onset-date,_id
-- {'p0': 'a'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text
LIMIT 2001), dated_phi_condition_1 AS (SELECT r.*, w.low AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0)) AND w.parameter = -127634185 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid)))
ORDER BY sort0 DESC, sort1 ASC
LIMIT %(limit)s::bigint) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce((SELECT max(i.low) AS max_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
ORDER BY sort0 DESC, sort1 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT dated_phi_condition_1.resource_type AS resource_type, dated_phi_condition_1.fhir_id AS fhir_id, dated_phi_condition_1.patient_fhir_id AS patient_fhir_id, dated_phi_condition_1.resource_key AS resource_key, dated_phi_condition_1.version_id AS version_id, dated_phi_condition_1.version_xid AS version_xid, dated_phi_condition_1.document_version AS document_version, dated_phi_condition_1.updated_at AS updated_at, dated_phi_condition_1.deleted_at AS deleted_at, dated_phi_condition_1.sort0 AS sort0, dated_phi_condition_1.sort1 AS sort1
FROM dated_phi_condition_1) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, '-infinity'::timestamptz AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz))
ORDER BY sort0 DESC, sort1 ASC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_2
FROM dated_phi_condition_1), 0)) AS r
ORDER BY sort0 DESC, sort1
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 DESC, page.sort1 ASC
-- next page
LIMIT ALL OFFSET 0)) AND w.parameter = -127634185 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz AND w.low <= %(after0)s::timestamp with time zone
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid))) AND w.low <= %(after0)s::timestamp with time zone AND (w.low < %(after0)s::timestamp with time zone OR w.low = %(after0)s::timestamp with time zone AND r.fhir_id > %(after1)s::text)
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) <= %(after0)s::timestamp with time zone AND (coalesce((SELECT max(i.low) AS max_1
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) < %(after0)s::timestamp with time zone OR coalesce((SELECT max(i.low) AS max_1
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) = %(after0)s::timestamp with time zone AND r.fhir_id > %(after1)s::text)
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz)) AND '-infinity'::timestamptz <= %(after0)s::timestamp with time zone AND ('-infinity'::timestamptz < %(after0)s::timestamp with time zone OR '-infinity'::timestamptz = %(after0)s::timestamp with time zone AND r.fhir_id > %(after1)s::text)
