DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_patients', 'fhir_practitioners', 'fhir_facilities', 'fhir_observations',
                                'organizations', 'manufacturers', 'user_organizations'] LOOP
        EXECUTE format('DROP INDEX public.%1$s_undocumented', name);
    END LOOP;
END $do$;
-- The index rows of added parameters are found by nobody; they would meet the next ones of the same name.
DO $do$
DECLARE
    store text;
    kind text;
BEGIN
    FOREACH store IN ARRAY ARRAY['phi', 'open'] LOOP
        FOREACH kind IN ARRAY ARRAY['token', 'string', 'reference', 'date', 'number', 'quantity', 'uri'] LOOP
            EXECUTE format($sql$DELETE FROM %I.%I WHERE parameter IN (
                SELECT ('x' || substr(encode(sha256(convert_to(p.resource_type || '.' || p.code || s.suffix, 'UTF8')), 'hex'), 1, 8))
                    ::bit(32)::int
                FROM open.search_parameters p CROSS JOIN (VALUES (''), (':text'), (':of-type')) AS s(suffix))$sql$,
                store, kind || '_index');
        END LOOP;
    END LOOP;
END $do$;
DROP FUNCTION fhir_require_parameters(bigint);
DROP TABLE open.search_parameters, open.search_parameter_changes;
