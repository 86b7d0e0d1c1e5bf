ALTER TABLE fhir_audit_logs DROP COLUMN entities, DROP COLUMN query_hash, DROP COLUMN request_id, DROP COLUMN status;
DROP INDEX fhir_audit_logs_resource_id;
-- resource_id stays nullable: rows without one may exist by now and are never changed

DROP TABLE fhir_patient_strings, fhir_patient_telecoms, fhir_patient_addresses, fhir_patient_identifiers, fhir_patient_names;
DROP INDEX fhir_patients_phone, fhir_patients_email, fhir_practitioners_last_name, fhir_practitioners_first_name,
    fhir_facilities_normal_name, organizations_normal_name, manufacturers_normal_name, fhir_observations_patient_date,
    fhir_observations_patient_code_date, fhir_observations_code_date, fhir_observations_category_date, fhir_observations_date,
    fhir_observations_effective_end, fhir_patients_birth_day;
ALTER TABLE fhir_patients DROP COLUMN birth_date_text, DROP COLUMN managing_organization_fhir_id, DROP COLUMN names,
    DROP COLUMN identifiers, DROP COLUMN addresses, DROP COLUMN telecoms;
ALTER TABLE fhir_practitioners DROP COLUMN user_snapshot;
ALTER TABLE fhir_facilities DROP COLUMN organization_fhir_id;
ALTER TABLE fhir_observations DROP COLUMN effective_end;
ALTER TABLE user_organizations DROP COLUMN practitioner_fhir_id, DROP COLUMN organization_fhir_id, DROP COLUMN role_codes,
    DROP COLUMN specialty, DROP COLUMN fhir_id;
ALTER TABLE manufacturers DROP COLUMN fhir_id;
ALTER TABLE organizations DROP CONSTRAINT organizations_fhir_id_key, ALTER COLUMN fhir_id DROP NOT NULL;
CREATE INDEX organizations_fhir_id ON organizations (fhir_id);

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_patients', 'fhir_practitioners', 'fhir_facilities', 'fhir_observations',
                                'organizations', 'manufacturers', 'user_organizations'] LOOP
        EXECUTE format('DROP INDEX IF EXISTS %s_updated_at', name); -- gone already where fhir_id went
        EXECUTE format('ALTER TABLE %I DROP COLUMN resource_key, DROP COLUMN version_id, DROP COLUMN version_xid,
            DROP COLUMN document_version, ALTER COLUMN updated_at DROP NOT NULL', name);
        IF name <> 'organizations' THEN
            EXECUTE format('ALTER TABLE %I DROP COLUMN deleted_at', name);
        END IF;
        EXECUTE format('CREATE TRIGGER portal_touch BEFORE UPDATE ON %I FOR EACH ROW
            WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
            EXECUTE FUNCTION portal_touch_updated_at()', name);
    END LOOP;
END $do$;
DROP TABLE fhir_tombstones;
DROP SEQUENCE fhir_resource_key;
DROP FUNCTION fhir_normalize(text), fhir_decompose(text), fhir_is_loinc(text), fhir_numeric(text);
