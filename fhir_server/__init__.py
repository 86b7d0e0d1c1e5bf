"""A FHIR R4 (4.0.1) server over the relational schema of a wound-care portal."""
