-- Observation?patient.gender=female&_sort=-date
-- {'p0': 'female', 'p1': 'female', 'p2': 'female', 'p3': 'female', 'p4': 'female'}
WITH few0 AS (SELECT k.resource_key AS resource_key
FROM (SELECT n.resource_key AS resource_key
FROM (SELECT r1.fhir_id AS key
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND r1.gender = %(p0)s::text) AS f JOIN LATERAL (SELECT s1.resource_key AS resource_key
FROM fhir_observations AS s1
WHERE s1.patient_fhir_id = f.key
LIMIT ALL OFFSET 0) AS n ON true
UNION ALL SELECT n.resource_key AS resource_key
FROM (SELECT r1.fhir_id AS key
FROM phi.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key))) AS f JOIN LATERAL (SELECT s1.resource_key AS resource_key
FROM fhir_observations AS s1
WHERE s1.patient_fhir_id = f.key
LIMIT ALL OFFSET 0) AS n ON true) AS k
LIMIT 2001), few1 AS (SELECT r1.fhir_id AS key
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND r1.gender = %(p2)s::text
LIMIT 2001), few2 AS (SELECT r1.fhir_id AS key
FROM phi.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key))
LIMIT 2001), dated_phi_observation_0 AS (SELECT r.*, w.low AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation' AND r.resource_key IN (SELECT i1.resource_key
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p4)s::text
UNION ALL SELECT i1.resource_key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key))
UNION ALL SELECT i1.resource_key
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 681610235 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key))) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid)))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND true
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) <= 2000 AND (SELECT count(*) AS count_3
FROM few2) <= 2000 AND ((r.patient_fhir_id IN (SELECT few1.key
FROM few1)) IS true OR (r.patient_fhir_id IN (SELECT few2.key
FROM few2)) IS true) AND r.deleted_at IS NULL AND true
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND ((SELECT count(*) AS count_2
FROM few1) > 2000 OR (SELECT count(*) AS count_3
FROM few2) > 2000) AND r.deleted_at IS NULL AND ((EXISTS (SELECT 1
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND r1.gender = %(p3)s::text AND r1.fhir_id = r.patient_fhir_id
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key)) AND r1.fhir_id = r.patient_fhir_id
LIMIT ALL OFFSET 0)))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT dated_phi_observation_0.resource_type AS resource_type, dated_phi_observation_0.fhir_id AS fhir_id, dated_phi_observation_0.patient_fhir_id AS patient_fhir_id, dated_phi_observation_0.resource_key AS resource_key, dated_phi_observation_0.version_id AS version_id, dated_phi_observation_0.version_xid AS version_xid, dated_phi_observation_0.document_version AS document_version, dated_phi_observation_0.updated_at AS updated_at, dated_phi_observation_0.deleted_at AS deleted_at, dated_phi_observation_0.sort0 AS sort0, dated_phi_observation_0.sort1 AS sort1
FROM dated_phi_observation_0) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, '-infinity'::timestamptz AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation' AND r.resource_key IN (SELECT i1.resource_key
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p4)s::text
UNION ALL SELECT i1.resource_key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key))
UNION ALL SELECT i1.resource_key
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 681610235 AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key)))
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz))
ORDER BY sort0 DESC, sort1 DESC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_4
FROM dated_phi_observation_0), 0)) AS r
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 DESC, page.sort1 DESC
-- next page
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key))) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz AND w.low <= %(after0)s::timestamp with time zone
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid))) AND (w.low, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
FROM few0))) AND r.deleted_at IS NULL AND true AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
FROM few2)) IS true) AND r.deleted_at IS NULL AND true AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
LIMIT ALL OFFSET 0))) AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz)) AND ('-infinity'::timestamptz, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
