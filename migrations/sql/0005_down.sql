-- The roles stay: other databases of the cluster may use them.
DO $do$
DECLARE
    name text;
    place text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_app', 'fhir_business', 'fhir_portal'] LOOP
        CONTINUE WHEN to_regrole(name) IS NULL;
        FOREACH place IN ARRAY ARRAY['public', 'phi', 'open', 'history'] LOOP
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', place, name);
            EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', place, name);
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', place, name);
        END LOOP;
        EXECUTE format('REVOKE ALL ON FUNCTION fhir_create_audit_partitions(integer) FROM %I', name);
    END LOOP;
END $do$;
DROP FUNCTION fhir_grant();
GRANT EXECUTE ON FUNCTION fhir_create_audit_partitions(integer) TO PUBLIC;
