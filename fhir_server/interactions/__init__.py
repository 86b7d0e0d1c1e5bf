"""One file per FHIR interaction: what is asked and what is answered, without HTTP."""
