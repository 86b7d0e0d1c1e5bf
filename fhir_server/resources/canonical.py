"""Our own canonical urls, identifier systems and code systems, and the public ones that several types use."""

from __future__ import annotations

from fhir_server.definitions import canonical_base

CANONICAL = canonical_base()
EXTENSION = f"{CANONICAL}/StructureDefinition"
CODE_SYSTEM = f"{CANONICAL}/CodeSystem"
IDENTIFIER = f"{CANONICAL}/identifier"

SOURCE_STATUS = f"{EXTENSION}/source-status"
PORTAL_IDENTIFIER = f"{IDENTIFIER}/portal-id"

US_NPI = "http://hl7.org/fhir/sid/us-npi"
US_EIN = "urn:oid:2.16.840.1.113883.4.4"
IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
LANGUAGES = "urn:ietf:bcp:47"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
NUCC = "http://nucc.org/provider-taxonomy"
