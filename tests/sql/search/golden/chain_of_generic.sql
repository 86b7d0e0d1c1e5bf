-- Condition?subject.birthdate=1980&_sort=-onset-date
-- {'p0': '1980-01-01T00:00:00+00:00', 'p1': '1981-01-01T00:00:00+00:00'}
SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0, CAST(answer.sort1 AS TEXT) AS sort1
FROM (SELECT <page>, page.sort0 AS sort0, page.sort1 AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce((SELECT max(i.low) AS max_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND (r1.birth_date IS NOT NULL AND r1.birth_date >= %(p0)s::timestamp with time zone AND r1.birth_date < %(p1)s::timestamp with time zone AND r1.birth_date + 1 <= %(p1)s::timestamp with time zone OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone)))) AND i1.resource_key = r.resource_key))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce((SELECT max(i.low) AS max_1
FROM phi.date_index AS i
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))
AND NOT (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1107523192 AND r1.deleted_at IS NULL AND (r1.birth_date IS NOT NULL AND r1.birth_date >= %(p0)s::timestamp with time zone AND r1.birth_date < %(p1)s::timestamp with time zone AND r1.birth_date + 1 <= %(p1)s::timestamp with time zone OR r1.resource_key = ANY (array((SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low >= %(p0)s::timestamp with time zone AND i.low < %(p1)s::timestamp with time zone AND i.high <= %(p1)s::timestamp with time zone)))) AND i1.resource_key = r.resource_key))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
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
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE i.resource_key = r.resource_key AND i.parameter = -127634185), '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
