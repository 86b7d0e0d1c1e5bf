-- How a user can be reached at work, copied into each of the user's roles.
ALTER TABLE user_organizations ADD COLUMN user_contact jsonb;
ALTER TABLE history.user_organizations ADD COLUMN user_contact jsonb;
SELECT fhir_version_table('public.user_organizations', 'history.user_organizations', 'PractitionerRole', 'open');

CREATE FUNCTION fhir_user_contact(users) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN nullif(jsonb_strip_nulls(jsonb_build_object('phone', $1.phone, 'email', $1.email)), '{}');

-- The projection, which comes before by its name, has locked the user.
CREATE FUNCTION fhir_before_user_contact() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.user_contact := (SELECT public.fhir_user_contact(u) FROM public.users u WHERE u.id = NEW.user_id);
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_11_user_contact BEFORE INSERT OR UPDATE OF user_id, user_contact ON user_organizations
    FOR EACH ROW EXECUTE FUNCTION fhir_before_user_contact();

CREATE FUNCTION fhir_project_contacts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, phone, email FROM new_rows EXCEPT SELECT id, phone, email FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        UPDATE public.user_organizations o SET user_contact = NULL WHERE o.user_id = ANY (touched);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fhir_41_contacts AFTER UPDATE ON users
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_contacts();

-- As with requests: no new version for a row that has no document.
ALTER TABLE user_organizations DISABLE TRIGGER fhir_20_version_update, DISABLE TRIGGER fhir_30_history_update;
UPDATE user_organizations SET user_contact = NULL WHERE document_version IS NULL;
ALTER TABLE user_organizations ENABLE TRIGGER fhir_20_version_update, ENABLE TRIGGER fhir_30_history_update;
UPDATE user_organizations SET user_contact = NULL WHERE document_version IS NOT NULL;
