"""Which search parameters put a resource into the compartment of a patient, encounter, practitioner or device.

https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fhir_server.definitions.packaged import packaged

COMPARTMENTS = ("Patient", "Encounter", "Practitioner", "Device", "RelatedPerson")


@cache
def compartment(name: str) -> Mapping[str, tuple[str, ...]]:
    """Resource type to the codes of its parameters that make it a member; types that never are have no entry.

    `{def}` among the codes stands for the resource itself. Raises KeyError for a compartment that R4 does not have.
    """
    members = packaged("compartments.json")["compartments"][name]["member"]
    return MappingProxyType({resource_type: tuple(codes) for resource_type, codes in members.items()})
