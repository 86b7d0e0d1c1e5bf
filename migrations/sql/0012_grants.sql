-- A line of an order now shows whose it is: a role without PHI rights reads its other columns only.
CREATE OR REPLACE FUNCTION fhir_grant() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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
        REVOKE SELECT ON public.order_items FROM fhir_business;
        GRANT SELECT ON public.accounts, public.categories, public.organizations, public.roles, public.user_roles,
            public.user_organizations, public.fhir_practitioners, public.fhir_facilities, public.manufacturers,
            public.products, public.commission_records TO fhir_business;
        GRANT SELECT ON ALL TABLES IN SCHEMA open TO fhir_business;
        GRANT SELECT (id, first_name, last_name, npi_number, owner, created_at, updated_at, deleted_at)
            ON public.users TO fhir_business;
        GRANT SELECT (id, request_number, user_id, organization_id, facility_id, status, priority, submitted_at, completed_at,
                      created_at, updated_at, fhir_id, resource_key, version_id, deleted_at)
            ON public.product_requests TO fhir_business;
        GRANT SELECT (id, order_number, product_request_id, manufacturer_id, total_amount, status, priority,
                      expected_ship_date, tracking_number, shipping_carrier, created_at, updated_at, fhir_id, resource_key,
                      version_id, deleted_at, product_request_fhir_id, manufacturer_fhir_id)
            ON public.orders TO fhir_business;
        GRANT SELECT (id, order_id, product_id, quantity, unit_price, total_price, product_specifications, created_at, updated_at,
                      fhir_id, resource_key, version_id, deleted_at, line_number, order_fhir_id, order_number, line_identifier, order_status,
                      order_created_at, manufacturer_fhir_id, product_snapshot)
            ON public.order_items TO fhir_business;
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
SELECT fhir_grant();
