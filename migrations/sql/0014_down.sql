DROP TRIGGER fhir_41_authorizations_update ON product_requests;
SELECT fhir_drop_shadow('eligibility_checks', 'eligibility_coverages', 'Coverage', 'phi');
SELECT fhir_unmake_resource('medicare_mac_validations', 'Task', 'phi');
SELECT fhir_unmake_resource('prior_authorizations', 'ClaimResponse', 'phi');
SELECT fhir_unmake_resource('eligibility_checks', 'CoverageEligibilityResponse', 'phi');
DROP FUNCTION fhir_before_prior_authorization(), fhir_project_authorized_requests(), fhir_before_mac_validation();
ALTER TABLE medicare_mac_validations DROP COLUMN order_fhir_id, DROP COLUMN facility_fhir_id;
ALTER TABLE prior_authorizations DROP COLUMN product_request_fhir_id, DROP COLUMN patient_fhir_id;
ALTER TABLE eligibility_checks DROP COLUMN check_number;
