"""The criteria of conditional interactions: always strict, never everything, and safe against parallel requests.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest
from fhir_server.interactions.searching import match_ids
from fhir_server.search import parse_query

_LOCK = """
SELECT pg_advisory_xact_lock(criteria.key)
FROM (SELECT DISTINCT hashtextextended(said, 1) AS key FROM unnest(%s::text[]) AS said ORDER BY 1) AS criteria
"""


def query_of(resource_type: str, criteria: str) -> str:
    """The query string of criteria, which may begin with `?` or `Type?`; raises InvalidRequest when there are none."""
    query = criteria.strip()
    for prefix in (f"{resource_type}?", "?"):
        query = query.removeprefix(prefix)
    if not query.strip("&"):
        raise InvalidRequest("A conditional interaction needs search criteria")
    return query


def lock_text(resource_type: str, query: str) -> str:
    """One text for the same criteria in any order and encoding; locks and comparisons of criteria go by it."""
    return f"{resource_type}?{sorted((item.full_name, item.value) for item in parse_query(query).items)}"


def lock_all_criteria(connection: Connection[Any], lock_texts: Iterable[str]) -> None:
    """Let one transaction at a time act on each of these, in one order for everybody."""
    connection.execute(_LOCK, (sorted(lock_texts),))


def lock_criteria(connection: Connection[Any], resource_type: str, criteria: str) -> None:
    """Let one transaction at a time act on these criteria, so that parallel conditional creates make one resource."""
    lock_all_criteria(connection, [lock_text(resource_type, query_of(resource_type, criteria))])


def matches(
    context: Context, connection: Connection[Any], request: FhirRequest, resource_type: str, criteria: str
) -> list[str]:
    """The ids of at most two resources that the criteria match.

    Raises InvalidRequest for criteria that are empty, unknown or hold result parameters only.
    """
    return match_ids(context, connection, request, resource_type, query_of(resource_type, criteria), limit=2)
