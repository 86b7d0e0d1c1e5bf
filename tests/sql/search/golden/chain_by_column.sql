-- Observation?patient.gender=female&_sort=-date
-- {'p0': 'female', 'p1': 'female', 'p2': 'female', 'p3': 'female', 'p4': 'female', 'p5': 'female', 'p6': 'female'}
WITH dated_phi_observation_0 AS (SELECT r.*, w.low AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p4)s::text AND i1.resource_key = r.resource_key)) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid)))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint), dated_phi_observation_2 AS (SELECT r.*, w.low AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))
AND NOT (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p6)s::text AND i1.resource_key = r.resource_key)) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid)))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND r1.gender = %(p0)s::text AND r1.fhir_id = r.patient_fhir_id))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key)) AND r1.fhir_id = r.patient_fhir_id))
AND NOT (EXISTS (SELECT 1
FROM fhir_patients AS r1
WHERE r1.deleted_at IS NULL AND r1.gender = %(p3)s::text AND r1.fhir_id = r.patient_fhir_id))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT dated_phi_observation_0.resource_type AS resource_type, dated_phi_observation_0.fhir_id AS fhir_id, dated_phi_observation_0.patient_fhir_id AS patient_fhir_id, dated_phi_observation_0.resource_key AS resource_key, dated_phi_observation_0.version_id AS version_id, dated_phi_observation_0.version_xid AS version_xid, dated_phi_observation_0.document_version AS document_version, dated_phi_observation_0.updated_at AS updated_at, dated_phi_observation_0.deleted_at AS deleted_at, dated_phi_observation_0.sort0 AS sort0, dated_phi_observation_0.sort1 AS sort1
FROM dated_phi_observation_0) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, '-infinity'::timestamptz AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p4)s::text AND i1.resource_key = r.resource_key))
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz))
ORDER BY sort0 DESC, sort1 DESC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_1
FROM dated_phi_observation_0), 0)) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT dated_phi_observation_2.resource_type AS resource_type, dated_phi_observation_2.fhir_id AS fhir_id, dated_phi_observation_2.patient_fhir_id AS patient_fhir_id, dated_phi_observation_2.resource_key AS resource_key, dated_phi_observation_2.version_id AS version_id, dated_phi_observation_2.version_xid AS version_xid, dated_phi_observation_2.document_version AS document_version, dated_phi_observation_2.updated_at AS updated_at, dated_phi_observation_2.deleted_at AS deleted_at, dated_phi_observation_2.sort0 AS sort0, dated_phi_observation_2.sort1 AS sort1
FROM dated_phi_observation_2) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, '-infinity'::timestamptz AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))
AND NOT (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p6)s::text AND i1.resource_key = r.resource_key))
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz))
ORDER BY sort0 DESC, sort1 DESC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_2
FROM dated_phi_observation_2), 0)) AS r
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 DESC, page.sort1 DESC
-- next page
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p4)s::text AND i1.resource_key = r.resource_key)) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz AND w.low <= %(after0)s::timestamp with time zone
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid))) AND (w.low, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE i1.parameter = -618211579 AND r1.deleted_at IS NULL AND r1.gender = %(p6)s::text AND i1.resource_key = r.resource_key)) AND w.parameter = 720237341 AND w.resource_key = r.resource_key AND w.low != '-infinity'::timestamptz AND w.low <= %(after0)s::timestamp with time zone
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz AND (x.low, x.ctid) > (w.low, w.ctid))) AND (w.low, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE r1.deleted_at IS NULL AND r1.gender = %(p0)s::text AND r1.fhir_id = r.patient_fhir_id)) AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE r1.deleted_at IS NULL AND r1.gender = %(p3)s::text AND r1.fhir_id = r.patient_fhir_id)) AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz)) AND ('-infinity'::timestamptz, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE x.parameter = 720237341 AND x.resource_key = r.resource_key AND x.low != '-infinity'::timestamptz)) AND ('-infinity'::timestamptz, r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
