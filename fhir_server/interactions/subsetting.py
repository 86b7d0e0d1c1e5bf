"""`_summary` and `_elements` on a read, and their application to JSON text.

https://hl7.org/fhir/R4/http.html#parameters
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.request import FhirRequest
from fhir_server.json_text import encode_json, read_json
from fhir_server.search import parse, parse_query
from fhir_server.search.subset import subset

_ON_READ = frozenset({"_summary", "_elements"})


@dataclass(frozen=True, slots=True)
class Subset:
    """Which part of a resource is wanted."""

    summary: str | None = None
    elements: tuple[str, ...] = ()


def subset_of(request: FhirRequest, resource_type: str) -> Subset | None:
    """The part that a read asks for, None for the whole.

    Raises InvalidRequest for parameters that a read does not have.
    """
    query = parse_query(request.query)
    for item in query.items:
        if item.name not in _ON_READ:
            raise InvalidRequest("A read takes _summary, _elements, _format and _pretty only")
    search = parse(resource_type, query)
    if search.summary == "count":
        raise InvalidRequest("_summary=count is for searches", ("_summary",))
    return Subset(search.summary, search.elements) if search.summary or search.elements else None


def subsetted(resource_type: str, body: bytes, wanted: Subset) -> bytes:
    """The wanted part of a resource's JSON text."""
    return encode_json(subset(resource_type, read_json(body), summary=wanted.summary, elements=wanted.elements))
