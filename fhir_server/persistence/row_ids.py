"""From the ids that clients say to those of rows, which differ where FHIR does not allow a row's own id.

https://hl7.org/fhir/R4/resource.html#id. See `mapping.minted`: what a minted id is made of never changes, so it does
not matter which table holds the row, and what was found once is true for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from psycopg import Connection

from fhir_server.mapping.minted import is_minted_shape, minted_id
from fhir_server.persistence.prepared import execute_prepared

Run = Callable[[str, Mapping[str, Any]], Iterable[tuple[Any, ...]]]
"""Runs one statement."""

REMEMBERED = 10_000

_SQL = "SELECT fhir_row_ids(%(ids)s::text[])"


def row_ids(run: Run, ids: Iterable[str]) -> dict[str, str]:
    """Minted id → id of the row, for those of `ids` that lead to a row; all others are ids of rows as they are.

    One statement if one of them has the shape of a minted id, none otherwise.
    """
    asked = {one for one in ids if is_minted_shape(one)}
    if not asked:
        return {}
    return {minted_id(found): found for (found,) in run(_SQL, {"ids": sorted(asked)})}


def on(connection: Connection[Any]) -> Run:
    """Runs statements on this connection, in its transaction."""
    return lambda sql, parameters: execute_prepared(connection, sql, parameters)


class RowIds:
    """`row_ids` with a memory; one for a database, safe to share between threads."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: dict[str, str] = {}

    def of(self, ids: Iterable[str]) -> Mapping[str, str]:
        """See `row_ids`."""
        asked = {one for one in ids if is_minted_shape(one)}
        found = {one: self._known[one] for one in asked if one in self._known}
        new = row_ids(self._run, asked - found.keys())
        if len(self._known) + len(new) > REMEMBERED:
            self._known = {}
        self._known.update(new)
        return found | new

    def one(self, logical_id: str) -> str:
        """The id of the row that a resource with this logical id has, if it has one."""
        return self.of((logical_id,)).get(logical_id, logical_id) if is_minted_shape(logical_id) else logical_id
