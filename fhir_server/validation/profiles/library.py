"""Where profiles and the codes of value sets come from (https://hl7.org/fhir/R4/references.html#canonical)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from fhir_server.definitions import RESOURCE_TYPES, type_definition

Facts: TypeAlias = Mapping[str, Any]
"""A StructureDefinition, or one of its ElementDefinitions, as JSON."""
Content: TypeAlias = Mapping[str, Mapping[str, None] | None]
"""The codes of each system; None where all of a system belong to it."""

CORE = "http://hl7.org/fhir/StructureDefinition/"


class Library(Protocol):
    """What is known here and the caller may see."""

    def profile(self, canonical: str) -> Facts | None:
        """The StructureDefinition with this url, perhaps with `|version`."""
        ...

    def codes(self, value_set: str) -> Content | None:
        """The codes of the value set; None when it is not known or its codes cannot be worked out."""
        ...


def core_type(canonical: str) -> str | None:
    """The type of R4 that a canonical names, if that is what it names."""
    name = canonical.partition("|")[0].removeprefix(CORE)
    return name if canonical.startswith(CORE) and type_definition(name) is not None else None


def target_type(library: Library, canonical: str) -> str | None:
    """The resource type that a profile of a reference's target is for; "Resource" is any, None is not known."""
    core = core_type(canonical)
    if core is not None:
        return core if core in RESOURCE_TYPES else "Resource"
    found = library.profile(canonical)
    said = found.get("type") if found is not None else None
    return said if isinstance(said, str) else None
