-- Practitioner and PractitionerRole: what they say from users, roles and organizations is copied into their own rows.
--
-- Two transactions may write the two sides at once (a user is renamed while a practitioner is linked to it). Whoever copies
-- first locks the user, so the second waits and its next statement sees what the first did.

CREATE FUNCTION fhir_user_snapshot(users) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN jsonb_strip_nulls(jsonb_build_object( -- an explicit list: the password must never be in it
        'first_name', $1.first_name, 'last_name', $1.last_name, 'email', $1.email, 'phone', $1.phone,
        'npi_number', $1.npi_number));

CREATE FUNCTION fhir_before_practitioner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.user_snapshot := NULL;
    IF NEW.user_id IS NOT NULL THEN
        SELECT public.fhir_user_snapshot(u) INTO NEW.user_snapshot FROM public.users u WHERE u.id = NEW.user_id
            FOR NO KEY UPDATE;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_10_user_snapshot BEFORE INSERT OR UPDATE OF user_id, user_snapshot ON fhir_practitioners
    FOR EACH ROW EXECUTE FUNCTION fhir_before_practitioner();

CREATE FUNCTION fhir_project_users() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- not a join: its plan would be made for the session's first statement and never end for a large one
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, first_name, last_name, email, phone, npi_number FROM new_rows
        EXCEPT SELECT id, first_name, last_name, email, phone, npi_number FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        UPDATE public.fhir_practitioners p SET user_snapshot = public.fhir_user_snapshot(u)
        FROM public.users u
        WHERE u.id = ANY (touched) AND p.user_id = u.id AND p.user_snapshot IS DISTINCT FROM public.fhir_user_snapshot(u);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON users
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_users();

-- The columns of user_organizations that come from elsewhere, as they should be for these users. A user with two practitioner
-- rows (the schema allows it) is the older one, unless that was deleted.
CREATE FUNCTION fhir_role_of_user(organization bigint, worker bigint,
        OUT practitioner_fhir_id text, OUT organization_fhir_id text, OUT role_codes jsonb, OUT specialty jsonb)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.fhir_id, (SELECT o.fhir_id FROM public.organizations o WHERE o.id = organization), (
            SELECT jsonb_agg(jsonb_build_object('slug', r.slug, 'name', r.name) ORDER BY r.slug)
            FROM public.user_roles ur JOIN public.roles r ON r.id = ur.role_id WHERE ur.user_id = worker
        ), p.specialty
    FROM (VALUES (worker)) AS u (id) LEFT JOIN LATERAL (
        SELECT c.fhir_id, c.specialty FROM public.fhir_practitioners c WHERE c.user_id = u.id
        ORDER BY c.deleted_at IS NOT NULL, c.id LIMIT 1
    ) p ON true
$$;

CREATE FUNCTION fhir_before_user_organization() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.users u WHERE u.id = NEW.user_id FOR NO KEY UPDATE;
    PERFORM FROM public.user_roles ur JOIN public.roles r ON r.id = ur.role_id WHERE ur.user_id = NEW.user_id FOR SHARE OF r;
    SELECT s.* INTO NEW.practitioner_fhir_id, NEW.organization_fhir_id, NEW.role_codes, NEW.specialty
        FROM public.fhir_role_of_user(NEW.organization_id, NEW.user_id) s;
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF user_id, organization_id, practitioner_fhir_id, organization_fhir_id, role_codes, specialty
    ON user_organizations FOR EACH ROW EXECUTE FUNCTION fhir_before_user_organization();

-- Called by the triggers of the other tables with the users they touched; the BEFORE trigger above computes the values.
CREATE FUNCTION fhir_project_user_organizations(touched bigint[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.users u WHERE u.id = ANY (touched) ORDER BY u.id FOR NO KEY UPDATE;
    UPDATE public.user_organizations uo SET role_codes = s.role_codes
    FROM public.user_organizations t
        CROSS JOIN LATERAL public.fhir_role_of_user(t.organization_id, t.user_id) s
    WHERE t.user_id = ANY (touched) AND uo.id = t.id
        AND (uo.practitioner_fhir_id, uo.organization_fhir_id, uo.role_codes, uo.specialty) IS DISTINCT FROM
            (s.practitioner_fhir_id, s.organization_fhir_id, s.role_codes, s.specialty);
END $$;

-- Only what the copy shows: locking the user for every change of a practitioner would invite deadlocks.
CREATE FUNCTION fhir_project_practitioners() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT user_id FROM new_rows WHERE user_id IS NOT NULL);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT user_id FROM old_rows WHERE user_id IS NOT NULL);
    ELSE
        touched := ARRAY(
            SELECT user_id FROM (
                SELECT id, user_id, specialty, deleted_at IS NULL FROM old_rows
                EXCEPT SELECT id, user_id, specialty, deleted_at IS NULL FROM new_rows) replaced
            WHERE user_id IS NOT NULL
            UNION SELECT user_id FROM (
                SELECT id, user_id, specialty, deleted_at IS NULL FROM new_rows
                EXCEPT SELECT id, user_id, specialty, deleted_at IS NULL FROM old_rows) replacing
            WHERE user_id IS NOT NULL);
    END IF;
    IF touched <> '{}' THEN
        PERFORM public.fhir_project_user_organizations(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION fhir_project_user_roles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT user_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT user_id FROM old_rows);
    ELSE
        touched := ARRAY(SELECT user_id FROM old_rows UNION SELECT user_id FROM new_rows);
    END IF;
    PERFORM public.fhir_project_user_organizations(touched);
    RETURN NULL;
END $$;

CREATE FUNCTION fhir_project_roles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT DISTINCT ur.user_id FROM new_rows n JOIN public.user_roles ur ON ur.role_id = n.id);
BEGIN
    IF touched <> '{}' THEN
        PERFORM public.fhir_project_user_organizations(touched);
    END IF;
    RETURN NULL;
END $$;

DO $do$
DECLARE
    name text;
    project text;
BEGIN
    FOR name, project IN VALUES ('user_roles', 'fhir_project_user_roles'),
                                ('fhir_practitioners', 'fhir_project_practitioners') LOOP
        EXECUTE format('CREATE TRIGGER fhir_40_project_insert AFTER INSERT ON %I
            REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', name, project);
        EXECUTE format('CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON %I
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', name, project);
        EXECUTE format('CREATE TRIGGER fhir_40_project_delete AFTER DELETE ON %I
            REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', name, project);
    END LOOP;
END $do$;
CREATE TRIGGER fhir_90_refuse_truncate BEFORE TRUNCATE ON user_roles
    FOR EACH STATEMENT EXECUTE FUNCTION fhir_refuse_truncate();
CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON roles
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_roles();
