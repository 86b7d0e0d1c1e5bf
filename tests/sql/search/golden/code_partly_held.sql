-- Observation?code=http://loinc.org|39126-8&_sort=-date
-- {'p0': '39126-8', 'p1': '39126-8', 'p2': 'http://loinc.org', 'p3': '39126-8', 'p4': '39126-8'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.token_index AS i JOIN fhir_observations AS s ON s.resource_key = i.resource_key
WHERE i.parameter = -1499930192 AND i.system = %(p2)s::text AND i.code = %(p1)s::text AND s.deleted_at IS NULL AND true
LIMIT 2001), few1 AS (SELECT i.resource_key AS resource_key
FROM phi.token_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = -1499930192 AND i.system = %(p2)s::text AND i.code = %(p1)s::text AND s.deleted_at IS NULL AND s.resource_type = 'Observation'
LIMIT 2001), dated_phi_observation_1 AS (SELECT r.*, w.low AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE (SELECT count(*) AS count_2
FROM few1) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.system = %(p2)s::text AND i.code = %(p1)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0)) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid)))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0, CAST(answer.sort1 AS TEXT) AS sort1
FROM (SELECT <page>, page.sort0 AS sort0, page.sort1 AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL AND r.code = %(p0)s::text
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND (r.code = %(p3)s::text) IS NOT true
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.document_version IS NOT NULL AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.system = %(p2)s::text AND i.code = %(p1)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0)) AND (r.code = %(p4)s::text) IS NOT true
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce((SELECT max(i.low) AS max_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = 720237341), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) <= 2000 AND r.resource_key = ANY (array((SELECT few1.resource_key
FROM few1))) AND r.deleted_at IS NULL AND r.resource_type = 'Observation'
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT dated_phi_observation_1.resource_type AS resource_type, dated_phi_observation_1.fhir_id AS fhir_id, dated_phi_observation_1.patient_fhir_id AS patient_fhir_id, dated_phi_observation_1.resource_key AS resource_key, dated_phi_observation_1.version_id AS version_id, dated_phi_observation_1.version_xid AS version_xid, dated_phi_observation_1.document_version AS document_version, dated_phi_observation_1.updated_at AS updated_at, dated_phi_observation_1.deleted_at AS deleted_at, dated_phi_observation_1.sort0 AS sort0, dated_phi_observation_1.sort1 AS sort1
FROM dated_phi_observation_1) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, '-infinity'::timestamptz AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.system = %(p2)s::text AND i.code = %(p1)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz))
ORDER BY sort0 DESC, sort1 DESC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_3
FROM dated_phi_observation_1), 0)) AS r
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 2 AS source, 'Observation' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0, NULL AS sort1
WHERE (SELECT r.resource_key
FROM fhir_observations AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 DESC, answer.sort1 DESC
-- next page
LIMIT ALL OFFSET 0)) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz AND w.low <= %(after0)s::timestamp with time zone
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid))) AND (w.low, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE r.deleted_at IS NULL AND r.code = %(p0)s::text AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
FROM few0))) AND r.deleted_at IS NULL AND (r.code = %(p3)s::text) IS NOT true AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
LIMIT ALL OFFSET 0)) AND (r.code = %(p4)s::text) IS NOT true AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE i.resource_key = r.resource_key AND i.parameter = 720237341), '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz)) AND ('-infinity'::timestamptz, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
