"""Where each resource of a write belongs: in which table or store, as which row, and whether what it refers to exists.

A type's sources are tried in order; the generic store at the end takes whatever the tables cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from psycopg import Connection

from fhir_server.definitions import search_parameters
from fhir_server.errors import FhirError, Unprocessable
from fhir_server.indexing import Contained, IndexRows, extract, extract_contained
from fhir_server.mapping.minted import resource_name
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.resource import CannotHold, Resource
from fhir_server.mapping.source import Source
from fhir_server.mapping.word import Row
from fhir_server.persistence import references
from fhir_server.persistence.row_ids import on, row_ids
from fhir_server.persistence.states import Identity, State

GENERIC_REFERENCES = frozenset({"patient_fhir_id"})
"""The columns of the generic stores that hold ids of other resources."""


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
class Placed:
    """A change with the source that will hold it, the row it makes there and all that the index says of it.

    `row_ids` are those of the resources it refers to by other logical ids (see `mapping.minted`).
    """

    change: Change
    source: Source
    resource: Resource | None
    row: Row
    said: IndexRows
    row_ids: Mapping[str, str] = field(default_factory=dict)
    contained: tuple[Contained, ...] = ()


Blame = Callable[[Change, FhirError], FhirError]
"""Makes the error of one change that of the request it came with, which may hold many."""


@contextmanager
def blaming(blame: Blame | None, change: Change) -> Iterator[None]:
    """Errors inside are those of `change`."""
    try:
        yield
    except FhirError as error:
        if blame is None:
            raise
        raise blame(change, error) from None


def place(registry: Registry, change: Change, base_url: str, zone: tzinfo) -> Placed:
    """The change, which must have a tree, in the first source that can hold it. Raises what decomposing raises."""
    tree = change.tree or {}
    said = extract(change.resource_type, tree, base_url, zone)
    contained = extract_contained(tree, base_url, zone)
    for source in registry.sources(change.resource_type):
        resource = registry.resource(source)
        if resource is None:
            row = _generic_row(change.resource_type, said, {})
            return Placed(change, source, None, row, said, contained=contained)
        is_here = change.state is not None and change.state.source is source
        # What other rows need stays here, whatever it says.
        if not (is_here and not resource.moves) and not (resource.accepts(tree) and (resource.creatable or is_here)):
            continue
        try:
            row = resource.decompose(tree, change.state.row if change.state is not None and is_here else None)
        except CannotHold:
            continue
        return Placed(change, source, resource, row, said, contained=contained)
    raise AssertionError("every type ends with the generic store")


def with_row_ids(connection: Connection[Any], placed: Sequence[Placed]) -> list[Placed]:
    """`placed` with ids of rows where a column holds a reference."""
    named = {said.target_id for one in placed for said in one.said.reference if said.target_id is not None}
    known = row_ids(on(connection), named)
    return [_with_row_ids(one, known) for one in placed] if known else list(placed)


def _with_row_ids(placed: Placed, known: Mapping[str, str]) -> Placed:
    columns = placed.resource.references if placed.resource is not None else GENERIC_REFERENCES
    row = {name: known.get(held, held) if name in columns else held for name, held in placed.row.items()}
    return replace(placed, row=row, row_ids=known)


def _generic_row(resource_type: str, said: IndexRows, row_ids_of: Mapping[str, str]) -> Row:
    known = search_parameters(resource_type)
    parameter = known.get("patient") or known.get("subject")
    patient = next(
        (
            row_ids_of.get(one.target_id or "", one.target_id)
            for one in said.reference
            if parameter is not None and one.parameter == parameter.number and one.target_type == "Patient"
        ),
        None,
    )
    return {"patient_fhir_id": patient}


def check_references(
    connection: Connection[Any],
    registry: Registry,
    placed: list[Placed],
    changes: Sequence[Change],
    blame: Blame | None,
) -> list[Placed]:
    """`placed` with columns cleared where they name a resource that does not exist, or moved to the generic store.

    `changes` are all changes of the write: what they create exists, what they delete does not. Raises Unprocessable
    for a reference to a Patient that does not exist.
    """
    wanted: dict[str, set[str]] = {}
    for one in placed:
        wanted.setdefault("Patient", set()).update(_patients(one))
        for column, target_type in one.resource.must_exist.items() if one.resource is not None else ():
            if one.row.get(column) is not None:
                wanted.setdefault(target_type, set()).add(one.row[column])
    coming = {one.change.identity: one.source for one in placed}
    leaving = {change.identity for change in changes if change.tree is None}
    existing = references.existing(connection, registry, wanted, coming, leaving)
    checked = []
    for one in placed:
        with blaming(blame, one.change):
            checked.append(_with_existing(registry, one, existing))
    return checked


def _patients(placed: Placed) -> Iterator[str]:
    """The ids of the rows of the Patients that the resource refers to."""
    if placed.change.resource_type == "Bundle":
        return  # its index names what stands in the Bundle itself
    for one in placed.said.reference:
        if one.target_type == "Patient" and one.target_id is not None:
            yield placed.row_ids.get(one.target_id, one.target_id)


def _with_existing(registry: Registry, placed: Placed, existing: Mapping[Identity, Source]) -> Placed:
    for patient in _patients(placed):
        if ("Patient", patient) not in existing:
            raise Unprocessable(
                "The resource refers to a Patient that does not exist on this server",
                references.expressions(placed.change.tree, resource_name("Patient", patient)),
            )
    if placed.resource is None:
        return placed
    row = dict(placed.row)
    for column, target_type in placed.resource.must_exist.items():
        if row.get(column) is None:
            continue
        home = existing.get((target_type, row[column]))
        if home is not None and not home.generic:
            continue
        if not placed.resource.moves:
            raise placed.resource.refused(column, "refers to nothing that the portal has")
        if not placed.resource.table.c[column].nullable:
            generic = registry.sources(placed.change.resource_type)[-1]
            return replace(
                placed,
                source=generic,
                resource=None,
                row=_generic_row(placed.change.resource_type, placed.said, placed.row_ids),
            )
        row[column] = None
    return replace(placed, row=row)
