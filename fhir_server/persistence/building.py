"""Builds the index rows of added search parameters for resources that are older, and takes away those of removed ones.

https://hl7.org/fhir/R4/searchparameter.html and docs/adr/0009-custom-search-parameters.md

Nothing is built before all transactions have ended that may not have heard of a parameter. Whatever is written later
has its index rows from its writer, so one pass over the resources, in the order of their keys, finds all others. How
far it is stands in the database: a pass that was broken off goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any, Final

from psycopg import Connection

from fhir_server.definitions import SearchParameter, parameter_number, using
from fhir_server.errors import FhirError
from fhir_server.indexing.custom import SUFFIXES, extract_only
from fhir_server.json_text import read_json
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.source import Source, Store
from fhir_server.persistence.database import Database
from fhir_server.persistence.index_rows import delete_parameter_rows, replace_parameter_rows
from fhir_server.persistence.names import qualified
from fhir_server.persistence.parameters import SEARCH_PARAMETER, define, raise_counter
from fhir_server.persistence.pending import BATCH, merge_batch
from fhir_server.persistence.placing import Change

_BETWEEN_LOOKS: Final = 0.02
_DELETED_AT_ONCE: Final = 10_000

Progress = Callable[[str, int], None]
"""Told of what is worked on, and of how many resources are done since it was last told."""


@dataclass(frozen=True, slots=True)
class Task:
    """A parameter that is not as it should be; `since` is the transaction that made it so."""

    resource_type: str
    code: str
    state: str
    since: str


def tasks(database: Database) -> list[Task]:
    """All that is to be built or taken away."""
    sql = "SELECT resource_type, code, state, since::text FROM open.search_parameters WHERE state <> 'complete'"
    return [Task(*row) for row in database.rows(f"{sql} ORDER BY resource_type, code", {})]


def adopt(database: Database) -> list[tuple[str, str]]:
    """Serve the stored SearchParameters that nobody has looked at, such as those from before there was this table.

    Returns the ids of those that cannot be served, each with the reason.
    """
    refused: list[tuple[str, str]] = []
    sql = (
        "SELECT r.fhir_id, d.document FROM open.fhir_resources AS r JOIN open.documents AS d"
        " ON d.resource_type = r.resource_type AND d.fhir_id = r.fhir_id AND d.version_id = r.version_id"
        " WHERE r.resource_type = %(type)s AND r.deleted_at IS NULL AND NOT EXISTS"
        " (SELECT FROM open.search_parameters AS p WHERE p.fhir_id = r.fhir_id) ORDER BY r.fhir_id"
    )
    for fhir_id, document in database.rows(sql, {"type": SEARCH_PARAMETER}):
        change = Change(SEARCH_PARAMETER, fhir_id, "PUT", read_json(document))
        try:
            database.transaction(partial(define, changes=[change]))
        except FhirError as error:
            refused.append((fhir_id, error.diagnostics))
    return refused


def count(database: Database, registry: Registry, resource_types: Collection[str]) -> int:
    """How many resources of these types there are to be looked at."""
    return sum(
        database.rows(f"SELECT count(*) FROM {_live(source)}", {})[0][0]
        for resource_type in resource_types
        for source in registry.sources(resource_type)
    )


def build(
    database: Database,
    registry: Registry,
    *,
    base_url: str,
    zone: tzinfo,
    progress: Progress = lambda name, done: None,
) -> None:
    """Work until every parameter is complete or gone; what another process does at the same time does no harm."""
    heard: set[Task] = set()
    while found := tasks(database):
        if not heard.issuperset(found):
            await_writers(database)
            heard |= set(found)
        with using(database.parameters.renew()):
            task = next((one for one in found if one.state == "removed"), found[0])
            if task.state == "removed":
                _take_away(database, registry, task)
            else:
                _build_type(_Work(database, registry, base_url, zone, progress), task.resource_type, frozenset(heard))


def complete_empty(database: Database, registry: Registry, seconds: float = 1.0) -> bool:
    """Complete the parameters of types without resources; whether there were any.

    Gives up, to be called again, where transactions that began before go on for longer than `seconds`.
    """

    def empty() -> list[Task]:
        building = [task for task in tasks(database) if task.state == "building"]
        held = {kind: _any(database, registry, kind) for kind in {task.resource_type for task in building}}
        return [task for task in building if not held[task.resource_type]]

    if not empty() or not await_writers(database, seconds):
        return False
    found = empty()
    for task in found:
        _complete(database, task.resource_type, frozenset(found))
    return bool(found)


def await_writers(database: Database, seconds: float | None = None) -> bool:
    """Wait until all transactions have ended that have a number by now; False where that takes longer than `seconds`.

    A writer gets its number before it reads the counter of changes, so one that gets it later has heard of them.
    """
    horizon = database.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text", {})[0][0]
    end = None if seconds is None else time.monotonic() + seconds
    sql = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %(horizon)s::xid8"
    while not database.rows(sql, {"horizon": horizon})[0][0]:
        if end is not None and time.monotonic() > end:
            return False
        time.sleep(_BETWEEN_LOOKS)
    return True


def _live(source: Source) -> str:
    of_type = f" AND r.resource_type = '{source.resource_type}'" if source.generic else ""
    return f"{qualified(source.table)} AS r WHERE r.deleted_at IS NULL{of_type}"


def _any(database: Database, registry: Registry, resource_type: str) -> bool:
    found = " OR ".join(f"EXISTS (SELECT FROM {_live(source)})" for source in registry.sources(resource_type))
    return bool(database.rows(f"SELECT {found}", {})[0][0])


@dataclass(frozen=True, slots=True)
class _Work:
    database: Database
    registry: Registry
    base_url: str
    zone: tzinfo
    progress: Progress


def _build_type(work: _Work, resource_type: str, heard: Collection[Task]) -> None:
    """One pass over the resources of a type for all its parameters that are being built."""
    for source in work.registry.sources(resource_type):
        while not source.generic and _document(work, source) >= BATCH:
            pass
    while True:

        def batch(connection: Connection[Any]) -> int:
            return _batch(connection, work, resource_type, heard)

        done = work.database.transaction(batch)
        if done == 0:
            break
        work.progress(resource_type, done)
    _complete(work.database, resource_type, heard)


def _document(work: _Work, source: Source) -> int:
    """Give a batch of portal rows the documents that index rows belong to."""

    def merge(connection: Connection[Any]) -> int:
        return merge_batch(
            connection,
            work.registry,
            source,
            base_url=work.base_url,
            zone=work.zone,
            skip_locked=False,
            undocumented=True,
        )

    return work.database.transaction(merge)


def _batch(connection: Connection[Any], work: _Work, resource_type: str, heard: Collection[Task]) -> int:
    """Index the next resources of a type; returns how many, 0 at the end."""
    # Locked, so that nobody gives the parameters another meaning meanwhile.
    rows = connection.execute(
        "SELECT code, type, expression, since::text, built_to FROM open.search_parameters"
        " WHERE resource_type = %s AND state = 'building' ORDER BY code FOR UPDATE",
        (resource_type,),
    ).fetchall()
    known = [row for row in rows if Task(resource_type, row[0], "building", row[3]) in heard]
    if not known:
        return 0
    start = min(row[4] for row in known)
    sources = work.registry.sources(resource_type)
    keys = sorted(key for source in sources for key in next_keys(connection, source, start))[:BATCH]
    if not keys:
        return 0
    building = [row for row in known if row[4] < keys[-1]]
    parameters = tuple(
        SearchParameter(resource_type, code, kind, expression, number=parameter_number(f"{resource_type}.{code}"))
        for code, kind, expression, _, _ in building
    )
    for source in sources:
        _index(connection, work, source, parameters, start, keys[-1])
    connection.execute(
        "UPDATE open.search_parameters SET built_to = %s WHERE resource_type = %s AND code = ANY(%s)",
        (keys[-1], resource_type, [one.code for one in parameters]),
    )
    return len(keys)


def next_keys(connection: Connection[Any], source: Source, start: int) -> list[int]:
    """The keys of the next resources of a source, BATCH at most."""
    sql = f"SELECT r.resource_key FROM {_live(source)} AND r.resource_key > %s ORDER BY r.resource_key LIMIT {BATCH}"
    return [row[0] for row in connection.execute(sql, (start,))]


def _index(
    connection: Connection[Any],
    work: _Work,
    source: Source,
    parameters: tuple[SearchParameter, ...],
    start: int,
    end: int,
) -> None:
    # Rows that the portal has changed since are merged, and indexed wholly, before they are searched. A row that a
    # writer changes while this waits for it is left out: its writer knows the parameters.
    rows = connection.execute(
        f"SELECT r.resource_key, d.document FROM {qualified(source.table)} AS r"
        f" JOIN {qualified(source.store.documents)} AS d ON d.resource_type = %(type)s AND d.fhir_id = r.fhir_id"
        " AND d.version_id = r.version_id"
        f" WHERE {'r.resource_type = %(type)s AND ' if source.generic else ''}r.deleted_at IS NULL"
        " AND r.resource_key > %(start)s AND r.resource_key <= %(end)s"
        " ORDER BY r.resource_key FOR NO KEY UPDATE OF r",
        {"type": source.resource_type, "start": start, "end": end},
    ).fetchall()
    found = [
        (key, extract_only(source.resource_type, parameters, read_json(document), work.base_url, work.zone))
        for key, document in rows
    ]
    replace_parameter_rows(connection, source.store, found, _numbers(source.resource_type, parameters))


def _numbers(resource_type: str, parameters: Sequence[SearchParameter]) -> list[int]:
    return [parameter_number(f"{resource_type}.{one.code}{suffix}") for one in parameters for suffix in SUFFIXES]


def _complete(database: Database, resource_type: str, heard: Collection[Task]) -> None:
    known = {task.code: task.since for task in heard if (task.resource_type, task.state) == (resource_type, "building")}

    def work(connection: Connection[Any]) -> None:
        # In the order in which `define` locks.
        connection.execute("SELECT counter FROM open.search_parameter_changes FOR UPDATE")
        done = connection.execute(
            "UPDATE open.search_parameters AS p SET state = 'complete'"
            " FROM unnest(%s::text[], %s::text[]) AS k(code, since)"
            " WHERE p.resource_type = %s AND p.code = k.code AND p.since = k.since::xid8 AND p.state = 'building'"
            " RETURNING p.code",
            (list(known), list(known.values()), resource_type),
        ).fetchall()
        if done:
            raise_counter(connection)

    database.transaction(work)


def _take_away(database: Database, registry: Registry, task: Task) -> None:
    numbers = [parameter_number(f"{task.resource_type}.{task.code}{suffix}") for suffix in SUFFIXES]
    stores: Mapping[str, Store] = {one.store.name: one.store for one in registry.sources(task.resource_type)}
    held = "FROM open.search_parameters WHERE (resource_type, code, state, since) = (%s, %s, 'removed', %s::xid8)"
    which = (task.resource_type, task.code, task.since)

    def work(connection: Connection[Any]) -> bool:
        # Locked, so that nobody defines the same name anew meanwhile.
        if connection.execute(f"SELECT {held} FOR UPDATE", which).fetchone() is None:
            return False
        deleted = sum(delete_parameter_rows(connection, one, numbers, _DELETED_AT_ONCE) for one in stores.values())
        if deleted == 0:
            connection.execute(f"DELETE {held}", which)
        return deleted > 0

    while database.transaction(work):
        pass
