DROP TRIGGER fhir_50_staff_insert ON fhir_practitioners;
DROP TRIGGER fhir_50_staff_update ON fhir_practitioners;
DROP TRIGGER fhir_50_staff_delete ON fhir_practitioners;
SELECT fhir_drop_shadow('clinical_opportunities', 'opportunity_risks', 'RiskAssessment', 'phi');
SELECT fhir_drop_shadow('patient_manufacturer_ivr_episodes', 'ivr_answers', 'QuestionnaireResponse', 'phi');
SELECT fhir_unmake_resource('clinical_opportunities', 'Task', 'phi');
SELECT fhir_unmake_resource('commission_records', 'Basic', 'open');
SELECT fhir_unmake_resource('docuseal_files', 'Binary', 'phi');
SELECT fhir_unmake_resource('docuseal_submissions', 'DocumentReference', 'phi');
SELECT fhir_unmake_resource('patient_manufacturer_ivr_episodes', 'Task', 'phi');
DROP TABLE docuseal_files;
DROP FUNCTION fhir_before_risk(), fhir_before_answers(), fhir_project_staff(), fhir_project_files(), fhir_project_episodes(), fhir_before_opportunity(),
    fhir_before_commission(), fhir_before_submission(), fhir_before_episode(), fhir_before_file();
ALTER TABLE clinical_opportunities DROP COLUMN assignee_fhir_id, DROP COLUMN risk_scale;
ALTER TABLE commission_records DROP COLUMN sales_rep_fhir_id, DROP COLUMN order_fhir_id, DROP COLUMN organization_fhir_id;
ALTER TABLE docuseal_submissions DROP COLUMN episode_fhir_id, DROP COLUMN patient_fhir_id, DROP COLUMN binary_fhir_id,
    DROP COLUMN file_content_type, DROP COLUMN file_size, DROP COLUMN file_hash;
DROP INDEX patient_manufacturer_ivr_episodes_expires_at;
ALTER TABLE patient_manufacturer_ivr_episodes DROP COLUMN manufacturer_fhir_id, DROP COLUMN product_request_fhir_id,
    DROP COLUMN started_at;
-- Index rows that nobody keeps would meet those that a later upgrade builds.
DO $do$
DECLARE
    place text;
    kind text;
BEGIN
    FOREACH place IN ARRAY ARRAY['phi', 'open'] LOOP
        FOREACH kind IN ARRAY ARRAY['token', 'date', 'reference'] LOOP
            EXECUTE format($sql$DELETE FROM %I.%I WHERE parameter IN (
                SELECT ('x' || substr(encode(sha256(convert_to(n.name, 'UTF8')), 'hex'), 1, 8))::bit(32)::int
                FROM (VALUES ('Task.expires'), ('Basic.order'), ('Basic.period'), ('Basic.status'), ('Basic.sales-rep'))
                    AS n (name))$sql$, place, kind || '_index');
        END LOOP;
    END LOOP;
END $do$;
WITH gone AS (
    DELETE FROM open.search_parameters WHERE fhir_id = '' AND (resource_type, code) IN (('Task', 'due'),
        ('Basic', 'order'), ('Basic', 'period'), ('Basic', 'status'), ('Basic', 'sales-rep')) RETURNING 1)
UPDATE open.search_parameter_changes SET counter = counter + 1 WHERE EXISTS (SELECT FROM gone);
