"""Composite parameters: values of several parameters, joined by `$`, that must meet within the same element.

https://hl7.org/fhir/R4/search.html#composite

Each part is read and compared like a value of its own parameter, prefixes included; only its columns are others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, false, or_
from sqlalchemy.sql import FromClause
from sqlalchemy.types import TypeEngine

from fhir_server.definitions import SearchParameter, search_parameters
from fhir_server.indexing import composites
from fhir_server.mapping.source import (
    CompositeColumn,
    DateColumn,
    QuantityColumn,
    SearchColumn,
    StringColumn,
    TokenColumn,
)
from fhir_server.search.expression import Leaf, Shape
from fhir_server.search.query import split
from fhir_server.search.types import date, number, quantity, reference, string, token
from fhir_server.search.types.binding import TEXT, Bind, Value
from fhir_server.search.types.reading import ParameterType, Read, Reading, bad_value


@dataclass(frozen=True, slots=True)
class Composite(Leaf):
    """One leaf per component, and the parameter types of the components."""

    parts: tuple[Leaf, ...]
    kinds: tuple[str, ...]
    table: ClassVar[str] = "composite_index"

    def shape(self) -> Shape:
        return ("composite", self.parameter, *(part.shape() for part in self.parts))

    def words(self) -> tuple[object, ...]:
        return self.parts


@dataclass(frozen=True, slots=True)
class _Of:
    """A getter of a part as one of the whole; equal getters are equal, so that they share a parameter."""

    place: int
    getter: Callable[[Any], Any]

    def __call__(self, leaf: Composite) -> Any:
        return self.getter(leaf.parts[self.place])


@dataclass(frozen=True, slots=True)
class _PartBind:
    """The Bind of one part."""

    bind: Bind
    place: int

    def value(self, getter: Callable[[Any], Value], sql_type: TypeEngine[Any] = TEXT) -> ColumnElement[Any]:
        return self.bind.value(_Of(self.place, getter), sql_type)

    def among(
        self, column: ColumnElement[Any], getter: Callable[[Any], Sequence[str]], sql_type: TypeEngine[Any] = TEXT
    ) -> ColumnElement[bool]:
        return self.bind.among(column, _Of(self.place, getter), sql_type)

    def tree(self) -> FromClause:
        return self.bind.tree()


class _Renamed:
    """Rows of composite_index seen as those of a component's own index table."""

    def __init__(self, rows: FromClause, columns: Mapping[str, str]) -> None:
        self._rows, self._columns = rows, columns

    @property
    def c(self) -> _Renamed:
        """Itself: it has nothing but columns."""
        return self

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        column: ColumnElement[Any] = self._rows.c[self._columns[name]]
        return column


OnHalf = Callable[[Any, Any, Bind], ColumnElement[bool]]
_ON_ROWS: Mapping[type[Leaf], OnHalf] = {
    date.Date: date.on_rows,
    number.Number: number.on_rows,
    quantity.Quantity: quantity.on_rows,
    reference.Address: reference.address_on_rows,
    reference.Reference: reference.on_rows,
    reference.VersionedReference: reference.version_on_rows,
    string.String: string.on_rows,
    token.Token: token.on_rows,
}


def on_rows(leaf: Composite, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of composite_index."""
    columns = composites.columns_of(leaf.kinds)
    found = [
        _ON_ROWS[type(part)](part, _Renamed(rows, columns[place]), _PartBind(bind, place))
        for place, part in enumerate(leaf.parts)
    ]
    return and_(*found, *_of_partial_index(leaf, rows))


_INDEXED: Mapping[str, str] = {"quantity": "low", "number": "low", "date": "time_low", "string": "normal"}
"""Per kind of component the column without which a row is in no index for it."""


def _of_partial_index(leaf: Composite, rows: FromClause) -> tuple[ColumnElement[bool], ...]:
    """What is true of all rows of the parameter and lets PostgreSQL see that the index for its values will do."""
    if set(leaf.kinds) == {"token"}:
        return (rows.c.low.is_(None),)
    return tuple(rows.c[_INDEXED[kind]].is_not(None) for kind in dict.fromkeys(leaf.kinds) if kind in _INDEXED)


def _token_on_column(leaf: token.Token, column: TokenColumn, bind: Bind) -> ColumnElement[bool]:
    return token.on_column(leaf, (column,), bind)


_ON_COLUMN: Mapping[tuple[type[Leaf], type[SearchColumn]], OnHalf] = {
    (date.Date, DateColumn): date.on_column,
    (quantity.Quantity, QuantityColumn): quantity.on_column,
    (string.String, StringColumn): string.on_column,
    (token.Token, TokenColumn): _token_on_column,
}


def on_column(leaf: Composite, column: CompositeColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on the columns of one row, which is the element."""
    found = []
    for place, (part, columns) in enumerate(zip(leaf.parts, column.parts, strict=True)):
        compare = (
            _ON_COLUMN[type(part), type(one)](part, one, _PartBind(bind, place))
            for one in columns
            if (type(part), type(one)) in _ON_COLUMN
        )
        found.append(or_(false(), *compare))
    return and_(*found)


_READ: Mapping[str, Read] = {
    kind: one.read[""]
    for kind, one in {
        "date": date.TYPE,
        "number": number.TYPE,
        "quantity": quantity.TYPE,
        "reference": reference.TYPE,
        "string": string.TYPE,
        "token": token.TYPE,
    }.items()
}


def read(parameter: SearchParameter, text: str, reading: Reading) -> Composite:
    """A value for each component, with `$` between them; one inside a value is written `\\$`."""
    expected = composites.components(parameter)
    names = "$".join(component.code for component in expected)
    parts = split(text, "$")
    if len(parts) != len(expected) or not all(parts):
        raise bad_value(parameter, rf"must be written {names}, with all its parts; write a $ inside a value as \$")
    known = search_parameters(parameter.resource_type)
    found = []
    for component, part in zip(expected, parts, strict=True):
        leaf = _READ[known[component.code].type](known[component.code], part, reading)
        if not isinstance(leaf, Leaf):
            raise bad_value(parameter, f"cannot be searched for by its part {component.code}")
        found.append(leaf)
    return Composite(parameter.code, tuple(found), composites.kinds(parameter))


TYPE = ParameterType(read={"": read})
