"""Organization over organizations and over manufacturers (https://hl7.org/fhir/R4/organization.html)."""

from __future__ import annotations

from typing import Any

from business.statuses import status_map
from fhir_server.mapping import spoken
from fhir_server.mapping.branches import extension, required
from fhir_server.mapping.concepts import coded, concept, one_of
from fhir_server.mapping.identifiers import contact_point, identifier, portal_id, portal_identifier
from fhir_server.mapping.lines import lines
from fhir_server.mapping.primitives import URL
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import StringColumn
from fhir_server.mapping.words import SqlColumn, always, value
from fhir_server.persistence.tables import OPEN, manufacturers, organizations
from fhir_server.resources.canonical import (
    CODE_SYSTEM,
    EXTENSION,
    IDENTIFIER,
    IDENTIFIER_TYPES,
    PORTAL_IDENTIFIER,
    SOURCE_STATUS,
    US_EIN,
)

ORGANIZATION_TYPES = "http://terminology.hl7.org/CodeSystem/organization-type"
PORTAL_TYPES = f"{CODE_SYSTEM}/organization-type"
MANUFACTURER = {"coding": [{"system": PORTAL_TYPES, "code": "manufacturer"}]}
TYPE_CODES = ("prov", "dept", "team", "govt", "ins", "pay", "edu", "reli", "crs", "cg", "bus", "other")

ACTIVE_STATUSES = {text: code == "true" for text, code in status_map("record-active").codes.items()}


def is_manufacturer(tree: dict[str, Any]) -> bool:
    """Whether a resource says by its type that it is a manufacturer of the portal."""
    return any(
        coding.get("system") == PORTAL_TYPES and coding.get("code") == "manufacturer"
        for kind in tree.get("type", ())
        for coding in kind.get("coding", ())
    )


def _text(column: SqlColumn) -> StringColumn:
    return StringColumn(column, said=spoken.is_text(column))


t = organizations.c
m = manufacturers.c

LINES = lines(t.address)

ORGANIZATION = Resource(
    "Organization",
    organizations,
    store=OPEN,
    accepts=lambda tree: not is_manufacturer(tree),
    elements={
        "identifier": [
            identifier(US_EIN, t.tax_id, type_code=(IDENTIFIER_TYPES, "TAX")),
            portal_identifier(f"{IDENTIFIER}/account", t.account_id, t.document_version),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "active": required(coded(t.status, ACTIVE_STATUSES, source_url=SOURCE_STATUS), primitive=True),
        "type": [concept(t.type, one_of(ORGANIZATION_TYPES, TYPE_CODES))],
        "name": required(t.name, primitive=True),
        "telecom": [contact_point("phone", t.phone, use="work"), contact_point("email", t.email, use="work")],
        "address": [
            {
                "line": LINES,
                "city": t.city,
                "state": t.region,
                "postalCode": t.postal_code,
                "country": t.country,
            }
        ],
    },
    search={
        "active": "active",
        "identifier": "identifier",
        "type": "type[0]",
        # The parameter means aliases too, which only documents have.
        "name": (_text(t.name),),
        "address": (*LINES.search_columns("string"), *map(_text, (t.city, t.region, t.postal_code, t.country))),
        "address-city": (_text(t.city),),
        "address-state": (_text(t.region),),
        "address-postalcode": (_text(t.postal_code),),
        "address-country": (_text(t.country),),
    },
)

MANUFACTURER_ORGANIZATION = Resource(
    "Organization",
    manufacturers,
    store=OPEN,
    accepts=is_manufacturer,
    elements={
        "extension": [extension(f"{EXTENSION}/logo", {"valueUrl": value(m.logo_url, URL)})],
        "identifier": [
            identifier(f"{IDENTIFIER}/manufacturer", m.code),
            portal_id(PORTAL_IDENTIFIER, m.fhir_id, m.document_version),
        ],
        "active": required(coded(m.status, ACTIVE_STATUSES, source_url=SOURCE_STATUS), primitive=True),
        "type": [always(MANUFACTURER)],
        "name": required(m.name, primitive=True),
        "alias": [m.display_name],
        "telecom": [
            contact_point("phone", m.contact_phone, use="work"),
            contact_point("email", m.contact_email, use="work"),
            contact_point("url", m.website, use="work"),
        ],
    },
    search={
        "active": "active",
        "identifier": "identifier",
        "type": "type",
        "name": (_text(m.name), _text(m.display_name)),
    },
)
