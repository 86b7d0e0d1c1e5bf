"""Runs searches: as often as the portal's last writes ask for a merge first, which is seldom more than once.

https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from fhir_server.definitions import additions
from fhir_server.errors import Conflict, InvalidRequest
from fhir_server.interactions.context import Context
from fhir_server.interactions.definitions import StoredDefinitions
from fhir_server.interactions.request import FhirRequest
from fhir_server.interactions.stored import StoredVersion
from fhir_server.persistence.parameters import StaleParameters
from fhir_server.persistence.pending import merge_batch
from fhir_server.persistence.words import read_words
from fhir_server.search import PENDING, Reading, Search, Statement, added_parameters, parse, parse_query

MAX_ROUNDS = 50
Rows = list[tuple[Any, ...]]


def stored_definitions(context: Context, request: FhirRequest) -> StoredDefinitions:
    """The value sets, code systems and the like that are stored, as far as the caller of this request may see them."""

    def newest(search: Search) -> bytes | None:
        statement = context.statements.page(search, visibility=context.visibility)
        rows = run_merged(context, request, statement, statement.sql, {})
        return StoredVersion(*rows[0][1:11]).json(context.registry) if rows else None

    return StoredDefinitions(newest)


def reading(context: Context, request: FhirRequest) -> Reading:
    """How values of this request's search are read."""
    return Reading(request.base_url, context.zone, stored=stored_definitions(context, request))


def run_merged(
    context: Context, request: FhirRequest, statement: Statement, sql: str, extra: Mapping[str, Any]
) -> Rows:
    """The rows of `sql` (the statement's, perhaps with an audit row), once nothing is left to be merged.

    Raises Conflict when the portal writes faster than merges can follow.
    """
    for _ in range(MAX_ROUNDS):
        rows = context.database.rows(sql, {**statement.parameters, **extra})
        if not rows or rows[0][0] != PENDING:
            return rows
        merge_pending(context, request, {row[1] for row in rows if row[0] == PENDING})
    raise Conflict("The portal is changing these resources faster than they can be searched; try again")


def merge_pending(context: Context, request: FhirRequest, sources: set[int]) -> None:
    """Merge one batch of each of these sources; where nothing is to be merged, words are to be read."""
    for number in sources:
        source = context.registry.source(number)
        merged = context.database.transaction(
            lambda connection, source=source: merge_batch(  # type: ignore[misc]
                connection, context.registry, source, base_url=request.base_url, zone=context.zone, skip_locked=False
            )
        )
        if not merged:
            context.database.transaction(
                lambda connection, source=source: read_words(  # type: ignore[misc]
                    connection, context.registry, source, skip_locked=False
                )
            )


def match_ids(
    context: Context, connection: Connection[Any], request: FhirRequest, resource_type: str, query: str, limit: int
) -> list[str]:
    """The ids of at most `limit` resources that the criteria match, seen from inside a transaction; always strict.

    Raises InvalidRequest for criteria without a filter, and what parsing raises.
    """
    context.registry.sources(resource_type)
    search = parse(
        resource_type, parse_query(query), strict=True, limits=context.limits, reading=reading(context, request)
    )
    search = criteria_only(search, limit)
    inside = context.within(connection)
    statement = inside.statements.page(search, visibility=inside.visibility)
    rows = run_merged(inside, request, statement, statement.sql, {})
    refuse_stale(context, search)
    return [row[3] for row in rows][:limit]


def refuse_stale(context: Context, *searches: Search) -> None:
    """Raise StaleParameters where added parameters that these searches used, or did not know, have changed meanwhile.

    What was searched before this saw the parameters as they were all the time.
    """
    parameters = context.database.parameters
    asked = parameters.unsure or any(search.warnings or added_parameters(search) for search in searches)
    if asked and parameters.renew() is not additions():
        raise StaleParameters


def criteria_only(search: Search, limit: int) -> Search:
    """The search with its criteria only. Raises InvalidRequest for anything but filters, or for no filter at all."""
    names = {name.partition(":")[0] for name, _ in search.used}
    if not names or names & RESULT_PARAMETERS:
        raise InvalidRequest("A conditional interaction takes filter parameters only, and at least one")
    return Search(search.types, search.criteria, count=limit)


RESULT_PARAMETERS = frozenset(
    {"_sort", "_count", "_include", "_revinclude", "_summary", "_total", "_elements", "_contained", "_containedType"}
)
