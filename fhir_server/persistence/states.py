"""The state of resources, locked for a write: live row, newest document and the row that document was written over.

Writers first take an advisory lock per identity, in one order for everybody: that makes an update-as-create of the same
new id wait for the other one, and keeps two bundles that write the same resources in opposite order from a deadlock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from psycopg import Connection

from fhir_server.errors import MethodNotAllowed
from fhir_server.json_text import Tree, read_json
from fhir_server.mapping.log import is_of_log
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.rendering import said_tree
from fhir_server.mapping.source import Source
from fhir_server.persistence.names import qualified

Identity = tuple[str, str]
"""Resource type and logical id."""


@dataclass(frozen=True, slots=True)
class State:
    """One resource as it stands in the database, under lock."""

    source: Source
    fhir_id: str
    version_id: int
    resource_key: int
    updated_at: datetime
    deleted_at: datetime | None
    live: bytes
    last: bytes | None
    base: bytes | None

    @property
    def row(self) -> dict[str, Any]:
        """The live row, column name to value."""
        return dict(read_json(self.live))

    def tree(self, registry: Registry) -> dict[str, Any]:
        """The resource as a read would say it now, without the meta of a version."""
        last = read_json(self.last) if self.last is not None else None
        base: Tree = read_json(self.base) if self.base is not None else None
        return said_tree(registry.resource(self.source), self.row, last, base)


_LOCK_IDENTITIES = """
SELECT pg_advisory_xact_lock(identity.key)
FROM (SELECT DISTINCT hashtextextended(said, 0) AS key FROM unnest(%s::text[]) AS said ORDER BY 1) AS identity
"""


@cache
def _state_sql(table: str, history: str, documents: str, generic: bool) -> str:
    of_type = "r.resource_type = %(type)s AND " if generic else ""
    history_type = "h.resource_type = r.resource_type AND " if generic else ""
    return f"""
SELECT r.fhir_id, r.version_id, r.resource_key, r.updated_at, r.deleted_at, row_to_json(r) AS live, d.document AS last,
       CASE WHEN r.document_version < r.version_id THEN
         (SELECT row_to_json(h) FROM {history} AS h
          WHERE {history_type}h.fhir_id = r.fhir_id AND h.version_id = r.document_version)
       END AS base
FROM {table} AS r
LEFT JOIN {documents} AS d ON d.resource_type = %(type)s AND d.fhir_id = r.fhir_id AND d.version_id = r.document_version
WHERE {of_type}r.fhir_id = ANY(%(ids)s)
FOR UPDATE OF r
"""


def lock_states(
    connection: Connection[Any], registry: Registry, identities: Iterable[Identity]
) -> Mapping[Identity, State]:
    """The states of those of `identities` that exist (deleted ones too), locked until the transaction ends.

    Raises MethodNotAllowed for rows of logs, which nobody writes.
    """
    wanted: dict[str, list[str]] = {}
    for resource_type, fhir_id in identities:
        if is_of_log(resource_type, fhir_id):
            raise MethodNotAllowed(
                f"{resource_type}/{fhir_id} is a row of this server's log, which is read only",
                headers={"Allow": "GET, HEAD"},
            )
        wanted.setdefault(resource_type, []).append(fhir_id)
    if not wanted:
        return {}
    connection.execute(_LOCK_IDENTITIES, ([f"{kind}/{one}" for kind, ids in wanted.items() for one in ids],))
    found: dict[Identity, State] = {}
    for resource_type, ids in sorted(wanted.items()):
        for source in registry.sources(resource_type):
            for state in _states_in(connection, source, sorted(ids)):
                found[resource_type, state.fhir_id] = state
    return found


def state_after(connection: Connection[Any], state: State) -> State:
    """What became of a resource that this transaction has locked: one look at the table that it is known to be in."""
    (after,) = _states_in(connection, state.source, [state.fhir_id])
    return after


def _states_in(connection: Connection[Any], source: Source, ids: list[str]) -> list[State]:
    sql = _state_sql(
        qualified(source.table), qualified(source.history), qualified(source.store.documents), source.generic
    )
    rows = connection.execute(sql, {"type": source.resource_type, "ids": ids})
    return [State(source, *row) for row in rows]
