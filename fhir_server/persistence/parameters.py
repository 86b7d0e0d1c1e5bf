"""Search parameters that are new to a database: what it says of them, and how a process learns of it.

https://hl7.org/fhir/R4/searchparameter.html and docs/adr/0009-custom-search-parameters.md

A counter in the database is raised by every change. A process looks at it once a second and before it refuses a search;
a statement that writes index rows fails where it has changed, and its transaction starts again with the new state.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import psycopg
from psycopg import Connection, Cursor

from fhir_server.definitions import NOTHING_ADDED, Additions, SearchParameter, parameter_number
from fhir_server.errors import FhirError, Unprocessable
from fhir_server.indexing.custom import defined_parameters
from fhir_server.persistence.connections import READ, thread_connection
from fhir_server.persistence.placing import Blame, Change, blaming

SECONDS_BETWEEN_LOOKS: Final = 1.0
SEARCH_PARAMETER: Final = "SearchParameter"

# What comes with the program, and has no resource, is of interest only as long as it is incomplete.
_CHANGED = """
SELECT c.counter, p.resource_type, p.code, p.url, p.type, p.expression, p.targets, p.state = 'complete'
FROM open.search_parameter_changes AS c
LEFT JOIN open.search_parameters AS p ON p.state <> 'removed' AND (p.fhir_id <> '' OR p.state <> 'complete')
WHERE c.counter <> %s ORDER BY p.resource_type, p.code
"""


class StaleParameters(Exception):
    """What the work at hand knows of search parameters has changed; it must start again."""


class KnownParameters:
    """What this process knows of the parameters of one database; safe to share between threads."""

    def __init__(self, conninfo: str, statement_timeout_ms: int) -> None:
        self._conninfo, self._timeout_ms = conninfo, statement_timeout_ms
        self._known = NOTHING_ADDED
        self._looked: float | None = None
        self._told = False
        self._lock = threading.Lock()
        self._thread = threading.local()

    @property
    def last(self) -> Additions:
        """What was known when somebody looked last."""
        return self._known

    @property
    def unsure(self) -> bool:
        """Whether the database has not answered yet: parameters may be incomplete of which nobody knows."""
        return not self._told

    def current(self) -> Additions:
        """What is known, looked at anew once a second. Raises nothing: without a database nothing changes."""
        looked = self._looked
        if looked is None or time.monotonic() - looked >= SECONDS_BETWEEN_LOOKS:
            return self.renew()
        return self._known

    def renew(self) -> Additions:
        """What the database says now; the same object as before where nothing has changed."""
        with self._lock:
            self._looked = time.monotonic()
            try:
                # Past the counting: it is nobody's statement, and there is one in a second.
                rows = (
                    Cursor(thread_connection(self._conninfo, READ, self._timeout_ms))
                    .execute(_CHANGED, (self._known.counter,))
                    .fetchall()
                )
                self._told = True
            except (psycopg.Error, FhirError):
                rows = []
            if rows:
                self._known = _additions(rows)
            return self._known

    def note_change(self) -> None:
        """This thread's request changes parameters; see `changed_here`."""
        self._thread.changed = True

    def changed_here(self) -> bool:
        """Whether this thread has changed parameters since it was last asked."""
        changed = getattr(self._thread, "changed", False)
        self._thread.changed = False
        return changed


def _additions(rows: Sequence[tuple[Any, ...]]) -> Additions:
    by_type: dict[str, list[SearchParameter]] = {}
    for _, resource_type, code, url, kind, expression, targets, complete in rows:
        if resource_type is not None:
            number = parameter_number(f"{resource_type}.{code}")
            by_type.setdefault(resource_type, []).append(
                SearchParameter(
                    resource_type, code, kind, expression, tuple(targets), number=number, complete=complete, url=url
                )
            )
    return Additions(
        rows[0][0],
        MappingProxyType({name: tuple(found) for name, found in by_type.items()}),
        frozenset(name for name, found in by_type.items() if any(one.complete for one in found)),
    )


_Key = tuple[str, str]
"""Resource type and code."""


def define(connection: Connection[Any], changes: Sequence[Change], blame: Blame | None = None) -> None:
    """Serve what the SearchParameters among `changes`, stored in this transaction, say now.

    Raises Unprocessable for one that cannot be searched by, or whose name is taken.
    """
    touched = [change for change in changes if change.resource_type == SEARCH_PARAMETER]
    # Whoever changes parameters waits here for the one before.
    connection.execute("SELECT counter FROM open.search_parameter_changes FOR UPDATE")
    rows = connection.execute(
        "SELECT resource_type, code, fhir_id, url, type, expression, targets FROM open.search_parameters"
        " WHERE state <> 'removed'"
    ).fetchall()
    ids = {change.fhir_id for change in touched}
    served: Mapping[_Key, tuple[Any, ...]] = {(row[0], row[1]): row[2:] for row in rows}
    owners = {key: row[0] for key, row in served.items() if row[0] not in ids}
    wanted: dict[_Key, tuple[Any, ...]] = {}
    for change in touched:
        with blaming(blame, change):
            for one in defined_parameters(change.tree) if change.tree is not None else ():
                key = (one.resource_type, one.code)
                if owners.setdefault(key, change.fhir_id) != change.fhir_id:
                    raise Unprocessable(
                        f"Another SearchParameter has this code for {one.resource_type}", ("SearchParameter.code",)
                    )
                wanted[key] = (change.fhir_id, one.url, one.type, one.expression, list(one.targets))
    new = {key: said for key, said in wanted.items() if served.get(key, ())[2:4] != said[2:4]}
    altered = {key: said for key, said in wanted.items() if key not in new and served[key] != said}
    gone = [key for key, said in served.items() if said[0] in ids and key not in wanted]
    _save(connection, new, altered, gone)
    if new or altered or gone:
        raise_counter(connection)


def raise_counter(connection: Connection[Any]) -> None:
    """Let every process learn, once the transaction is committed, that parameters have changed."""
    connection.execute("UPDATE open.search_parameter_changes SET counter = counter + 1")


_INSERT = """
INSERT INTO open.search_parameters (resource_type, code, fhir_id, url, type, expression, targets)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (resource_type, code) DO UPDATE
SET fhir_id = excluded.fhir_id, url = excluded.url, type = excluded.type, expression = excluded.expression,
    targets = excluded.targets, state = 'building', since = pg_current_xact_id(), built_to = 0
"""
_ALTER = """
UPDATE open.search_parameters SET fhir_id = %s, url = %s, type = %s, expression = %s, targets = %s
WHERE resource_type = %s AND code = %s
"""
_REMOVE = """
UPDATE open.search_parameters SET state = 'removed', since = pg_current_xact_id()
WHERE resource_type = %s AND code = %s
"""


def _save(
    connection: Connection[Any],
    new: Mapping[_Key, tuple[Any, ...]],
    altered: Mapping[_Key, tuple[Any, ...]],
    gone: Iterable[_Key],
) -> None:
    for key, said in new.items():
        connection.execute(_INSERT, (*key, *said))
    for key, said in altered.items():
        connection.execute(_ALTER, (*said, *key))
    for key in gone:
        connection.execute(_REMOVE, key)
