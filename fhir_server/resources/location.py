"""Location over fhir_facilities (https://hl7.org/fhir/R4/location.html)."""

from __future__ import annotations

from fhir_server.mapping import spoken
from fhir_server.mapping.concepts import coded, concept, one_of, reference, source_status
from fhir_server.mapping.identifiers import portal_id
from fhir_server.mapping.json_columns import contact_record, json_object
from fhir_server.mapping.listed import address_columns, code_member_columns
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import StringColumn
from fhir_server.persistence.tables import OPEN, fhir_facilities
from fhir_server.resources.canonical import EXTENSION, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.facility_services import facility_services
from fhir_server.resources.location_types import LOCATION_TYPES

STATUS_CODES = {
    "active": "active",
    "suspended": "suspended",
    "temporarily_closed": "suspended",
    "on_hold": "suspended",
    "inactive": "inactive",
    "closed": "inactive",
    "archived": "inactive",
}
ROLE_CODES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
ADDRESS = ("line", "city", "district", "state", "postalCode", "country", "text")

t = fhir_facilities.c

STATUS = coded(
    t.status, STATUS_CODES, system="http://hl7.org/fhir/location-status", source_url=SOURCE_STATUS, apart=True
)

LOCATION = Resource(
    "Location",
    fhir_facilities,
    store=OPEN,
    elements={
        "extension": [facility_services(f"{EXTENSION}/facility-service", t.services), source_status(STATUS)],
        "identifier": [portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version)],
        "status": STATUS,
        "name": t.name,
        "type": [concept(t.type, one_of(ROLE_CODES, LOCATION_TYPES))],
        "telecom": contact_record(t.contact),
        "address": json_object(t.address, "Address"),
        "managingOrganization": reference("Organization", t.organization_fhir_id),
    },
    search={
        "identifier": "identifier",
        "status": "status",
        # The parameter means aliases too, which only documents have.
        "name": (StringColumn(t.name, said=spoken.is_text(t.name)),),
        "type": "type[0]",
        "organization": "managingOrganization",
        "address": address_columns(t.address, *ADDRESS),
        "address-city": address_columns(t.address, "city"),
        "address-state": address_columns(t.address, "state"),
        "address-postalcode": address_columns(t.address, "postalCode"),
        "address-country": address_columns(t.address, "country"),
        "address-use": code_member_columns(t.address, "use", "Address.use"),
    },
)
