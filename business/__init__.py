"""The rules of the portal: pure functions on plain values that know neither FHIR nor SQL."""
