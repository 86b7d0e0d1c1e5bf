-- Patient?_sort=birthdate,-family
-- {}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1, CAST(page.sort2 AS TEXT) AS sort2
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1, r.sort2 AS sort2
FROM (SELECT r.*, coalesce(r.birth_date, 'infinity'::timestamptz) AS sort0, coalesce((SELECT max(c.normal COLLATE "C") AS max_1
FROM fhir_patient_strings AS c
WHERE c.patient_fhir_id = r.fhir_id AND c.element = 'family') COLLATE "C", '') AS sort1, r.fhir_id AS sort2
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL AND true
ORDER BY sort0 ASC, sort1 DESC, sort2 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1, r.sort2 AS sort2
FROM (SELECT r.*, coalesce((SELECT min(i.low) AS min_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = 2095818023), 'infinity'::timestamptz) AS sort0, coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
FROM phi.string_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -2067581920) COLLATE "C", '') AS sort1, r.fhir_id AS sort2
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient'
ORDER BY sort0 ASC, sort1 DESC, sort2 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0, sort1 DESC, sort2
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC, page.sort1 DESC, page.sort2 ASC
-- next page
WHERE r.deleted_at IS NULL AND true AND coalesce(r.birth_date, 'infinity'::timestamptz) >= %(after0)s::timestamp with time zone AND (coalesce(r.birth_date, 'infinity'::timestamptz) > %(after0)s::timestamp with time zone OR coalesce(r.birth_date, 'infinity'::timestamptz) = %(after0)s::timestamp with time zone AND coalesce((SELECT max(c.normal COLLATE "C") AS max_1
WHERE c.patient_fhir_id = r.fhir_id AND c.element = 'family') COLLATE "C", '') < %(after1)s::text OR coalesce(r.birth_date, 'infinity'::timestamptz) = %(after0)s::timestamp with time zone AND coalesce((SELECT max(c.normal COLLATE "C") AS max_1
WHERE i.resource_key = r.resource_key AND i.parameter = 2095818023), 'infinity'::timestamptz) >= %(after0)s::timestamp with time zone AND (coalesce((SELECT min(i.low) AS min_1
WHERE i.resource_key = r.resource_key AND i.parameter = 2095818023), 'infinity'::timestamptz) > %(after0)s::timestamp with time zone OR coalesce((SELECT min(i.low) AS min_1
WHERE i.resource_key = r.resource_key AND i.parameter = 2095818023), 'infinity'::timestamptz) = %(after0)s::timestamp with time zone AND coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
WHERE i.resource_key = r.resource_key AND i.parameter = 2095818023), 'infinity'::timestamptz) = %(after0)s::timestamp with time zone AND coalesce((SELECT max(left(i.normal, 200) COLLATE "C") AS max_2
