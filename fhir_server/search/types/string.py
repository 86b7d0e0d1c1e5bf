"""String parameters: texts compared without case and accents from their beginning, `:exact`, `:contains`, `:text`.

https://hl7.org/fhir/R4/search.html#string

A prefix is written as range bounds, because LIKE with a parameter cannot use an index under a generic plan. The index
of the rows is on the first 200 characters of the normal form, so the bounds are on these and longer values are
checked whole.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, func, literal_column
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.indexing.normalize import normalize_string
from fhir_server.mapping.source import StringColumn
from fhir_server.search.expression import Leaf, Shape
from fhir_server.search.query import unescape
from fhir_server.search.types.binding import Bind, counted
from fhir_server.search.types.reading import ParameterType, Reading

INDEXED_LENGTH = 200
LAST = "\U0010ffff"
"""Sorts after every text under COLLATE "C"."""

_ZERO: ColumnElement[int] = literal_column("0")
_NFC: ColumnElement[Any] = literal_column("NFC")


@dataclass(frozen=True, slots=True)
class String(Leaf):
    """`match` is starts, exact, contains, or of a filter equal and ends; `normal` is the value's normal form.

    A value without a normal form (`%` is only punctuation) is compared as it is written.
    """

    match: str
    value: str
    normal: str
    table: ClassVar[str] = "string_index"

    def shape(self) -> Shape:
        return ("string", self.parameter, self.match, self.normal == "", len(self.normal) > INDEXED_LENGTH)

    def words(self) -> tuple[object, ...]:
        return (self.match, repr(self.value))


def _low(leaf: String) -> str:
    return leaf.normal


def _high(leaf: String) -> str:
    return leaf.normal + LAST


def _short(leaf: String) -> str:
    return leaf.normal[:INDEXED_LENGTH]


def _short_high(leaf: String) -> str:
    return leaf.normal[:INDEXED_LENGTH] + LAST


def _value(leaf: String) -> str:
    return leaf.value


def _composed(leaf: String) -> str:
    return unicodedata.normalize("NFC", leaf.value)


def on_rows(leaf: String, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of string_index."""
    return _condition(leaf, rows.c.value, shortened(rows.c.normal), rows.c.normal, bind, (_short, _short_high))


def on_column(leaf: String, column: StringColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a text column and its normal form."""
    normal = func.fhir_normalize(column.column) if column.normal is None else column.normal
    normal = normal.collate("C")
    if not column.is_long:
        return counted(column, _condition(leaf, column.column, normal, normal, bind, (_low, _high)))
    return counted(column, _condition(leaf, column.column, shortened(normal), normal, bind, (_short, _short_high)))


def shortened(normal: ColumnElement[Any]) -> ColumnElement[Any]:
    """What an index takes of a normal form."""
    return func.left(normal, literal_column(str(INDEXED_LENGTH)))


def _condition(
    leaf: String,
    value: ColumnElement[Any],
    indexed: ColumnElement[Any],
    normal: ColumnElement[Any],
    bind: Bind,
    bounds: tuple[Callable[[String], str], Callable[[String], str]],
) -> ColumnElement[bool]:
    if not leaf.normal:
        return _WRITTEN[leaf.match](leaf, value, bind)
    if leaf.match == "contains":
        return func.strpos(normal, bind.value(_low)) > _ZERO
    if leaf.match == "exact":
        return and_(indexed == bind.value(bounds[0]), func.normalize(value, _NFC) == bind.value(_composed))
    if leaf.match == "equal":
        return and_(indexed == bind.value(bounds[0]), normal == bind.value(_low))
    if leaf.match == "ends":
        return func.right(normal, func.length(bind.value(_low))) == bind.value(_low)
    starts = and_(indexed >= bind.value(bounds[0]), indexed < bind.value(bounds[1]))
    if indexed is not normal and len(leaf.normal) > INDEXED_LENGTH:
        return and_(starts, func.starts_with(normal, bind.value(_low)))
    return starts


def _written_starts(leaf: String, value: ColumnElement[Any], bind: Bind) -> ColumnElement[bool]:
    return func.starts_with(value, bind.value(_value))


def _written_contains(leaf: String, value: ColumnElement[Any], bind: Bind) -> ColumnElement[bool]:
    return func.strpos(value, bind.value(_value)) > _ZERO


def _written_exact(leaf: String, value: ColumnElement[Any], bind: Bind) -> ColumnElement[bool]:
    return value == bind.value(_value)


def _written_ends(leaf: String, value: ColumnElement[Any], bind: Bind) -> ColumnElement[bool]:
    return func.right(value, func.length(bind.value(_value))) == bind.value(_value)


_WRITTEN: Mapping[str, Callable[[String, ColumnElement[Any], Bind], ColumnElement[bool]]] = {
    "starts": _written_starts,
    "contains": _written_contains,
    "exact": _written_exact,
    "equal": _written_exact,
    "ends": _written_ends,
}


def reader(match: str, suffix: str = "") -> Callable[[SearchParameter, str, Reading], String]:
    """Reads a value for one way to compare; `suffix` names the pseudo parameter whose rows hold the texts."""

    def read(parameter: SearchParameter, text: str, reading: Reading) -> String:
        value = unescape(text)
        return String(parameter.code + suffix, match, value, normalize_string(value))

    return read


TYPE = ParameterType(read={"": reader("starts"), "exact": reader("exact"), "contains": reader("contains")})
