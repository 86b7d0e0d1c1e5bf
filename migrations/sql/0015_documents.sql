-- The tables get the columns of their copies, with what these are for the rows that are there; then they become resources.

DROP TRIGGER portal_touch ON patient_manufacturer_ivr_episodes;
DROP TRIGGER portal_touch ON docuseal_submissions;
DROP TRIGGER portal_touch ON commission_records;
DROP TRIGGER portal_touch ON clinical_opportunities;

ALTER TABLE patient_manufacturer_ivr_episodes
    ADD COLUMN manufacturer_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN product_request_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN started_at timestamptz; -- only FHIR says it
UPDATE patient_manufacturer_ivr_episodes e SET
    manufacturer_fhir_id = (SELECT m.fhir_id FROM manufacturers m WHERE m.id = e.manufacturer_id),
    product_request_fhir_id = (SELECT r.fhir_id FROM product_requests r WHERE r.id = e.product_request_id);
CREATE INDEX patient_manufacturer_ivr_episodes_manufacturer_fhir_id ON patient_manufacturer_ivr_episodes (manufacturer_fhir_id);
CREATE INDEX patient_manufacturer_ivr_episodes_product_request_fhir_id
    ON patient_manufacturer_ivr_episodes (product_request_fhir_id);
CREATE INDEX patient_manufacturer_ivr_episodes_expires_at ON patient_manufacturer_ivr_episodes (expires_at);
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF manufacturer_id, manufacturer_fhir_id, product_request_id, product_request_fhir_id, completed_at
    ON patient_manufacturer_ivr_episodes FOR EACH ROW EXECUTE FUNCTION fhir_before_episode();
SELECT fhir_make_resource('patient_manufacturer_ivr_episodes', 'Task', 'phi');

ALTER TABLE docuseal_submissions
    ADD COLUMN episode_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN patient_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN binary_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN file_content_type varchar(100),
    ADD COLUMN file_size integer,
    ADD COLUMN file_hash varchar(28);
UPDATE docuseal_submissions s SET episode_fhir_id = e.fhir_id, patient_fhir_id = e.patient_fhir_id
FROM patient_manufacturer_ivr_episodes e WHERE e.id = s.episode_id;
CREATE INDEX docuseal_submissions_episode_fhir_id ON docuseal_submissions (episode_fhir_id);
CREATE INDEX docuseal_submissions_patient_fhir_id ON docuseal_submissions (patient_fhir_id);
-- The trigger computes the copies whatever it is given.
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF episode_id, episode_fhir_id, patient_fhir_id, binary_fhir_id, file_content_type, file_size, file_hash
    ON docuseal_submissions FOR EACH ROW EXECUTE FUNCTION fhir_before_submission();
SELECT fhir_make_resource('docuseal_submissions', 'DocumentReference', 'phi');

CREATE TRIGGER fhir_10_projection BEFORE INSERT OR UPDATE OF submission_id, content, sha1, size, document_fhir_id
    ON docuseal_files FOR EACH ROW EXECUTE FUNCTION fhir_before_file();
SELECT fhir_make_resource('docuseal_files', 'Binary', 'phi');

-- The store that a role without PHI rights may read: a commission shows no patient.
ALTER TABLE commission_records
    ADD COLUMN sales_rep_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN order_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN organization_fhir_id varchar(100) COLLATE "C";
UPDATE commission_records c SET
    sales_rep_fhir_id = fhir_practitioner_of_user(c.sales_rep_id),
    order_fhir_id = (SELECT o.fhir_id FROM orders o WHERE o.id = c.order_id),
    organization_fhir_id = (SELECT o.fhir_id FROM organizations o WHERE o.id = c.organization_id);
CREATE INDEX commission_records_sales_rep_fhir_id ON commission_records (sales_rep_fhir_id);
CREATE INDEX commission_records_order_fhir_id ON commission_records (order_fhir_id);
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF sales_rep_id, sales_rep_fhir_id, order_id, order_fhir_id, organization_id, organization_fhir_id
    ON commission_records FOR EACH ROW EXECUTE FUNCTION fhir_before_commission();
SELECT fhir_make_resource('commission_records', 'Basic', 'open');

ALTER TABLE clinical_opportunities
    ADD COLUMN assignee_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN risk_scale varchar(20); -- what risk_score counts, where the portal says it: 'percentage'
UPDATE clinical_opportunities c SET assignee_fhir_id = fhir_practitioner_of_user(c.assigned_to);
CREATE INDEX clinical_opportunities_assignee_fhir_id ON clinical_opportunities (assignee_fhir_id);
CREATE TRIGGER fhir_10_projection BEFORE INSERT OR UPDATE OF assigned_to, assignee_fhir_id
    ON clinical_opportunities FOR EACH ROW EXECUTE FUNCTION fhir_before_opportunity();
SELECT fhir_make_resource('clinical_opportunities', 'Task', 'phi');

CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON patient_manufacturer_ivr_episodes
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_episodes();
CREATE TRIGGER fhir_40_project_insert AFTER INSERT ON docuseal_files
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_files();
CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON docuseal_files
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_files();
CREATE TRIGGER fhir_40_project_delete AFTER DELETE ON docuseal_files
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_files();
CREATE TRIGGER fhir_50_staff_insert AFTER INSERT ON fhir_practitioners
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_staff();
CREATE TRIGGER fhir_50_staff_update AFTER UPDATE ON fhir_practitioners
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_staff();
CREATE TRIGGER fhir_50_staff_delete AFTER DELETE ON fhir_practitioners
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_staff();
