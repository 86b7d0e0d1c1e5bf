"""Membership in a compartment: a reference to its owner under one of the parameters that R4 names for each type.

https://hl7.org/fhir/R4/compartmentdefinition.html

A reference that is only an identifier puts nothing into a compartment. The owner is in its own compartment.

The record of a patient is more: R4 has no place in the compartment for a Task, though it is about the patient, nor for
what is sent to a clinic for the patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, literal_column
from sqlalchemy.sql import FromClause

from fhir_server.definitions import COMPARTMENTS, compartment
from fhir_server.mapping.source import ReferenceColumn
from fhir_server.search.expression import Expression, Leaf, Shape
from fhir_server.search.types.binding import Bind

BEYOND: Mapping[str, Mapping[str, tuple[str, ...]]] = {"Patient": {"SupplyRequest": ("patient",), "Task": ("patient",)}}
"""What belongs to the record of a compartment's owner without being in the compartment, by which parameters."""


@dataclass(frozen=True, slots=True)
class Member(Leaf):
    """In the compartment of the type `parameter` that one of `ids` owns; `itself` where the owner may be asked for.

    `beyond` says that what belongs to the owner's record without being in the compartment counts too.
    """

    ids: tuple[str, ...]
    itself: bool
    beyond: bool = False
    table: ClassVar[str] = "reference_index"

    def shape(self) -> Shape:
        return ("member", self.parameter, self.itself, self.beyond)

    def words(self) -> tuple[object, ...]:
        return self.ids

    def parameters(self, resource_type: str) -> tuple[str, ...]:
        more = BEYOND.get(self.parameter, {}).get(resource_type, ()) if self.beyond else ()
        own = tuple(code for code in compartment(self.parameter).get(resource_type, ()) if code != "{def}")
        return (*own, *more)


@dataclass(frozen=True, slots=True)
class IdentityColumn:
    """The logical id of a row, and its type where a table holds several."""

    column: ColumnElement[Any]
    resource_type: ColumnElement[Any] | None
    complete: bool = True


def in_compartment(name: str, fhir_id: str, types: Sequence[str]) -> Expression:
    """What puts resources of `types` into the compartment of one owner, by the id of its row."""
    return Member(name, (fhir_id,), name in types)


def member_types(name: str) -> tuple[str, ...]:
    """The types with a place in a compartment, its owner's among them, in alphabetical order."""
    return tuple(sorted({*compartment(name), name}))


def in_record(name: str, fhir_id: str, types: Sequence[str]) -> Expression:
    """What puts resources of `types` into the record of one owner, by the id of its row."""
    return Member(name, (fhir_id,), name in types, beyond=True)


def record_types(name: str) -> tuple[str, ...]:
    """The types that a record may hold, in alphabetical order."""
    return tuple(sorted({*member_types(name), *BEYOND.get(name, ())}))


def _ids(leaf: Member) -> Sequence[str]:
    return leaf.ids


def _name(leaf: Member) -> ColumnElement[str]:
    if leaf.parameter not in COMPARTMENTS:
        raise ValueError("not a compartment")
    return literal_column(f"'{leaf.parameter}'")


def on_rows(leaf: Member, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of reference_index."""
    return and_(bind.among(rows.c.target_id, _ids), rows.c.target_type == _name(leaf))


def on_column(leaf: Member, column: ReferenceColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a column that holds ids of the owner's type."""
    return bind.among(column.column, _ids)


def on_identity(leaf: Member, column: IdentityColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that a row is the owner."""
    same = bind.among(column.column, _ids)
    return same if column.resource_type is None else and_(column.resource_type == _name(leaf), same)
