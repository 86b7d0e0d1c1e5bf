-- Condition?subject.birthdate=1980&_sort=-onset-date
-- {'p0': '1980-01-01T00:00:00+00:00', 'p1': '1981-01-01T00:00:00+00:00'}
WITH few0 AS (SELECT k.resource_key AS resource_key
FROM (SELECT f.key AS resource_key
FROM (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND (r1.birth_date IS NOT NULL AND r1.birth_date >= %(p0)s::timestamp with time zone AND r1.birth_date < %(p1)s::timestamp with time zone AND r1.birth_date + 1 <= %(p1)s::timestamp with time zone OR r1.resource_key IN (SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone))) AS f
UNION ALL SELECT f.key AS resource_key
FROM (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key))) AS f
UNION ALL SELECT f.key AS resource_key
FROM (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1347744877 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key))) AS f) AS k
LIMIT 2001), few1 AS (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND (r1.birth_date IS NOT NULL AND r1.birth_date >= %(p0)s::timestamp with time zone AND r1.birth_date < %(p1)s::timestamp with time zone AND r1.birth_date + 1 <= %(p1)s::timestamp with time zone OR r1.resource_key IN (SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone))
LIMIT 2001), few2 AS (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key))
LIMIT 2001), few3 AS (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1347744877 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key))
LIMIT 2001), dated_phi_condition_1 AS (SELECT r.*, w.low AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) <= 2000 AND (SELECT count(*) AS count_3
FROM few2) <= 2000 AND (SELECT count(*) AS count_4
FROM few3) <= 2000 AND ((r.resource_key IN (SELECT few1.key
FROM few1)) IS true OR (r.resource_key IN (SELECT few2.key
FROM few2)) IS true OR (r.resource_key IN (SELECT few3.key
FROM few3)) IS true) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND w.parameter = -127634185 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid)))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint), dated_phi_condition_3 AS (SELECT r.*, w.low AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND ((SELECT count(*) AS count_2
FROM few1) > 2000 OR (SELECT count(*) AS count_3
FROM few2) > 2000 OR (SELECT count(*) AS count_4
FROM few3) > 2000) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND ((EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND (r1.birth_date IS NOT NULL AND r1.birth_date >= %(p0)s::timestamp with time zone AND r1.birth_date < %(p1)s::timestamp with time zone AND r1.birth_date + 1 <= %(p1)s::timestamp with time zone OR r1.resource_key IN (SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone)) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1347744877 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0))) AND w.parameter = -127634185 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid)))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0, CAST(answer.sort1 AS TEXT) AS sort1
FROM (SELECT <page>, page.sort0 AS sort0, page.sort1 AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce((SELECT max(i.low) AS max_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT dated_phi_condition_1.resource_type AS resource_type, dated_phi_condition_1.fhir_id AS fhir_id, dated_phi_condition_1.patient_fhir_id AS patient_fhir_id, dated_phi_condition_1.resource_key AS resource_key, dated_phi_condition_1.version_id AS version_id, dated_phi_condition_1.version_xid AS version_xid, dated_phi_condition_1.document_version AS document_version, dated_phi_condition_1.updated_at AS updated_at, dated_phi_condition_1.deleted_at AS deleted_at, dated_phi_condition_1.sort0 AS sort0, dated_phi_condition_1.sort1 AS sort1
FROM dated_phi_condition_1) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, '-infinity'::timestamptz AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) <= 2000 AND (SELECT count(*) AS count_3
FROM few2) <= 2000 AND (SELECT count(*) AS count_4
FROM few3) <= 2000 AND ((r.resource_key IN (SELECT few1.key
FROM few1)) IS true OR (r.resource_key IN (SELECT few2.key
FROM few2)) IS true OR (r.resource_key IN (SELECT few3.key
FROM few3)) IS true) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz))
ORDER BY sort0 DESC, sort1 DESC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_5
FROM dated_phi_condition_1), 0)) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT dated_phi_condition_3.resource_type AS resource_type, dated_phi_condition_3.fhir_id AS fhir_id, dated_phi_condition_3.patient_fhir_id AS patient_fhir_id, dated_phi_condition_3.resource_key AS resource_key, dated_phi_condition_3.version_id AS version_id, dated_phi_condition_3.version_xid AS version_xid, dated_phi_condition_3.document_version AS document_version, dated_phi_condition_3.updated_at AS updated_at, dated_phi_condition_3.deleted_at AS deleted_at, dated_phi_condition_3.sort0 AS sort0, dated_phi_condition_3.sort1 AS sort1
FROM dated_phi_condition_3) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, '-infinity'::timestamptz AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND ((SELECT count(*) AS count_2
FROM few1) > 2000 OR (SELECT count(*) AS count_3
FROM few2) > 2000 OR (SELECT count(*) AS count_4
FROM few3) > 2000) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND ((EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND (r1.birth_date IS NOT NULL AND r1.birth_date >= %(p0)s::timestamp with time zone AND r1.birth_date < %(p1)s::timestamp with time zone AND r1.birth_date + 1 <= %(p1)s::timestamp with time zone OR r1.resource_key IN (SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone)) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1347744877 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0)))
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz))
ORDER BY sort0 DESC, sort1 DESC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_6
FROM dated_phi_condition_3), 0)) AS r
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 1 AS source, 'Patient' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0, NULL AS sort1
WHERE (SELECT r.resource_key
FROM fhir_patients AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 DESC, answer.sort1 DESC
-- next page
FROM few3)) IS true) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND w.parameter = -127634185 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz AND w.low <= %(after0)s::timestamp with time zone
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid))) AND (w.low, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
LIMIT ALL OFFSET 0))) AND w.parameter = -127634185 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz AND w.low <= %(after0)s::timestamp with time zone
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid))) AND (w.low, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz)) AND ('-infinity'::timestamptz, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE x.parameter = -127634185 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz)) AND ('-infinity'::timestamptz, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
