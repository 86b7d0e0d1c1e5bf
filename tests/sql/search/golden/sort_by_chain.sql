-- Condition?code=a&_sort=-patient.birthdate
-- {'p0': 'a'}
WITH few0 AS (SELECT i.resource_key AS resource_key
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text
LIMIT 2001) SELECT <page>, CAST(page.sort0 AS TEXT) AS sort0, CAST(page.sort1 AS TEXT) AS sort1
FROM (SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(greatest((SELECT max(r1.birth_date) AS max_1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1196074609 AND r1.deleted_at IS NULL AND true AND i1.resource_key = r.resource_key), (SELECT max((SELECT max(i.low) AS max_3
FROM phi.date_index AS i
WHERE i.resource_key = r1.resource_key AND i.parameter = 2095818023)) AS max_2
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1196074609 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient' AND i1.resource_key = r.resource_key), (SELECT max((SELECT max(i.low) AS max_5
FROM phi.date_index AS i
WHERE i.resource_key = r1.resource_key AND i.parameter = 2095818023)) AS max_4
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = -423308248 AND r1.resource_type = 'Patient' AND i1.resource_key = r.resource_key)), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) <= 2000 AND r.resource_key = ANY (array((SELECT few0.resource_key
FROM few0))) AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
UNION ALL SELECT <match>, r.resource_key AS resource_key, r.sort0 AS sort0, r.sort1 AS sort1
FROM (SELECT r.*, coalesce(greatest((SELECT max(r1.birth_date) AS max_1
FROM phi.reference_index AS i1 JOIN fhir_patients AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1196074609 AND r1.deleted_at IS NULL AND true AND i1.resource_key = r.resource_key), (SELECT max((SELECT max(i.low) AS max_3
FROM phi.date_index AS i
WHERE i.resource_key = r1.resource_key AND i.parameter = 2095818023)) AS max_2
FROM phi.reference_index AS i1 JOIN phi.fhir_resources AS r1 ON r1.fhir_id = i1.target_id AND i1.target_type = 'Patient'
WHERE i1.parameter = 1196074609 AND r1.deleted_at IS NULL AND r1.resource_type = 'Patient' AND i1.resource_key = r.resource_key), (SELECT max((SELECT max(i.low) AS max_5
FROM phi.date_index AS i
WHERE i.resource_key = r1.resource_key AND i.parameter = 2095818023)) AS max_4
FROM phi.reference_index AS i1 JOIN phi.contained_resources AS r1 ON r1.container_key = i1.resource_key AND i1.url = ('#' || r1.fhir_id)
WHERE i1.parameter = -423308248 AND r1.resource_type = 'Patient' AND i1.resource_key = r.resource_key)), '-infinity'::timestamptz) AS sort0, r.fhir_id AS sort1
FROM phi.fhir_resources AS r
WHERE (SELECT count(*) AS count_1
FROM few0) > 2000 AND r.deleted_at IS NULL AND r.resource_type = 'Condition'
AND (EXISTS (SELECT 1
FROM phi.token_index AS i
WHERE i.parameter = 1416089677 AND i.code = %(p0)s::text AND i.resource_key = r.resource_key))
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS r
ORDER BY sort0 DESC, sort1 DESC
LIMIT %(limit)s::bigint) AS page
ORDER BY page.sort0 DESC, page.sort1 DESC
-- next page
WHERE i1.parameter = -423308248 AND r1.resource_type = 'Patient' AND i1.resource_key = r.resource_key)), '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
WHERE i1.parameter = -423308248 AND r1.resource_type = 'Patient' AND i1.resource_key = r.resource_key)), '-infinity'::timestamptz), r.fhir_id) < (%(after0)s::timestamp with time zone, %(after1)s::text)
