DROP INDEX fhir_observations_status, fhir_observations_code_low, fhir_observations_code_high, fhir_patients_birth_text;
DROP INDEX phi.fhir_resources_newest;
DROP INDEX open.fhir_resources_newest;
