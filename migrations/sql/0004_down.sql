DO $do$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT t.tgname AS name, t.tgrelid::regclass AS place FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname ~ '^fhir_[0-9]{2}_'
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.name, found.place);
    END LOOP;
    FOR found IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
          AND (p.proname ~ '^fhir_(before|project|version|refuse|role|user)_'
               OR p.proname IN ('fhir_next_position', 'fhir_create_audit_partitions'))
    LOOP
        EXECUTE format('DROP FUNCTION %s', found.name);
    END LOOP;
END $do$;
