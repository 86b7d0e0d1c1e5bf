"""Which codes an element with a required binding may hold and to which code system a bare code belongs.

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fhir_server.definitions.elements import element
from fhir_server.definitions.packaged import packaged

OPEN_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "http://hl7.org/fhir/ValueSet/mimetypes": "urn:ietf:bcp:13",
        "http://hl7.org/fhir/ValueSet/languages": "urn:ietf:bcp:47",
        "http://hl7.org/fhir/ValueSet/all-languages": "urn:ietf:bcp:47",
        "http://hl7.org/fhir/ValueSet/currencies": "urn:iso:std:iso:4217",
        "http://hl7.org/fhir/ValueSet/ucum-units": "http://unitsofmeasure.org",
    }
)
"""Value sets too large to list, each with the one system that its codes come from."""


def required_codes(path: str) -> frozenset[str] | None:
    """The codes that a required binding allows at `path`; None without one or when its value set cannot be listed."""
    found = element(path)
    if found is None or found.binding_strength != "required" or found.value_set is None:
        return None
    systems = code_systems(found.value_set)
    return frozenset(systems) if systems is not None else None


def required_system(path: str, code: str) -> str | None:
    """The code system of `code` in the element at `path`; None when the definitions do not say."""
    found = element(path)
    if found is None or found.value_set is None:
        return None
    systems = code_systems(found.value_set)
    return systems.get(code) if systems is not None else OPEN_SYSTEMS.get(found.value_set)


@cache
def code_systems(value_set: str) -> Mapping[str, str] | None:
    """Code to system for a value set of a required binding, or None when it is not known or cannot be listed."""
    listed = packaged("required-bindings.json")["valueSets"].get(value_set)
    if listed is None:
        return None
    systems: dict[str, str] = {}
    for system, codes in listed.items():
        for code in codes:
            systems.setdefault(code, system)
    return MappingProxyType(systems)
