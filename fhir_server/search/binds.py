"""The parameters of one compiled statement, and how the values of a later search of the same shape fill them.

https://www.postgresql.org/docs/current/sql-prepare.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, any_
from sqlalchemy.sql import FromClause
from sqlalchemy.types import TypeEngine

from fhir_server.search.expression import Leaf
from fhir_server.search.parameter import Parameter
from fhir_server.search.types.binding import TEXT, Value


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter: `getter` gives its value from the leaf with this number.

    `listed` None takes the value as it is; otherwise the getter gives texts, and the parameter is an array (True) or
    holds at most one (False).
    """

    name: str
    number: int
    getter: Callable[[Any], Any]
    listed: bool | None = None

    def fits(self, values: Sequence[str]) -> bool:
        """Whether the SQL text that was written for this slot is the right one for `values`."""
        return self.listed == (len(values) > 1)


class Binds:
    """Makes the parameters of a statement while it is compiled."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self.leaves = leaves
        self.slots: list[Slot] = []
        self.tree: Callable[[int], FromClause] | None = None
        """Makes the relation of what a leaf leads to, once for each leaf."""
        self.constants: dict[str, Value] = {}
        self._known: dict[tuple[int, object, str], ColumnElement[Any]] = {}

    def of(self, number: int) -> LeafBinds:
        """What the leaf with this number binds its values with."""
        return LeafBinds(self, number)

    def constant(self, name: str, value: Value, sql_type: TypeEngine[Any] = TEXT) -> ColumnElement[Any]:
        """A parameter that each use of the statement gives by name, such as the page's size."""
        self.constants[name] = value
        return Parameter(name, sql_type)

    def slot(
        self, number: int, getter: Callable[[Any], Any], sql_type: TypeEngine[Any], listed: bool | None
    ) -> ColumnElement[Any]:
        """The parameter of a leaf; the same getter on the same leaf is one parameter."""
        key = (number, getter, repr(sql_type))
        if key not in self._known:
            name = f"p{len(self.slots)}"
            self.slots.append(Slot(name, number, getter, listed))
            self._known[key] = Parameter(name, sql_type, bool(listed))
        return self._known[key]


@dataclass(frozen=True, slots=True)
class LeafBinds:
    """The Bind of one leaf."""

    binds: Binds
    number: int

    def value(self, getter: Callable[[Any], Value], sql_type: TypeEngine[Any] = TEXT) -> ColumnElement[Any]:
        """See types.binding.Bind."""
        return self.binds.slot(self.number, getter, sql_type, None)

    def among(
        self, column: ColumnElement[Any], getter: Callable[[Any], Sequence[str]], sql_type: TypeEngine[Any] = TEXT
    ) -> ColumnElement[bool]:
        """See types.binding.Bind."""
        listed = len(getter(self.binds.leaves[self.number])) > 1
        parameter = self.binds.slot(self.number, getter, sql_type, listed)
        return column == any_(parameter) if listed else column == parameter

    def tree(self) -> FromClause:
        """See types.binding.Bind."""
        if self.binds.tree is None:
            raise AssertionError("only a compilation knows the tables of a tree")
        return self.binds.tree(self.number)


def fill(slots: Sequence[Slot], leaves: Sequence[Leaf]) -> Mapping[str, Value] | None:
    """The parameter values for these leaves; None when they need other SQL: lists for single values or the reverse."""
    values: dict[str, Value] = {}
    for slot in slots:
        found = slot.getter(leaves[slot.number])
        if slot.listed is None:
            values[slot.name] = found
            continue
        if not slot.fits(found):
            return None
        values[slot.name] = list(found) if slot.listed else found[0] if found else None
    return values
