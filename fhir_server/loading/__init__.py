"""Loading files of resources into a FHIR server over HTTP: files → pieces → parcels → requests → a report.

https://hl7.org/fhir/R4/http.html#transaction. Knows nothing of the server behind the URL but FHIR, so it loads any.
"""
