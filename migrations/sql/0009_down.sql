DROP INDEX fhir_observations_status, fhir_observations_amount, fhir_observations_odd_amount, fhir_observations_text,
    fhir_observations_written, fhir_observations_written_date, fhir_patients_birth_text;
DROP INDEX phi.fhir_resources_newest, phi.fhir_resources_of_type, phi.date_index_high,
    phi.quantity_index_high, phi.quantity_index_canonical_high,
    phi.composite_index_high, phi.composite_index_canonical_high;
DROP STATISTICS phi.token_index_codes, phi.uri_index_uris, phi.reference_index_targets;
DROP INDEX open.fhir_resources_newest, open.fhir_resources_of_type, open.date_index_high,
    open.quantity_index_high, open.quantity_index_canonical_high,
    open.composite_index_high, open.composite_index_canonical_high;
DROP STATISTICS open.token_index_codes, open.uri_index_uris, open.reference_index_targets;
