-- Three roles without login, for real logins to be members of: the FHIR server, a service that must not see protected health
-- information, and the portal. Roles belong to the whole cluster, so they are created only where missing and never dropped;
-- whoever migrates without CREATEROLE is told and goes on, and an administrator can create them and run fhir_grant() later.

-- Tables (and single columns) that a role without PHI rights may read. What is not listed it cannot see: a new table is
-- closed until someone opens it here.
CREATE FUNCTION fhir_grant() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_table record;
BEGIN
    IF to_regrole('fhir_app') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA public, phi, open, history TO fhir_app;
        -- no DELETE on what is audited: resources are deleted by setting deleted_at
        FOR found_table IN
            SELECT c.oid::regclass AS name, n.nspname AS place, c.relname AS plain
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'phi', 'open', 'history')
        LOOP
            IF found_table.place = 'history' OR found_table.plain IN ('fhir_tombstones', 'alembic_version') THEN
                EXECUTE format('GRANT SELECT ON %s TO fhir_app', found_table.name);
            ELSIF found_table.plain LIKE '%\_audit\_logs' THEN
                EXECUTE format('GRANT SELECT, INSERT ON %s TO fhir_app', found_table.name);
            ELSIF found_table.place IN ('phi', 'open') OR found_table.plain LIKE 'fhir\_patient\_%' THEN
                -- index rows and child rows are replaced; a resource moves between the generic store and its table
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO fhir_app', found_table.name);
            ELSE
                EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO fhir_app', found_table.name);
            END IF;
        END LOOP;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO fhir_app;
        GRANT EXECUTE ON FUNCTION public.fhir_create_audit_partitions(integer) TO fhir_app;
    END IF;

    IF to_regrole('fhir_business') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA public, open TO fhir_business;
        GRANT SELECT ON public.accounts, public.categories, public.organizations, public.roles, public.user_roles,
            public.user_organizations, public.fhir_practitioners, public.fhir_facilities, public.manufacturers,
            public.products, public.order_items, public.commission_records TO fhir_business;
        GRANT SELECT ON ALL TABLES IN SCHEMA open TO fhir_business;
        GRANT SELECT (id, first_name, last_name, npi_number, owner, created_at, updated_at, deleted_at)
            ON public.users TO fhir_business;
        GRANT SELECT (id, request_number, user_id, organization_id, facility_id, status, priority, submitted_at, completed_at,
                      created_at, updated_at) ON public.product_requests TO fhir_business;
        GRANT SELECT (id, order_number, product_request_id, manufacturer_id, total_amount, status, priority,
                      expected_ship_date, tracking_number, shipping_carrier, created_at, updated_at)
            ON public.orders TO fhir_business;
    END IF;

    IF to_regrole('fhir_portal') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA public TO fhir_portal;
        FOR found_table IN
            SELECT c.oid::regclass AS name, c.relname AS plain
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public'
              AND c.relname NOT IN ('fhir_tombstones', 'fhir_patient_strings', 'alembic_version')
        LOOP
            IF found_table.plain LIKE '%\_audit\_logs' THEN
                EXECUTE format('GRANT SELECT, INSERT ON %s TO fhir_portal', found_table.name);
            ELSE
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO fhir_portal', found_table.name);
            END IF;
        END LOOP;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO fhir_portal;
    END IF;
END $$;
REVOKE EXECUTE ON FUNCTION fhir_grant() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION fhir_create_audit_partitions(integer) FROM PUBLIC;

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_app', 'fhir_business', 'fhir_portal'] LOOP
        BEGIN
            IF to_regrole(name) IS NULL THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % is missing and this user may not create roles; see fhir_grant()', name;
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this cluster is migrated at the same time
        END;
    END LOOP;
    PERFORM fhir_grant();
END $do$;
