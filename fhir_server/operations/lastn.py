"""Observation/$lastn: of all Observations that a search matches, the newest of each subject and code.

https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from __future__ import annotations

from dataclasses import replace

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.explaining import within_budget
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.search import asked_of, search_bundle
from fhir_server.interactions.searching import reading, run_merged
from fhir_server.operations.arguments import arguments_of
from fhir_server.persistence.audit import audited
from fhir_server.search import parse
from fhir_server.search.query import Query

MAX = "max"
SUBJECTS = frozenset({"patient", "subject"})
UNSERVED = frozenset({"_contained", "_containedType", "_sort", "_total", "_summary"})


def lastn(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """A searchset, the newest first; takes `max` (1 without it) and the search parameters of Observation.

    Raises InvalidRequest without a subject, and for result parameters that would contradict the operation.
    """
    asked = asked_of(context, replace(request, query=arguments_of(request, context.limits).query(), body=b""))
    own = tuple(item for item in asked.query.items if item.name == MAX)
    most = _max([item.full_name + "=" + item.value for item in own])
    others = tuple(item for item in asked.query.items if item.name != MAX)
    for item in others:
        if item.name in UNSERVED:
            raise InvalidRequest(f"$lastn does not take {item.name}.", (item.name,))
    search = parse(
        resource_type, Query(others), strict=asked.strict, limits=context.limits, reading=reading(context, request)
    )
    if not any(name.partition(":")[0].partition(".")[0] in SUBJECTS for name, _ in search.used):
        raise InvalidRequest("$lastn needs a subject: patient or subject.", ("patient",))
    if search.summary == "count":
        raise InvalidRequest("$lastn does not take _count=0.", ("_count",))
    search = replace(search, used=(*((MAX, item.value) for item in own), *search.used))
    statement = context.statements.latest(search, most, visibility=context.visibility, after=asked.after)
    within_budget(context, search, statement)
    extra = {**audit_of(request, "lastn", resource_type).parameters(), "audit_shown": search.count}
    rows = run_merged(context, request, statement, audited(statement.sql), extra)
    return search_bundle(context, request, search, asked, rows, None)


def _max(said: list[str]) -> int:
    if not said:
        return 1
    name, _, text = said[0].partition("=")
    if len(said) > 1 or name != MAX or not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise InvalidRequest("The parameter 'max' must be one whole number above 0.", (MAX,))
    return int(text)
