-- Patient?_filter=family eq "smith" or family ew ith or birthdate po 1980
-- {'p0': 'smith', 'p1': 'ith', 'p2': '1980-01-01T00:00:00+00:00', 'p3': '1981-01-01T00:00:00+00:00', 'p4': 'smith'}
SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL AND (r.fhir_id = ANY (array((SELECT c.patient_fhir_id
FROM fhir_patient_strings AS c
WHERE c.element = 'family' AND (c.normal COLLATE "C") = %(p0)s::text AND (c.normal COLLATE "C") = %(p0)s::text))) OR r.fhir_id = ANY (array((SELECT c.patient_fhir_id
FROM fhir_patient_strings AS c
WHERE c.element = 'family' AND right(c.normal COLLATE "C", length(%(p1)s::text)) = %(p1)s::text))) OR r.birth_date IS NOT NULL AND r.birth_date < %(p3)s::timestamp with time zone AND r.birth_date + 1 > %(p2)s::timestamp with time zone OR r.resource_key IN (SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low < %(p3)s::timestamp with time zone AND i.high > %(p2)s::timestamp with time zone))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient' AND (r.resource_key = ANY (array((SELECT i.resource_key
FROM phi.string_index AS i
WHERE i.parameter = -2067581920 AND (left(i.normal, 200) = %(p4)s::text AND i.normal = %(p0)s::text OR right(i.normal, length(%(p1)s::text)) = %(p1)s::text)))) OR r.resource_key IN (SELECT i.resource_key
FROM phi.date_index AS i
WHERE i.parameter = 2095818023 AND i.low < %(p3)s::timestamp with time zone AND i.high > %(p2)s::timestamp with time zone))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 1 AS source, 'Patient' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0
WHERE (SELECT r.resource_key
FROM fhir_patients AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 ASC
-- next page
WHERE i.parameter = 2095818023 AND i.low < %(p3)s::timestamp with time zone AND i.high > %(p2)s::timestamp with time zone)) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = 2095818023 AND i.low < %(p3)s::timestamp with time zone AND i.high > %(p2)s::timestamp with time zone)) AND r.resource_key > %(after0)s::bigint
