DROP FUNCTION fhir_row_ids(text[]);
DROP INDEX fhir_patients_minted, fhir_practitioners_minted, fhir_facilities_minted, fhir_observations_minted,
    organizations_minted, manufacturers_minted, user_organizations_minted, phi.fhir_resources_minted,
    open.fhir_resources_minted, fhir_tombstones_minted;
DROP FUNCTION fhir_logical_id(text), fhir_minted_id(text);
