"""What a resource says under each of its search parameters, as index rows.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

from fhir_server.indexing.composites import composite_rows
from fhir_server.indexing.converters import Context
from fhir_server.indexing.plan import KINDS, Found, collect, plan
from fhir_server.indexing.positions import position_rows
from fhir_server.indexing.texts import word_places
from fhir_server.indexing.values import IndexRows


def extract(resource_type: str, tree: Any, base_url: str, zone: tzinfo = UTC) -> IndexRows:
    """The index rows of a valid resource; contained resources and special parameters have none.

    `base_url` is the server's own address: references below it are local. `zone` is where dates without an offset are
    meant. Values that no index can hold, such as an illegal date, are left out; nothing is raised for them.
    """
    context = Context(base_url, zone)
    composites = composite_rows(resource_type, tree, context)
    if resource_type == "Location":
        composites += position_rows(tree)
    rows = (*_values(resource_type, tree, context), composites, word_places(tree))
    return IndexRows(*rows)


def extract_values(resource_type: str, tree: Any, base_url: str, zone: tzinfo = UTC) -> IndexRows:
    """The same without the rows of composite parameters, and without words."""
    return IndexRows(*_values(resource_type, tree, Context(base_url, zone)))


def _values(resource_type: str, tree: Any, context: Context) -> tuple[Any, ...]:
    found: Found = tuple({} for _ in KINDS)
    collect(plan(resource_type), tree, context, found)
    return tuple(tuple(each) for each in found)
