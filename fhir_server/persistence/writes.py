"""The one road of every write: resources are taken apart, placed, checked, stored as rows, documents and index rows.

A list of changes takes as many statements as it touches tables, however long it is. The caller owns the transaction and
holds the states of all existing resources among the changes (`states.lock_states`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from psycopg import Connection
from psycopg.errors import CheckViolation, UniqueViolation

from fhir_server.errors import Conflict
from fhir_server.json_text import encode_json
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.rendering import with_meta
from fhir_server.mapping.source import Source, Store
from fhir_server.persistence import references
from fhir_server.persistence.contained import contained_rows
from fhir_server.persistence.index_rows import DocumentRow, delete_index_rows, write_documents
from fhir_server.persistence.placing import (
    Blame,
    Change,
    Placed,
    blaming,
    check_references,
    place,
    with_row_ids,
)
from fhir_server.persistence.rows import RowWrite, Stored, insert_rows, remove_rows, soft_delete_rows, update_rows
from fhir_server.persistence.states import Identity, State

__all__ = ["Blame", "Change", "Written", "write"]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a change; `document` is the stored JSON, None after a delete."""

    resource_type: str
    fhir_id: str
    version_id: int
    updated_at: datetime
    document: bytes | None
    created: bool


def write(
    connection: Connection[Any],
    registry: Registry,
    changes: Sequence[Change],
    *,
    base_url: str,
    zone: tzinfo,
    blame: Blame | None = None,
) -> list[Written]:
    """Store `changes` and return, in their order, what they became.

    Raises Unprocessable for a reference to a Patient that does not exist or a row that another record owns, Conflict
    for the delete of a resource that others need; `blame` may say of which change that is. Identities must be distinct.
    """
    puts = []
    for change in changes:
        if change.tree is not None:
            with blaming(blame, change):
                puts.append(place(registry, change, base_url, zone))
    placed = check_references(connection, registry, with_row_ids(connection, puts), changes, blame)
    written: dict[Identity, Written] = {}
    _delete(connection, registry, [change for change in changes if change.tree is None], written, blame)
    _store(connection, registry, placed, written, blame)
    _refuse_orphans(connection, registry, [change for change in changes if change.tree is None], blame)
    return [written[change.identity] for change in changes]


def _refuse_orphans(
    connection: Connection[Any], registry: Registry, deleted: Sequence[Change], blame: Blame | None
) -> None:
    needed = references.still_needed(connection, registry, [change.identity for change in deleted])
    for change in deleted:
        if change.identity == needed:
            with blaming(blame, change):
                raise Conflict(f"The {change.resource_type} cannot be deleted while other resources refer to it")


def _store(
    connection: Connection[Any],
    registry: Registry,
    placed: Sequence[Placed],
    written: dict[Identity, Written],
    blame: Blame | None,
) -> None:
    # The generic sources of one store are one table, whatever the types.
    groups: dict[object, list[Placed]] = {}
    for one in placed:
        groups.setdefault(one.source.store.name if one.source.generic else one.source.number, []).append(one)
    documents: dict[str, tuple[Store, list[DocumentRow]]] = {}
    for group in sorted(groups.values(), key=lambda group: _turn(registry, group[0].source)):
        stored = _store_in(connection, group, blame)
        _, listed = documents.setdefault(group[0].source.store.name, (group[0].source.store, []))
        listed += [_document(one, stored[one.change.identity], written) for one in group]
    for store, rows in documents.values():
        write_documents(connection, store, rows)


def _turn(registry: Registry, source: Source) -> tuple[bool, bool, int]:
    """Referenced tables come before those that refer to them: Patient and Practitioner before Observation."""
    resource = registry.resource(source)
    return source.generic, bool(resource is not None and resource.must_exist), source.number


def _store_in(connection: Connection[Any], group: Sequence[Placed], blame: Blame | None) -> dict[Identity, Stored]:
    """Write the rows of resources that belong in one table."""
    source, resource = group[0].source, group[0].resource
    kept: list[Placed] = []
    new: list[Placed] = []
    moved: dict[int, tuple[Source, list[int]]] = {}
    for one in group:
        state = one.change.state
        (kept if state is not None and state.source is one.source else new).append(one)
        if state is not None and state.source is not one.source:
            moved.setdefault(state.source.number, (state.source, []))[1].append(state.resource_key)
    for old, keys in moved.values():
        delete_index_rows(connection, old.store, keys)
        remove_rows(connection, old, keys)
    stored: dict[Identity, Stored] = {}
    if kept:
        delete_index_rows(connection, source.store, [one.change.state.resource_key for one in kept if one.change.state])
    with _naming_elements(group, blame):
        if kept:
            stored |= update_rows(connection, source, resource, [_row_write(one) for one in kept])
        if new:
            stored |= insert_rows(connection, source, resource, [_row_write(one) for one in new])
    return stored


@contextmanager
def _naming_elements(group: Sequence[Placed], blame: Blame | None) -> Iterator[None]:
    """What the database refuses by column is told by element, and blamed on the change: what a trigger says
    (`fhir_refuse_write`), and numbers that another record has.
    """
    try:
        yield
    except UniqueViolation as error:
        taken = _taken(group, error)
        if taken is None:
            raise
        one, expression = taken
        with blaming(blame, one.change):
            raise Conflict(f"Another {one.change.resource_type} has this number", (expression,)) from None
    except CheckViolation as error:
        told = error.diag
        refused = next((one for one in group if one.change.fhir_id == told.message_detail), None)
        if told.constraint_name != "fhir_written" or refused is None or refused.resource is None:
            raise
        with blaming(blame, refused.change):
            raise refused.resource.refused(str(told.column_name), str(told.message_primary)) from None


def _taken(group: Sequence[Placed], error: UniqueViolation) -> tuple[Placed, str] | None:
    """Whose number another record has, and where it says it; None where ids collide, which is a lost race."""
    for one in group:
        for name in one.resource.row_columns if one.resource is not None else ():
            is_told = error.diag.constraint_name == f"{one.source.table.name}_{name}_key"
            if is_told and one.resource is not None and f"=({one.row[name]})" in str(error.diag.message_detail):
                return one, one.resource.expression_of(name)
    return None


def _document(placed: Placed, made: Stored, written: dict[Identity, Written]) -> DocumentRow:
    change, state = placed.change, placed.change.state
    document = encode_json(with_meta(change.tree or {}, made.fhir_id, made.version_id, made.updated_at))
    written[change.identity] = Written(
        change.resource_type,
        made.fhir_id,
        made.version_id,
        made.updated_at,
        document,
        state is None or state.deleted_at is not None,
    )
    resource, said = placed.resource, placed.said
    index = said if resource is None else resource.index_rows(said, placed.row, change.tree or {})
    return DocumentRow(
        change.resource_type,
        made.fhir_id,
        made.version_id,
        document,
        change.method,
        made.resource_key,
        index,
        contained_rows(placed.contained, placed.source, made.resource_key, made.updated_at),
    )


def _row_write(placed: Placed) -> RowWrite:
    if placed.resource is None:
        return RowWrite(placed.change.resource_type, placed.change.fhir_id, placed.row, {})
    state = placed.change.state
    current = state.row if state is not None and state.source is placed.source else {}
    children = {
        child.projection: placed.row[child.projection] or ()
        for child in placed.resource.children
        if (placed.row[child.projection] or None) != (current.get(child.projection) or None)
    }
    columns = {name: placed.row[name] for name in placed.resource.row_columns}
    return RowWrite(placed.change.resource_type, placed.change.fhir_id, columns, children)


def _delete(
    connection: Connection[Any],
    registry: Registry,
    changes: Iterable[Change],
    written: dict[Identity, Written],
    blame: Blame | None,
) -> None:
    by_source: dict[int, list[tuple[Change, State]]] = {}
    for change in changes:
        if change.state is not None:
            by_source.setdefault(change.state.source.number, []).append((change, change.state))
    for number, found in by_source.items():
        source = registry.source(number)
        keys = [state.resource_key for _, state in found]
        delete_index_rows(connection, source.store, keys)
        with _refusing_deletes([change for change, _ in found], blame):
            deleted = soft_delete_rows(connection, source, keys)
        for (kind, fhir_id), stored in deleted.items():
            written[kind, fhir_id] = Written(kind, fhir_id, stored.version_id, stored.updated_at, None, False)


@contextmanager
def _refusing_deletes(changes: Sequence[Change], blame: Blame | None) -> Iterator[None]:
    """What a trigger refuses to delete (`fhir_refuse_write`) is told as it says it, and blamed on the change."""
    try:
        yield
    except CheckViolation as error:
        told = error.diag
        refused = next((change for change in changes if change.fhir_id == told.message_detail), None)
        if told.constraint_name != "fhir_written" or refused is None:
            raise
        with blaming(blame, refused):
            raise Conflict(f"The {refused.resource_type} cannot be deleted: it {told.message_primary}") from None
