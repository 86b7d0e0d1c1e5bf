"""The one road of every write: resources are taken apart, placed, checked, stored as rows, documents and index rows.

A list of changes takes as many statements as it touches tables, however long it is. The caller owns the transaction and
holds the states of all existing resources among the changes (`states.lock_states`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from psycopg import Connection

from fhir_server.definitions import search_parameters
from fhir_server.errors import Conflict, FhirError, Unprocessable
from fhir_server.indexing import IndexRows, extract
from fhir_server.json_text import encode_json
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.rendering import with_meta
from fhir_server.mapping.resource import CannotHold, Resource
from fhir_server.mapping.source import Source
from fhir_server.mapping.word import Row
from fhir_server.persistence import references
from fhir_server.persistence.index_rows import DocumentRow, delete_index_rows, write_documents
from fhir_server.persistence.rows import RowWrite, Stored, insert_rows, remove_rows, soft_delete_rows, update_rows
from fhir_server.persistence.states import Identity, State


@dataclass(frozen=True, slots=True)
class Change:
    """One resource as it shall be; `tree` is None for a delete, `state` None for a new resource."""

    resource_type: str
    fhir_id: str
    method: str
    tree: dict[str, Any] | None
    state: State | None = None

    @property
    def identity(self) -> Identity:
        """Type and logical id."""
        return self.resource_type, self.fhir_id


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a change; `document` is the stored JSON, None after a delete."""

    resource_type: str
    fhir_id: str
    version_id: int
    updated_at: datetime
    document: bytes | None
    created: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A change with the source that will hold it, the row it makes there and all that the index says of it."""

    change: Change
    source: Source
    resource: Resource | None
    row: Row
    said: IndexRows


Blame = Callable[[Change, FhirError], FhirError]
"""Makes the error of one change that of the request it came with, which may hold many."""


@contextmanager
def _blaming(blame: Blame | None, change: Change) -> Iterator[None]:
    try:
        yield
    except FhirError as error:
        if blame is None:
            raise
        raise blame(change, error) from None


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
            with _blaming(blame, change):
                puts.append(_place(registry, change, base_url, zone))
    placed = _check_references(connection, registry, puts, changes, blame)
    written: dict[Identity, Written] = {}
    _delete(connection, registry, [change for change in changes if change.tree is None], written)
    _store(connection, registry, placed, written)
    _refuse_orphans(connection, registry, [change for change in changes if change.tree is None], blame)
    return [written[change.identity] for change in changes]


def _refuse_orphans(
    connection: Connection[Any], registry: Registry, deleted: Sequence[Change], blame: Blame | None
) -> None:
    needed = references.still_needed(connection, registry, [change.identity for change in deleted])
    for change in deleted:
        if change.identity == needed:
            with _blaming(blame, change):
                raise Conflict(f"The {change.resource_type} cannot be deleted while other resources refer to it")


def _place(registry: Registry, change: Change, base_url: str, zone: tzinfo) -> Placed:
    tree = change.tree
    assert tree is not None
    said = extract(change.resource_type, tree, base_url, zone)
    for source in registry.sources(change.resource_type):
        resource = registry.resource(source)
        if resource is None:
            return Placed(change, source, None, _generic_row(change.resource_type, said), said)
        is_here = change.state is not None and change.state.source is source
        if not resource.accepts(tree) or not (resource.creatable or is_here):
            continue
        try:
            row = resource.decompose(tree, change.state.row if change.state is not None and is_here else None)
        except CannotHold:
            continue
        return Placed(change, source, resource, row, said)
    raise AssertionError("every type ends with the generic store")


def _generic_row(resource_type: str, said: IndexRows) -> Row:
    known = search_parameters(resource_type)
    parameter = known.get("patient") or known.get("subject")
    patient = next(
        (
            one.target_id
            for one in said.reference
            if parameter is not None and one.parameter == parameter.number and one.target_type == "Patient"
        ),
        None,
    )
    return {"patient_fhir_id": patient}


def _check_references(
    connection: Connection[Any],
    registry: Registry,
    placed: list[Placed],
    changes: Sequence[Change],
    blame: Blame | None,
) -> list[Placed]:
    wanted: dict[str, set[str]] = {}
    for one in placed:
        for reference in one.said.reference:
            if reference.target_type == "Patient" and reference.target_id is not None:
                wanted.setdefault("Patient", set()).add(reference.target_id)
        for column, target_type in one.resource.must_exist.items() if one.resource is not None else ():
            if one.row[column] is not None:
                wanted.setdefault(target_type, set()).add(one.row[column])
    coming = {one.change.identity: one.source for one in placed}
    leaving = {change.identity for change in changes if change.tree is None}
    existing = references.existing(connection, registry, wanted, coming, leaving)
    checked = []
    for one in placed:
        with _blaming(blame, one.change):
            checked.append(_with_existing(registry, one, existing))
    return checked


def _with_existing(registry: Registry, placed: Placed, existing: Mapping[Identity, Source]) -> Placed:
    for reference in placed.said.reference:
        if reference.target_type == "Patient" and ("Patient", reference.target_id) not in existing:
            raise Unprocessable(
                "The resource refers to a Patient that does not exist on this server",
                references.expressions(placed.change.tree, f"Patient/{reference.target_id}"),
            )
    if placed.resource is None:
        return placed
    row = dict(placed.row)
    for column, target_type in placed.resource.must_exist.items():
        home = existing.get((target_type, row[column]))
        if row[column] is None or (home is not None and not home.generic):
            continue
        if not placed.resource.table.c[column].nullable:
            generic = registry.sources(placed.change.resource_type)[-1]
            return replace(
                placed, source=generic, resource=None, row=_generic_row(placed.change.resource_type, placed.said)
            )
        row[column] = None
    return replace(placed, row=row)


def _store(
    connection: Connection[Any], registry: Registry, placed: Sequence[Placed], written: dict[Identity, Written]
) -> None:
    by_source: dict[int, list[Placed]] = {}
    # Referenced tables come before those that refer to them: Patient and Practitioner before Observation.
    for one in sorted(placed, key=lambda one: (one.source.generic, one.source.number)):
        by_source.setdefault(one.source.number, []).append(one)
    order = sorted(by_source, key=lambda number: (registry.source(number).generic, _depends(registry, number)))
    for number in order:
        _store_in(connection, registry, by_source[number], written)


def _depends(registry: Registry, number: int) -> tuple[bool, int]:
    resource = registry.resource(registry.source(number))
    return bool(resource is not None and resource.must_exist), number


def _store_in(
    connection: Connection[Any], registry: Registry, group: list[Placed], written: dict[Identity, Written]
) -> None:
    source, resource = group[0].source, group[0].resource
    moved = [one for one in group if one.change.state is not None and one.change.state.source is not source]
    for old in {id(one.change.state.source): one.change.state.source for one in moved if one.change.state}.values():
        keys = [one.change.state.resource_key for one in moved if one.change.state and one.change.state.source is old]
        delete_index_rows(connection, old.store, keys)
        remove_rows(connection, old, keys)
    kept = [one for one in group if one.change.state is not None and one.change.state.source is source]
    new = [one for one in group if one.change.state is None or one in moved]
    stored: dict[str, Stored] = {}
    if kept:
        delete_index_rows(connection, source.store, [one.change.state.resource_key for one in kept if one.change.state])
        stored.update(update_rows(connection, source, resource, [_row_write(one) for one in kept]))
    if new:
        stored.update(insert_rows(connection, source, resource, [_row_write(one) for one in new]))
    documents: list[DocumentRow] = []
    for one in group:
        made = stored[one.change.fhir_id]
        tree = one.change.tree
        assert tree is not None
        document = encode_json(with_meta(tree, made.fhir_id, made.version_id, made.updated_at))
        index = one.said if resource is None else resource.index_rows(one.said, one.row)
        documents.append(
            DocumentRow(
                one.change.resource_type,
                made.fhir_id,
                made.version_id,
                document,
                one.change.method,
                made.resource_key,
                index,
            )
        )
        state = one.change.state
        created = state is None or state.deleted_at is not None
        written[one.change.identity] = Written(
            one.change.resource_type, made.fhir_id, made.version_id, made.updated_at, document, created
        )
    write_documents(connection, source.store, documents)


def _row_write(placed: Placed) -> RowWrite:
    if placed.resource is None:
        return RowWrite(placed.change.fhir_id, placed.row, {})
    state = placed.change.state
    current = state.row if state is not None and state.source is placed.source else {}
    children = {
        child.projection: placed.row[child.projection] or ()
        for child in placed.resource.children
        if (placed.row[child.projection] or None) != (current.get(child.projection) or None)
    }
    return RowWrite(placed.change.fhir_id, {name: placed.row[name] for name in placed.resource.row_columns}, children)


def _delete(
    connection: Connection[Any], registry: Registry, changes: Iterable[Change], written: dict[Identity, Written]
) -> None:
    by_source: dict[int, list[State]] = {}
    for change in changes:
        assert change.state is not None
        by_source.setdefault(change.state.source.number, []).append(change.state)
    for number, states in by_source.items():
        source = registry.source(number)
        keys = [state.resource_key for state in states]
        delete_index_rows(connection, source.store, keys)
        for fhir_id, stored in soft_delete_rows(connection, source, keys).items():
            written[source.resource_type, fhir_id] = Written(
                source.resource_type, fhir_id, stored.version_id, stored.updated_at, None, False
            )
