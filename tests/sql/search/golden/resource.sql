-- Patient/pa
-- {'p0': 'pa', 'p1': 'pa'}
SELECT 'match' AS mode, 1 AS source, 'Patient' AS resource_type, r.fhir_id, r.version_id, r.updated_at, r.deleted_at, d.document, CASE WHEN (d.document IS NULL) THEN row_to_json(r) END AS live, CASE WHEN (d.document IS NULL AND r.document_version IS NOT NULL) THEN (SELECT l.document
FROM phi.documents AS l
WHERE l.resource_type = 'Patient' AND l.fhir_id = r.fhir_id AND l.version_id = r.document_version) END AS last, CASE WHEN (d.document IS NULL AND r.document_version IS NOT NULL) THEN (SELECT row_to_json(h) AS row_to_json_1
FROM history.fhir_patients AS h
WHERE h.fhir_id = r.fhir_id AND h.version_id = r.document_version) END AS base
FROM fhir_patients AS r LEFT OUTER JOIN LATERAL (SELECT v.document AS document
FROM phi.documents AS v
WHERE v.resource_type = 'Patient' AND v.fhir_id = r.fhir_id AND v.version_id = r.version_id
LIMIT 1) AS d ON true
WHERE r.fhir_id = %(p0)s::text
UNION ALL SELECT 'match' AS mode, 100 AS source, 'Patient' AS resource_type, r.fhir_id, r.version_id, r.updated_at, r.deleted_at, d.document, NULL::json AS live, NULL::json AS last, NULL::json AS base
FROM phi.fhir_resources AS r LEFT OUTER JOIN LATERAL (SELECT v.document AS document
FROM phi.documents AS v
WHERE v.resource_type = 'Patient' AND v.fhir_id = r.fhir_id AND v.version_id = r.version_id
LIMIT 1) AS d ON true
WHERE r.resource_type = 'Patient' AND r.fhir_id = %(p1)s::text
