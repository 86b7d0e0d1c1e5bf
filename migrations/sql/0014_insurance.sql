-- Eligibility checks, prior authorizations and validations by Medicare contractors become resources; a check that knows whether the
-- coverage is active is a Coverage besides.

DROP TRIGGER portal_touch ON eligibility_checks;
DROP TRIGGER portal_touch ON prior_authorizations;
DROP TRIGGER portal_touch ON medicare_mac_validations;

-- The portal does not number its checks. What comes through FHIR is told by this number to be one.
ALTER TABLE eligibility_checks ADD COLUMN check_number varchar(100) CONSTRAINT eligibility_checks_check_number_key UNIQUE;
SELECT fhir_make_resource('eligibility_checks', 'CoverageEligibilityResponse', 'phi');

ALTER TABLE prior_authorizations
    ADD COLUMN product_request_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN patient_fhir_id varchar(100) COLLATE "C";
UPDATE prior_authorizations a SET product_request_fhir_id = r.fhir_id, patient_fhir_id = r.patient_fhir_id
FROM product_requests r WHERE r.id = a.product_request_id;
CREATE INDEX prior_authorizations_product_request_fhir_id ON prior_authorizations (product_request_fhir_id);
CREATE INDEX prior_authorizations_patient_fhir_id ON prior_authorizations (patient_fhir_id);
SELECT fhir_make_resource('prior_authorizations', 'ClaimResponse', 'phi');
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF product_request_id, product_request_fhir_id, patient_fhir_id
    ON prior_authorizations FOR EACH ROW EXECUTE FUNCTION fhir_before_prior_authorization();
CREATE TRIGGER fhir_41_authorizations_update AFTER UPDATE ON product_requests
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_authorized_requests();

ALTER TABLE medicare_mac_validations
    ADD COLUMN order_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN facility_fhir_id varchar(100) COLLATE "C";
UPDATE medicare_mac_validations v SET
    order_fhir_id = (SELECT o.fhir_id FROM orders o WHERE o.id = v.order_id),
    facility_fhir_id = (SELECT f.fhir_id FROM fhir_facilities f WHERE f.id = v.facility_id);
CREATE INDEX medicare_mac_validations_order_fhir_id ON medicare_mac_validations (order_fhir_id);
CREATE INDEX medicare_mac_validations_facility_fhir_id ON medicare_mac_validations (facility_fhir_id);
SELECT fhir_make_resource('medicare_mac_validations', 'Task', 'phi');
CREATE TRIGGER fhir_10_projection
    BEFORE INSERT OR UPDATE OF order_id, order_fhir_id, facility_id, facility_fhir_id
    ON medicare_mac_validations FOR EACH ROW EXECUTE FUNCTION fhir_before_mac_validation();

SELECT fhir_make_shadow('eligibility_checks', 'eligibility_coverages', 'Coverage', 'phi',
    ARRAY['patient_fhir_id', 'payer_name', 'payer_id', 'member_id', 'group_number', 'coverage_active', 'coverage_details'],
    'n.coverage_active IS NOT NULL');
CREATE INDEX eligibility_coverages_patient_fhir_id ON eligibility_coverages (patient_fhir_id);
CREATE INDEX eligibility_coverages_member_id ON eligibility_coverages (member_id);
