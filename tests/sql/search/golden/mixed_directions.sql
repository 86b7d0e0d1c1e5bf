-- Patient?_sort=birthdate,-family
-- {}
WITH dated_phi_patient_0 AS (SELECT r.*, w.low AS sort0, coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
FROM phi.string_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -2067581920) COLLATE "C", '') AS sort1, r.fhir_id AS sort2
FROM phi.fhir_resources AS r, phi.date_index AS w
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient' AND w.parameter = 2095818023 AND w.resource_key = r.resource_key AND w.low != 'infinity'::timestamptz
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 2095818023 AND x.resource_key = r.resource_key AND x.low != 'infinity'::timestamptz AND (x.low, x.ctid) < (w.low, w.ctid)))
ORDER BY sort0 ASC, sort1 DESC, sort2 ASC
LIMIT %(limit)s::bigint) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1, CAST(page.sort2 AS TEXT) AS sort2
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1, r.sort2 AS sort2
FROM (SELECT r.*, coalesce(r.birth_date, 'infinity'::timestamptz) AS sort0, coalesce((SELECT max(c.normal COLLATE "C") AS max_1
FROM fhir_patient_strings AS c
WHERE c.patient_fhir_id = r.fhir_id AND c.element = 'family') COLLATE "C", '') AS sort1, r.fhir_id AS sort2
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL AND true
ORDER BY sort0 ASC, sort1 DESC, sort2 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1, r.sort2 AS sort2
FROM (SELECT dated_phi_patient_0.resource_type AS resource_type, dated_phi_patient_0.fhir_id AS fhir_id, dated_phi_patient_0.patient_fhir_id AS patient_fhir_id, dated_phi_patient_0.resource_key AS resource_key, dated_phi_patient_0.version_id AS version_id, dated_phi_patient_0.version_xid AS version_xid, dated_phi_patient_0.document_version AS document_version, dated_phi_patient_0.updated_at AS updated_at, dated_phi_patient_0.deleted_at AS deleted_at, dated_phi_patient_0.sort0 AS sort0, dated_phi_patient_0.sort1 AS sort1, dated_phi_patient_0.sort2 AS sort2
FROM dated_phi_patient_0) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1, r.sort2 AS sort2
FROM (SELECT r.*, 'infinity'::timestamptz AS sort0, coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
FROM phi.string_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -2067581920) COLLATE "C", '') AS sort1, r.fhir_id AS sort2
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND NOT (EXISTS (SELECT 1
FROM phi.date_index AS x
WHERE x.parameter = 2095818023 AND x.resource_key = r.resource_key AND x.low != 'infinity'::timestamptz))
ORDER BY sort0 ASC, sort1 DESC, sort2 ASC
LIMIT greatest(%(limit)s::bigint - (SELECT count(*) AS count_1
FROM dated_phi_patient_0), 0)) AS r
ORDER BY sort0, sort1 DESC, sort2
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC, page.sort1 DESC, page.sort2 ASC
-- next page
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient' AND w.parameter = 2095818023 AND w.resource_key = r.resource_key AND w.low != 'infinity'::timestamptz AND w.low >= %(after0)s::timestamp with time zone
WHERE x.parameter = 2095818023 AND x.resource_key = r.resource_key AND x.low != 'infinity'::timestamptz AND (x.low, x.ctid) < (w.low, w.ctid))) AND w.low >= %(after0)s::timestamp with time zone AND (w.low > %(after0)s::timestamp with time zone OR w.low = %(after0)s::timestamp with time zone AND coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
WHERE i.resource_key = r.resource_key AND i.parameter = -2067581920) COLLATE "C", '') < %(after1)s::text OR w.low = %(after0)s::timestamp with time zone AND coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
WHERE r.deleted_at IS NULL AND true AND coalesce(r.birth_date, 'infinity'::timestamptz) >= %(after0)s::timestamp with time zone AND (coalesce(r.birth_date, 'infinity'::timestamptz) > %(after0)s::timestamp with time zone OR coalesce(r.birth_date, 'infinity'::timestamptz) = %(after0)s::timestamp with time zone AND coalesce((SELECT max(c.normal COLLATE "C") AS max_1
WHERE c.patient_fhir_id = r.fhir_id AND c.element = 'family') COLLATE "C", '') < %(after1)s::text OR coalesce(r.birth_date, 'infinity'::timestamptz) = %(after0)s::timestamp with time zone AND coalesce((SELECT max(c.normal COLLATE "C") AS max_1
WHERE x.parameter = 2095818023 AND x.resource_key = r.resource_key AND x.low != 'infinity'::timestamptz)) AND 'infinity'::timestamptz >= %(after0)s::timestamp with time zone AND ('infinity'::timestamptz > %(after0)s::timestamp with time zone OR 'infinity'::timestamptz = %(after0)s::timestamp with time zone AND coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
WHERE i.resource_key = r.resource_key AND i.parameter = -2067581920) COLLATE "C", '') < %(after1)s::text OR 'infinity'::timestamptz = %(after0)s::timestamp with time zone AND coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
