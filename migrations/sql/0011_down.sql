DROP TABLE open.index_rebuilds;
-- Index rows that nobody keeps would meet those that a later upgrade builds: numbers of the four parameters and of their texts.
DO $do$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['token', 'string', 'date'] LOOP
        EXECUTE format($sql$DELETE FROM phi.%I WHERE parameter IN (
            SELECT ('x' || substr(encode(sha256(convert_to(n.name || s.suffix, 'UTF8')), 'hex'), 1, 8))::bit(32)::int
            FROM (VALUES ('CareTeam.role'), ('Condition.asserted-date'), ('Encounter.discharge-disposition'), ('Goal.description'))
                AS n (name) CROSS JOIN (VALUES (''), (':text'), (':of-type')) AS s (suffix))$sql$, kind || '_index');
    END LOOP;
END $do$;
WITH gone AS (DELETE FROM open.search_parameters WHERE fhir_id = '' RETURNING 1)
UPDATE open.search_parameter_changes SET counter = counter + 1 WHERE EXISTS (SELECT FROM gone);
