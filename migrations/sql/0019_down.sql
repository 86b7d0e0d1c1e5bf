DROP FUNCTION fhir_grant();
ALTER FUNCTION fhir_grant_tables() RENAME TO fhir_grant;
DO $do$
BEGIN
    IF to_regrole('fhir_business') IS NOT NULL THEN
        REVOKE INSERT ON fhir_audit_logs FROM fhir_business;
        REVOKE USAGE ON SEQUENCE fhir_audit_logs_id_seq FROM fhir_business;
    END IF;
END $do$;
DROP FUNCTION fhir_show_to_business(text, jsonb, text), fhir_make_empty_view(text, text, regclass);
DROP SCHEMA business, business_history, business_private CASCADE;
SELECT fhir_grant();
ALTER TABLE fhir_audit_logs DROP COLUMN caller;
