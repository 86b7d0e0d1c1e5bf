"""A second reading of FHIR R4 search, written for the tests alone: it shares no code with the server's search."""
