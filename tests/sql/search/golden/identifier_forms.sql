-- Patient?identifier=urn:x|1,2,|3,urn:y|
-- {'p0': '1', 'p1': 'urn:x', 'p2': '2', 'p3': '3', 'p4': 'urn:y', 'p5': '1', 'p6': 'urn:x', 'p7': '2', 'p8': '3', 'p9': 'urn:y'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.token_index AS i JOIN phi.fhir_resources AS s ON s.resource_key = i.resource_key
WHERE i.parameter = -813337701 AND (i.system = %(p6)s::text AND i.code = %(p5)s::text OR i.code = %(p7)s::text OR i.system IS NULL AND i.code = %(p8)s::text OR i.system = %(p9)s::text) AND s.deleted_at IS NULL AND s.resource_type = 'Patient'
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM fhir_patients AS r
WHERE r.deleted_at IS NULL AND (r.fhir_id = ANY (array((SELECT c.patient_fhir_id
FROM fhir_patient_identifiers AS c
WHERE c.system = %(p1)s::text AND c.value = %(p0)s::text))) OR r.fhir_id = ANY (array((SELECT c.patient_fhir_id
FROM fhir_patient_identifiers AS c
WHERE c.value = %(p2)s::text))) OR r.fhir_id = ANY (array((SELECT c.patient_fhir_id
FROM fhir_patient_identifiers AS c
WHERE c.system IS NULL AND c.value = %(p3)s::text))) OR r.fhir_id = ANY (array((SELECT c.patient_fhir_id
FROM fhir_patient_identifiers AS c
WHERE c.system = %(p4)s::text AND c.value IS NOT NULL))))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -813337701 AND (i.system = %(p6)s::text AND i.code = %(p5)s::text OR i.code = %(p7)s::text OR i.system IS NULL AND i.code = %(p8)s::text OR i.system = %(p9)s::text) AND i.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
WHERE c.system = %(p4)s::text AND c.value IS NOT NULL)))) AND r.resource_key > %(after0)s::bigint
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Patient' AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0)) AND r.resource_key > %(after0)s::bigint
