"""The resources that many search criteria match, found with one statement for all criteria of one shape.

https://hl7.org/fhir/R4/http.html#trules: a transaction may have thousands of conditional entries and references.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from psycopg import Connection

from fhir_server.errors import Conflict
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest
from fhir_server.interactions.searching import MAX_ROUNDS, criteria_only, merge_pending, reading, refuse_stale
from fhir_server.interactions.stored import StoredVersion
from fhir_server.search import PENDING, Search, parse, parse_query

Key = TypeVar("Key", bound=Hashable)
Matches = list[StoredVersion]

_PARAMETER = re.compile(r"%\((\w+)\)s")
# What a search says, unlike the constants of a statement such as its limit.
_SLOT = re.compile(r"p\d+")
_TEXT_ARRAY_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"'})


def criteria_search(
    context: Context, request: FhirRequest, resource_type: str, query: str, *, spare: int = 0
) -> Search:
    """The search that criteria mean; it gives at most `spare` matches more than the two that tell "one" from "several".

    Raises InvalidRequest for anything but filters, TypeNotSupported, UnknownParameter.
    """
    context.registry.sources(resource_type)
    how = reading(context, request)
    found = parse(resource_type, parse_query(query), strict=True, limits=context.limits, reading=how)
    # A page asks for one match more than it is to show.
    return criteria_only(found, 1 + spare)


def match_all(
    context: Context, connection: Connection[Any], request: FhirRequest, searches: Mapping[Key, Search]
) -> dict[Key, Matches]:
    """The first few resources that each search matches, seen from inside the transaction of `connection`."""
    inside = context.within(connection)
    groups: dict[str, list[tuple[Key, Mapping[str, Any]]]] = {}
    for key, search in searches.items():
        statement = inside.statements.page(search, visibility=inside.visibility)
        groups.setdefault(statement.sql, []).append((key, statement.parameters))
    found: dict[Key, Matches] = {key: [] for key in searches}
    for sql, asked in groups.items():
        for key, version in _group(inside, request, sql, asked):
            found[key].append(version)
    refuse_stale(context, *searches.values())
    return found


def _group(
    inside: Context, request: FhirRequest, sql: str, asked: Sequence[tuple[Key, Mapping[str, Any]]]
) -> Iterable[tuple[Key, StoredVersion]]:
    names = tuple(name for name in asked[0][1] if _SLOT.fullmatch(name))
    if len(asked) == 1 or not names:
        rows = _rows(inside, request, sql, asked[0][1], 0)
        return [(key, StoredVersion(*row[1:11])) for key, _ in asked for row in rows]
    parameters = {name: value for name, value in asked[0][1].items() if name not in names}
    parameters |= {name: [_text(values[name]) for _, values in asked] for name in names}
    parameters["criteria_number"] = list(range(len(asked)))
    rows = _rows(inside, request, _for_each(sql, names), parameters, 1)
    return [(asked[row[0]][0], StoredVersion(*row[2:12])) for row in rows]


def _rows(inside: Context, request: FhirRequest, sql: str, parameters: Mapping[str, Any], mode: int) -> list[Any]:
    for _ in range(MAX_ROUNDS):
        rows = inside.database.rows(sql, parameters)
        pending = {row[mode + 1] for row in rows if row[mode] == PENDING}
        if not pending:
            return rows
        merge_pending(inside, request, pending)
    raise Conflict("The portal is changing these resources faster than they can be searched; try again")


@lru_cache(maxsize=500)
def _for_each(sql: str, names: tuple[str, ...]) -> str:
    """`sql` run once for each row of arrays that carry its parameters `names` as texts; every use there has a cast."""

    def column(found: re.Match[str]) -> str:
        return f"criteria.{found[1]}" if found[1] in names else found[0]

    arrays = ", ".join(f"%({name})s::text[]" for name in names)
    return (
        f"SELECT criteria.number, found.* FROM unnest(%(criteria_number)s::int8[], {arrays}) "
        f"AS criteria(number, {', '.join(names)}) CROSS JOIN LATERAL ({_PARAMETER.sub(column, sql)}) AS found"
    )


def _text(value: Any) -> str | None:
    """A parameter's value as a text that the cast in the statement reads back."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "{" + ",".join(f'"{one.translate(_TEXT_ARRAY_ESCAPES)}"' for one in value) + "}"
    return str(value)
