"""The criteria of conditional interactions: always strict, never everything, and safe against parallel requests.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest
from fhir_server.interactions.searching import match_ids

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"


def query_of(resource_type: str, criteria: str) -> str:
    """The query string of criteria that may be written with a leading `?` or `Type?`; raises InvalidRequest when empty."""
    query = criteria.strip()
    for prefix in (f"{resource_type}?", "?"):
        query = query.removeprefix(prefix)
    if not query.strip("&"):
        raise InvalidRequest("A conditional interaction needs search criteria")
    return query


def lock_criteria(connection: Connection[Any], resource_type: str, criteria: str) -> None:
    """Let one transaction at a time act on these criteria, so that parallel conditional creates make one resource."""
    query = "&".join(sorted(query_of(resource_type, criteria).split("&")))
    connection.execute(_LOCK, (f"{resource_type}?{query}",))


def matches(
    context: Context, connection: Connection[Any], request: FhirRequest, resource_type: str, criteria: str
) -> list[str]:
    """The ids of at most two resources that the criteria match.

    Raises InvalidRequest for criteria that are empty, unknown or hold result parameters only.
    """
    return match_ids(context, connection, request, resource_type, query_of(resource_type, criteria), limit=2)
