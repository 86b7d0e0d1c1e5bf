"""Number parameters, compared at the precision they are written with.

https://hl7.org/fhir/R4/search.html#number

`eq` and `ne` mean the interval of the written precision, the other prefixes the exact number. A stored range counts
as a whole: `eq` holds it inside, `gt` reaches above, `sa` lies above altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import ColumnElement, Numeric, and_, or_
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.indexing.intervals import approximate_interval, number, precision_interval
from fhir_server.search.expression import Leaf, Shape
from fhir_server.search.query import unescape
from fhir_server.search.types.binding import Bind
from fhir_server.search.types.prefixes import split_prefix
from fhir_server.search.types.reading import ParameterType, Reading, bad_value

NUMERIC = Numeric()
SqlNumber: TypeAlias = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Number(Leaf):
    """`value` as written, and the bounds that its prefix compares with."""

    prefix: str
    low: Decimal
    high: Decimal
    table: ClassVar[str] = "number_index"

    def shape(self) -> Shape:
        return ("number", self.parameter, self.prefix)

    def words(self) -> tuple[object, ...]:
        return (self.prefix, self.low, self.high)


def _low(leaf: Number) -> str:
    return str(leaf.low)


def _high(leaf: Number) -> str:
    return str(leaf.high)


def _contained(low: SqlNumber, high: SqlNumber, a: SqlNumber, b: SqlNumber) -> ColumnElement[bool]:
    return and_(low >= a, low < b, high < b)


Compare = Callable[[SqlNumber, SqlNumber, SqlNumber, SqlNumber], ColumnElement[bool]]
COMPARE: Mapping[str, Compare] = {
    "eq": _contained,
    "ne": lambda low, high, a, b: or_(low < a, high >= b),
    "gt": lambda low, high, a, b: high > b,
    "lt": lambda low, high, a, b: low < a,
    "ge": lambda low, high, a, b: high >= b,
    "le": lambda low, high, a, b: low <= a,
    "sa": lambda low, high, a, b: low > b,
    "eb": lambda low, high, a, b: high < a,
    "ap": lambda low, high, a, b: and_(low <= b, high >= a),
}
"""Stored [low, high] against the searched a and b, which are one number except for eq, ne (half-open) and ap (closed).
An open end is stored as an infinite number."""


def compare(leaf: Number, low: SqlNumber, high: SqlNumber, bind: Bind) -> ColumnElement[bool]:
    """The condition that a leaf's prefix puts on a stored range."""
    return COMPARE[leaf.prefix](low, high, bind.value(_low, NUMERIC), bind.value(_high, NUMERIC))


def on_rows(leaf: Number, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of number_index."""
    return compare(leaf, rows.c.low, rows.c.high, bind)


def read_bounds(parameter: SearchParameter, text: str) -> tuple[str, Decimal, Decimal]:
    """The prefix of a number value and the bounds that it compares with."""
    prefix, written = split_prefix(text)
    try:
        if prefix in ("eq", "ne"):
            return prefix, *precision_interval(written)
        if prefix == "ap":
            return prefix, *approximate_interval(written)
        value = number(written)
    except ValueError:
        raise bad_value(
            parameter, "is not a number, or one out of range, after an optional prefix such as ge"
        ) from None
    return prefix, value, value


def read(parameter: SearchParameter, text: str, reading: Reading) -> Number:
    """An optional prefix and a number."""
    return Number(parameter.code, *read_bounds(parameter, unescape(text)))


TYPE = ParameterType(read={"": read})
