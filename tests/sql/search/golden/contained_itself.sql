-- Practitioner?name=smith&_contained=both&_containedType=contained&_sort=-_lastUpdated
-- {'p0': 'smith', 'p1': 'smith\U0010ffff'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM open.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p0)s::text AND left(i.normal, 200) < %(p1)s::text
LIMIT 2001) SELECT <answer>, answer.contained_id, CAST(answer.sort0 AS TEXT) AS sort0, CAST(answer.sort1 AS TEXT) AS sort1
FROM (SELECT <page>, page.contained_id AS contained_id, page.sort0 AS sort0, page.sort1 AS sort1
FROM (SELECT <match>, CAST(NULL AS TEXT) COLLATE "C" AS contained_id, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, r.updated_at AS sort0, r.resource_key AS sort1
FROM open.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Practitioner'
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, CAST(NULL AS TEXT) COLLATE "C" AS contained_id, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, r.updated_at AS sort0, r.resource_key AS sort1
FROM open.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM open.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p0)s::text AND left(i.normal, 200) < %(p1)s::text AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.contained_id AS contained_id, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.id AS id, r.fhir_id AS fhir_id, r.patient_fhir_id AS patient_fhir_id, r.practitioner_fhir_id AS practitioner_fhir_id, r.category AS category, r.code AS code, r.value_type AS value_type, r.value_data AS value_data, r.effective_date_time AS effective_date_time, r.issued AS issued, r.status AS status, r.created_at AS created_at, r.updated_at AS updated_at, r.resource_key AS resource_key, r.version_id AS version_id, r.version_xid AS version_xid, r.document_version AS document_version, r.deleted_at AS deleted_at, r.effective_end AS effective_end, k.contained_id AS contained_id, r.updated_at AS sort0, k.contained_key AS sort1
FROM fhir_observations AS r JOIN (SELECT r.container_key AS container_key, r.resource_key AS contained_key, r.fhir_id AS contained_id
FROM phi.contained_resources AS r
WHERE r.container_table = 'fhir_observations' AND r.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p0)s::text AND left(i.normal, 200) < %(p1)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND true
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.contained_id AS contained_id, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.id AS id, r.fhir_id AS fhir_id, r.active AS active, r.gender AS gender, r.birth_date AS birth_date, r.marital_status AS marital_status, r.deceased AS deceased, r.deceased_date_time AS deceased_date_time, r.phone AS phone, r.email AS email, r.preferred_language AS preferred_language, r.race AS race, r.ethnicity AS ethnicity, r.created_at AS created_at, r.updated_at AS updated_at, r.resource_key AS resource_key, r.version_id AS version_id, r.version_xid AS version_xid, r.document_version AS document_version, r.deleted_at AS deleted_at, r.birth_date_text AS birth_date_text, r.managing_organization_fhir_id AS managing_organization_fhir_id, r.names AS names, r.identifiers AS identifiers, r.addresses AS addresses, r.telecoms AS telecoms, k.contained_id AS contained_id, r.updated_at AS sort0, k.contained_key AS sort1
FROM fhir_patients AS r JOIN (SELECT r.container_key AS container_key, r.resource_key AS contained_key, r.fhir_id AS contained_id
FROM phi.contained_resources AS r
WHERE r.container_table = 'fhir_patients' AND r.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p0)s::text AND left(i.normal, 200) < %(p1)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND true
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.contained_id AS contained_id, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.resource_type AS resource_type, r.fhir_id AS fhir_id, r.patient_fhir_id AS patient_fhir_id, r.resource_key AS resource_key, r.version_id AS version_id, r.version_xid AS version_xid, r.document_version AS document_version, r.updated_at AS updated_at, r.deleted_at AS deleted_at, k.contained_id AS contained_id, r.updated_at AS sort0, k.contained_key AS sort1
FROM phi.fhir_resources AS r JOIN (SELECT r.container_key AS container_key, r.resource_key AS contained_key, r.fhir_id AS contained_id
FROM phi.contained_resources AS r
WHERE r.container_table = 'fhir_resources' AND r.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p0)s::text AND left(i.normal, 200) < %(p1)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND r.resource_type IN (<types>)
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.contained_id AS contained_id, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.resource_type AS resource_type, r.fhir_id AS fhir_id, r.patient_fhir_id AS patient_fhir_id, r.resource_key AS resource_key, r.version_id AS version_id, r.version_xid AS version_xid, r.document_version AS document_version, r.updated_at AS updated_at, r.deleted_at AS deleted_at, k.contained_id AS contained_id, r.updated_at AS sort0, k.contained_key AS sort1
FROM open.fhir_resources AS r JOIN (SELECT r.container_key AS container_key, r.resource_key AS contained_key, r.fhir_id AS contained_id
FROM open.contained_resources AS r
WHERE r.container_table = 'fhir_resources' AND r.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM open.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p0)s::text AND left(i.normal, 200) < %(p1)s::text AND i.resource_key = r.resource_key))) AS k ON k.container_key = r.resource_key
WHERE r.deleted_at IS NULL AND r.resource_type IN ('Organization', 'Practitioner')
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 2 AS source, 'Observation' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, CAST(NULL AS TEXT) COLLATE "C" AS contained_id, NULL AS sort0, NULL AS sort1
WHERE (SELECT r.resource_key
FROM fhir_observations AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL
UNION ALL SELECT 'pending' AS mode, 1 AS source, 'Patient' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, CAST(NULL AS TEXT) COLLATE "C" AS contained_id, NULL AS sort0, NULL AS sort1
WHERE (SELECT r.resource_key
FROM fhir_patients AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 DESC, answer.sort1 DESC
-- next page
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Practitioner' AND (r.updated_at, r.resource_key) < (%(after0)s::timestamp with time zone, %(after1)s::bigint)
LIMIT ALL OFFSET 0)) AND (r.updated_at, r.resource_key) < (%(after0)s::timestamp with time zone, %(after1)s::bigint)
WHERE r.deleted_at IS NULL AND true AND (r.updated_at, k.contained_key) < (%(after0)s::timestamp with time zone, %(after1)s::bigint)
WHERE r.deleted_at IS NULL AND true AND (r.updated_at, k.contained_key) < (%(after0)s::timestamp with time zone, %(after1)s::bigint)
WHERE r.deleted_at IS NULL AND r.resource_type IN (<types>) AND (r.updated_at, k.contained_key) < (%(after0)s::timestamp with time zone, %(after1)s::bigint)
WHERE r.deleted_at IS NULL AND r.resource_type IN ('Organization', 'Practitioner') AND (r.updated_at, k.contained_key) < (%(after0)s::timestamp with time zone, %(after1)s::bigint)
