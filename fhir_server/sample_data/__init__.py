"""What `fhir-server demo` fills an empty database with: synthetic people only; sources and licences in NOTICE."""
