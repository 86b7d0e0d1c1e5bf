-- Observation?_id=w1&performer:Practitioner.name=smith
-- {'p0': 'w1', 'p1': 'smith', 'p2': 'smith\U0010ffff', 'p3': 'w1'}
SELECT <answer>, CAST(answer.sort0 AS TEXT) AS sort0
FROM (SELECT <page>, page.sort0 AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL AND r.fhir_id = %(p0)s::text AND ((EXISTS (SELECT 1
FROM open.fhir_resources AS r1
WHERE r1.deleted_at IS NULL AND r1.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM open.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p1)s::text AND left(i.normal, 200) < %(p2)s::text AND i.resource_key = r1.resource_key)) AND r1.fhir_id = r.practitioner_fhir_id))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN open.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Practitioner'
WHERE i1.parameter = 882011077 AND r1.deleted_at IS NULL AND r1.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM open.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p1)s::text AND left(i.normal, 200) < %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1626912057 AND r1.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p1)s::text AND left(i.normal, 200) < %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key)))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation' AND r.fhir_id = %(p3)s::text AND ((EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN open.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Practitioner'
WHERE i1.parameter = 882011077 AND r1.deleted_at IS NULL AND r1.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM open.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p1)s::text AND left(i.normal, 200) < %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1626912057 AND r1.resource_type = 'Practitioner'
AND (EXISTS (SELECT 1
FROM phi.string_index AS i
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p1)s::text AND left(i.normal, 200) < %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key)))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
UNION ALL SELECT 'pending' AS mode, 2 AS source, 'Observation' AS resource_type, NULL AS fhir_id, NULL AS version_id, NULL AS updated_at, NULL AS deleted_at, NULL AS document, NULL AS live, NULL AS last, NULL AS base, NULL AS sort0
WHERE (SELECT r.resource_key
FROM fhir_observations AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL) AS answer
ORDER BY answer.mode DESC, answer.sort0 ASC
-- next page
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p1)s::text AND left(i.normal, 200) < %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))) AND r.resource_key > %(after0)s::bigint
WHERE i.parameter = -1208722762 AND left(i.normal, 200) >= %(p1)s::text AND left(i.normal, 200) < %(p2)s::text AND i.resource_key = r1.resource_key)) AND i1.resource_key = r.resource_key))) AND r.resource_key > %(after0)s::bigint
