"""What our own definitions are called: ids, urls and names for programs, made of what the declarations say.

https://hl7.org/fhir/R4/resource.html#canonical
"""

from __future__ import annotations

import re

from fhir_server.definitions import canonical_base
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.resource import Resource

PACKAGE = "wound-care-portal.fhir"
GUIDE = "wound-care-portal"
CAPABILITIES = "wound-care-portal-server"

_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


def url(resource_type: str, definition_id: str) -> str:
    """The canonical url of a definition of ours."""
    return f"{canonical_base()}/{resource_type}/{definition_id}"


def tail(canonical: str) -> str:
    """The last part of a url as an id: letters, digits and hyphens.

    >>> tail("urn:oid:2.16.840.1"), tail("http://hl7.org/fhir/sid/us-npi")
    ('2-16-840-1', 'us-npi')
    """
    return re.sub(r"[^A-Za-z0-9-]", "-", re.split(r"[/:]", canonical)[-1])[:64]


def program_name(text: str) -> str:
    """A name as programs want it (https://hl7.org/fhir/R4/structuredefinition.html#invs, sdf-0).

    >>> program_name("order-output codes")
    'OrderOutputCodes'
    """
    return "".join(part[:1].upper() + part[1:] for part in _NO_NAME.split(text) if part)


def in_words(code: str) -> str:
    """A code as a person would write it.

    >>> in_words("ready_to_ship")
    'Ready to ship'
    """
    text = code.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def profile_id(resource: Resource) -> str:
    """The id of the profile of a type over a table."""
    table = resource.table.name.removeprefix("fhir_").replace("_", "-")
    return f"portal-{resource.resource_type.lower()}-{table}"


def declarations(registry: Registry) -> tuple[Resource, ...]:
    """All declarations that run, in the order of the registry."""
    found = (registry.resource(source) for source in registry.tables())
    return tuple(resource for resource in found if resource is not None)


def profiles_of(registry: Registry, resource_type: str) -> list[str]:
    """The urls of our profiles of a type."""
    return [
        url("StructureDefinition", profile_id(resource))
        for resource in declarations(registry)
        if resource.resource_type == resource_type
    ]
