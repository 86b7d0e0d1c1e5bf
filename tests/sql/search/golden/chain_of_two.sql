-- Condition?encounter.patient.gender=female
-- {'p0': 'female', 'p1': 'female', 'p2': 'female', 'p3': 'female', 'p4': 'female', 'p5': 'female', 'p6': 'female'}
WITH few0 AS (SELECT k.resource_key AS resource_key
FROM (SELECT f.key AS resource_key
FROM (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Encounter'
WHERE i1.parameter = -1103450112 AND r1.deleted_at IS NULL AND r1.resource_type = 'Encounter' AND r1.resource_key IN (SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN fhir_patients AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.gender = %(p0)s::text
UNION ALL SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN phi.fhir_resources AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key))
UNION ALL SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN phi.contained_resources AS r2 ON r2.container_key = i2.resource_key AND i2.url = ('#' || r2.fhir_id)
WHERE i2.parameter = -784822013 AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)))) AS f
UNION ALL SELECT f.key AS resource_key
FROM (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1100505616 AND r1.resource_type = 'Encounter' AND ((EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN fhir_patients AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.gender = %(p2)s::text AND i2.resource_key = r1.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN phi.fhir_resources AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)) AND i2.resource_key = r1.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN phi.contained_resources AS b2 ON b2.resource_key = i2.resource_key JOIN phi.contained_resources AS r2 ON r2.container_key = b2.container_key AND i2.url = ('#' || r2.fhir_id)
WHERE i2.parameter = -784822013 AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)) AND i2.resource_key = r1.resource_key)))) AS f) AS k
LIMIT 2001), few1 AS (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Encounter'
WHERE i1.parameter = -1103450112 AND r1.deleted_at IS NULL AND r1.resource_type = 'Encounter' AND r1.resource_key IN (SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN fhir_patients AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.gender = %(p3)s::text
UNION ALL SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN phi.fhir_resources AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key))
UNION ALL SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN phi.contained_resources AS r2 ON r2.container_key = i2.resource_key AND i2.url = ('#' || r2.fhir_id)
WHERE i2.parameter = -784822013 AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)))
LIMIT 2001), few2 AS (SELECT i1.resource_key AS key
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1100505616 AND r1.resource_type = 'Encounter' AND ((EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN fhir_patients AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.gender = %(p4)s::text AND i2.resource_key = r1.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN phi.fhir_resources AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)) AND i2.resource_key = r1.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN phi.contained_resources AS b2 ON b2.resource_key = i2.resource_key JOIN phi.contained_resources AS r2 ON r2.container_key = b2.container_key AND i2.url = ('#' || r2.fhir_id)
WHERE i2.parameter = -784822013 AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)) AND i2.resource_key = r1.resource_key)))
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND (SELECT count(*) AS count_2
FROM few1) <= 2000 AND (SELECT count(*) AS count_3
FROM few2) <= 2000 AND ((r.resource_key IN (SELECT few1.key
FROM few1)) IS true OR (r.resource_key IN (SELECT few2.key
FROM few2)) IS true) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0
FROM (SELECT r.*, r.resource_key AS sort0
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND ((SELECT count(*) AS count_2
FROM few1) > 2000 OR (SELECT count(*) AS count_3
FROM few2) > 2000) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND ((EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Encounter'
WHERE i1.parameter = -1103450112 AND r1.deleted_at IS NULL AND r1.resource_type = 'Encounter' AND r1.resource_key IN (SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN fhir_patients AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.gender = %(p5)s::text
UNION ALL SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN phi.fhir_resources AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key))
UNION ALL SELECT i2.resource_key
FROM phi.reference_index AS i2 JOIN phi.contained_resources AS r2 ON r2.container_key = i2.resource_key AND i2.url = ('#' || r2.fhir_id)
WHERE i2.parameter = -784822013 AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key))) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = 1100505616 AND r1.resource_type = 'Encounter' AND ((EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN fhir_patients AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.gender = %(p6)s::text AND i2.resource_key = r1.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN phi.fhir_resources AS r2 ON r2.fhir_id = i2.target_id AND i2.target_type = 'Patient'
WHERE i2.parameter = -70454759 AND r2.deleted_at IS NULL AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)) AND i2.resource_key = r1.resource_key))
OR (EXISTS (SELECT 1
FROM phi.reference_index AS i2 JOIN phi.contained_resources AS b2 ON b2.resource_key = i2.resource_key JOIN phi.contained_resources AS r2 ON r2.container_key = b2.container_key AND i2.url = ('#' || r2.fhir_id)
WHERE i2.parameter = -784822013 AND r2.resource_type = 'Patient'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = -864320864 AND i.code = %(p1)s::text AND i.resource_key = r2.resource_key)) AND i2.resource_key = r1.resource_key))) AND i1.resource_key = r.resource_key
LIMIT ALL OFFSET 0)))
ORDER BY sort0 ASC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 ASC
-- next page
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND r.resource_key > %(after0)s::bigint
FROM few2)) IS true) AND r.deleted_at IS NULL AND r.resource_type = 'Condition' AND r.resource_key > %(after0)s::bigint
LIMIT ALL OFFSET 0))) AND r.resource_key > %(after0)s::bigint
