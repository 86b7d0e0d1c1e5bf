-- Observation?code=39126-8
SELECT (SELECT count(*) AS count_1
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL AND r.code = %(p0)s::text) + (SELECT count(*) AS count_2
FROM fhir_observations AS r
WHERE r.deleted_at IS NULL
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p1)s::text AND i.resource_key = r.resource_key)) AND (r.code = %(p2)s::text) IS NOT true) + (SELECT count(*) AS count_3
FROM phi.fhir_resources AS r
WHERE r.deleted_at IS NULL AND r.resource_type = 'Observation'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -1499930192 AND i.code = %(p1)s::text AND i.resource_key = r.resource_key))) AS total, (SELECT r.resource_key
FROM fhir_observations AS r
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key
LIMIT 1) IS NOT NULL AS pending
