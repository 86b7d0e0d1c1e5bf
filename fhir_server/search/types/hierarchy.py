"""References to a resource or to any above or below it: `partof:below=o1`, `location:below=Location/l1`.

https://hl7.org/fhir/R4/search.html#recursive

A parameter that may refer to its own type makes a hierarchy of that type: what refers is below what it refers to. Other
references follow the hierarchy of the type that they lead to. What is asked for is itself the first of those found, so
that `Location?partof:below=l1` finds all places within l1, but not l1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement, and_, false, select
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.mapping.source import ReferenceColumn
from fhir_server.search.branches import type_literal
from fhir_server.search.expression import Expression, Leaf, Shape
from fhir_server.search.types.binding import Bind
from fhir_server.search.types.reading import bad_value

ABOVE, BELOW = "above", "below"
HIERARCHIES: Mapping[str, str] = {"Encounter": "part-of", "Location": "partof", "Organization": "partof"}
"""Per type the parameter that leads upwards, for references of other types to it."""


@dataclass(frozen=True, slots=True)
class Hierarchical(Leaf):
    """One of `ids` of a type, or what is above or below it by the references of `upwards`."""

    direction: str
    target_type: str
    upwards: str
    ids: tuple[str, ...]
    table: ClassVar[str] = "reference_index"

    def shape(self) -> Shape:
        return ("hierarchical", self.parameter, self.direction, self.target_type, self.upwards)

    def words(self) -> tuple[object, ...]:
        return (self.direction, *(f"{self.target_type}/{fhir_id}" for fhir_id in self.ids))

    def linked(self) -> tuple[str, ...]:
        return (self.target_type,)


def ids_of(leaf: Hierarchical) -> list[str]:
    """The ids to start from."""
    return list(leaf.ids)


def on_rows(leaf: Hierarchical, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of reference_index."""
    same = rows.c.target_id.in_(select(bind.tree().c.fhir_id))
    return and_(same, rows.c.target_type == type_literal(leaf.target_type))


def on_column(leaf: Hierarchical, column: ReferenceColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a column that holds ids of one type."""
    if column.target_type != leaf.target_type:
        return false()
    return column.column.in_(select(bind.tree().c.fhir_id))


def hierarchical(parameter: SearchParameter, direction: str, target_type: str | None, ids: Sequence[str]) -> Expression:
    """The leaf for ids of a type, which must have a hierarchy; raises InvalidRequest where there is none."""
    if target_type is None:
        raise bad_value(parameter, f"with :{direction} must be written Type/id, because the type decides")
    upwards = parameter.code if target_type == parameter.resource_type else HIERARCHIES.get(target_type)
    if upwards is None:
        raise bad_value(parameter, f"names a {target_type}, and these have no hierarchy for :{direction}")
    return Hierarchical(parameter.code, direction, target_type, upwards, tuple(ids))
