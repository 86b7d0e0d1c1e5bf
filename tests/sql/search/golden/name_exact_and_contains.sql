-- Patient?family:exact=Smith&given:contains=nn
-- {'p0': 'nn', 'p1': 'smith', 'p2': 'Smith', 'p3': 'smith'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.string_index AS i JOIN fhir_patients AS s ON s.resource_key = i.resource_key
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p0)s::text) > 0 AND s.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM fhir_patient_strings AS c
WHERE c.element = 'family' AND (c.normal COLLATE "C") = %(p1)s::text AND normalize(c.value, NFC) = %(p2)s::text AND c.patient_fhir_id = s.fhir_id))
LIMIT 2001), few1 AS (SELECT i.resource_key AS resource_key
FROM phi.string_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = -2067581920 AND left(i.normal, 200) = %(p3)s::text AND normalize(i.value, NFC) = %(p2)s::text AND s.deleted_at IS NULL AND s.resource_type = 'Patient'
LIMIT 2001), few2 AS (SELECT i.resource_key AS resource_key
FROM phi.string_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p0)s::text) > 0 AND s.deleted_at IS NULL AND s.resource_type = 'Patient'
LIMIT 2001) SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM fhir_patient_strings AS c
WHERE c.element = 'family' AND (c.normal COLLATE "C") = %(p1)s::text AND normalize(c.value, NFC) = %(p2)s::text AND c.patient_fhir_id = r.fhir_id))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.document_version IS NOT NULL AND r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM fhir_patient_strings AS c
WHERE c.element = 'family' AND (c.normal COLLATE "C") = %(p1)s::text AND normalize(c.value, NFC) = %(p2)s::text AND c.patient_fhir_id = r.fhir_id))
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p0)s::text) > 0 AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) <= 2000 AND r.resource_key = ANY (array((SELECT few1.resource_key
FROM few1))) AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p0)s::text) > 0 AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) > 2000 AND (SELECT count(*) AS count_3
FROM few2) <= 2000 AND r.resource_key = ANY (array((SELECT few2.resource_key
FROM few2))) AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -2067581920 AND left(i.normal, 200) = %(p3)s::text AND normalize(i.value, NFC) = %(p2)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_2
FROM few1) > 2000 AND (SELECT count(*) AS count_3
FROM few2) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -2067581920 AND left(i.normal, 200) = %(p3)s::text AND normalize(i.value, NFC) = %(p2)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = 770065585 AND strpos(i.normal, %(p0)s::text) > 0 AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
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
WHERE c.element = 'family' AND (c.normal COLLATE "C") = %(p1)s::text AND normalize(c.value, NFC) = %(p2)s::text AND c.patient_fhir_id = r.fhir_id)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
