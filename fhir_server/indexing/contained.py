"""What the resources inside of a resource say under the search parameters of their own types.

https://hl7.org/fhir/R4/search.html#contained
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.indexing.extraction import extract
from fhir_server.indexing.values import IndexRows


@dataclass(frozen=True, slots=True)
class Contained:
    """A contained resource: its type, its id within the container, and its index rows, which have no words."""

    resource_type: str
    fhir_id: str
    index: IndexRows


def extract_contained(tree: Any, base_url: str, zone: tzinfo = UTC) -> tuple[Contained, ...]:
    """The resources that a valid resource contains, in its order; see `extract` for what is left out."""
    return tuple(
        Contained(one["resourceType"], one["id"], replace(extract(one["resourceType"], one, base_url, zone), words=""))
        for one in tree.get("contained", ())
        if one.get("resourceType") in RESOURCE_TYPES and "id" in one
    )
