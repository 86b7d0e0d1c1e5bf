-- The roles may use the new tables as they may use those of the same schemas. The units are the program's: nobody changes them.
SELECT fhir_grant();
DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_app', 'fhir_portal'] LOOP
        CONTINUE WHEN to_regrole(name) IS NULL;
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON public.fhir_ucum_units FROM %I', name);
    END LOOP;
END $do$;
