-- Observation?patient=pa&_sort=-date
-- {'p0': 'pa'}
SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(r.effective_date_time, '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL AND r.patient_fhir_id = %(p0)s::text
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce((SELECT max(i.low) AS max_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = 720237341), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i
WHERE i.parameter = -618211579 AND i.target_id = %(p0)s::text AND i.target_type = 'Patient' AND i.resource_key = r.resource_key))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 DESC, page.sort1 DESC
-- next page
WHERE r.deleted_at IS NULL AND r.patient_fhir_id = %(p0)s::text AND (coalesce(r.effective_date_time, '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE i.resource_key = r.resource_key AND i.parameter = 720237341), '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
