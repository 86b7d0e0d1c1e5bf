-- Patient?family:exact=Smith&given:contains=nn
-- {'p0': 'smith', 'p1': 'Smith', 'p2': 'nn', 'p3': 'smith'}
SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM fhir_patient_strings AS c
WHERE c.element = 'family' AND (c.normal COLLATE "C") = %(p0)s::text AND normalize(c.value, NFC) = %(p1)s::text AND c.patient_fhir_id = r.fhir_id))
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p2)s::text) > 0 AND i.resource_key = r.resource_key))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -2067581920 AND left(i.normal, 200) = %(p3)s::text AND normalize(i.value, NFC) = %(p1)s::text AND i.resource_key = r.resource_key))
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p2)s::text) > 0 AND i.resource_key = r.resource_key))
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
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p2)s::text) > 0 AND i.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p2)s::text) > 0 AND i.resource_key = r.resource_key)) AND r.resource_key > %(after0)s::bigint
