"""Quantity parameters: a number with `|system|code`, `||code-or-unit`, or any unit.

https://hl7.org/fhir/R4/search.html#quantity

UCUM units are converted where that is exact: `4.0|http://unitsofmeasure.org|cm` finds 40 mm, at the precision of the
searched number. All other units are compared as they are written, as is the unit in `4.0||cm`. A stored comparator
opens the range: `<5` matches lt5 and gt3, because it may be 4, and no eq.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Text,
    and_,
    case,
    column,
    exists,
    false,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.sql import FromClause, Select

from fhir_server.definitions import SearchParameter
from fhir_server.indexing import ucum
from fhir_server.mapping.source import QuantityColumn
from fhir_server.search.expression import Shape
from fhir_server.search.query import split, unescape
from fhir_server.search.types.binding import Bind, counted, cut
from fhir_server.search.types.number import COMPARE, NUMERIC, Number, SqlNumber, compare, read_bounds
from fhir_server.search.types.reading import ParameterType, Reading, bad_value

_UNITS = table(
    "fhir_ucum_units",
    column("code", Text()),
    column("factor", Numeric()),
    column("addend", Numeric()),
    column("canonical_unit", Text()),
)
"""The units that the database can convert; index rows hold converted amounts, columns do not."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """The searched bounds in the canonical unit of their kind."""

    low: Decimal
    high: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Quantity(Number):
    """`scope` says what is asked of the unit: any, coded (`system|code`), canonical (likewise, and it can be
    converted), system (`system|`), named (`||unit`)."""

    scope: str
    system: str | None
    unit: str | None
    canonical: Canonical | None = None
    table: ClassVar[str] = "quantity_index"

    def shape(self) -> Shape:
        return ("quantity", self.parameter, self.prefix, self.scope)

    def words(self) -> tuple[object, ...]:
        unit = () if self.scope == "any" else (f"{self.system or ''}|{self.unit or ''}",)
        return (self.prefix, self.low, self.high, *unit)


def _system(leaf: Quantity) -> str | None:
    return leaf.system and cut(leaf.system)


def _unit(leaf: Quantity) -> str | None:
    return leaf.unit and cut(leaf.unit)


def _canonical_low(leaf: Quantity) -> str | None:
    return None if leaf.canonical is None else str(leaf.canonical.low)


def _canonical_high(leaf: Quantity) -> str | None:
    return None if leaf.canonical is None else str(leaf.canonical.high)


def _canonical_unit(leaf: Quantity) -> str | None:
    return None if leaf.canonical is None else leaf.canonical.unit


def on_rows(leaf: Quantity, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of quantity_index."""
    if leaf.scope == "canonical":
        unit = rows.c.canonical_unit == bind.value(_canonical_unit)
        return and_(unit, _compare_canonical(leaf, rows.c.canonical_low, rows.c.canonical_high, bind))
    return and_(
        compare(leaf, rows.c.low, rows.c.high, bind), *_unit_is(leaf, rows.c.system, rows.c.code, rows.c.unit, bind)
    )


def _compare_canonical(leaf: Quantity, low: SqlNumber, high: SqlNumber, bind: Bind) -> ColumnElement[bool]:
    bounds = bind.value(_canonical_low, NUMERIC), bind.value(_canonical_high, NUMERIC)
    return COMPARE[leaf.prefix](low, high, *bounds)


def on_column(leaf: Quantity, column: QuantityColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a row's own value and unit."""
    low = column.value if column.low is None else column.low
    high = column.value if column.high is None else column.high
    same_unit = _unit_is(leaf, column.system, column.code, column.unit, bind)
    matches = and_(compare(leaf, low, high, bind), *_by_index(leaf, column, bind), *same_unit)
    if leaf.scope == "canonical":
        matches = or_(matches, and_(column.system == bind.value(_system), _converted(leaf, column, low, high, bind)))
    matches = and_(column.value.is_not(None), matches)
    if leaf.scope == "canonical" and column.indexed is not None and column.odd is not None:
        plain = and_(compare(leaf, column.indexed, column.indexed, bind), column.code == bind.value(_unit))
        of_kind = _converted(leaf, column, column.indexed, column.indexed, bind)
        # A CASE is evaluated in its order: most rows are told by what is cheap, which the planner would ask last.
        matches = case((or_(plain, of_kind, column.odd), matches), else_=false())
    return counted(column, matches)


def _converted(
    leaf: Quantity, column: QuantityColumn, low: SqlNumber, high: SqlNumber, bind: Bind
) -> ColumnElement[bool]:
    """The amount lies within the bounds in the canonical unit; only common units stand in the table."""
    known = _UNITS.alias("u")
    lowest, highest = (end * known.c.factor + known.c.addend for end in (low, high))
    of_kind = and_(known.c.code == column.code, known.c.canonical_unit == bind.value(_canonical_unit))
    found: Select[Any] = select(literal_column("1"))
    return exists(found.where(of_kind, _compare_canonical(leaf, lowest, highest, bind)))


def _by_index(leaf: Quantity, column: QuantityColumn, bind: Bind) -> tuple[ColumnElement[bool], ...]:
    """What follows for the indexed value, which is not that of odd rows; the exact one is too dear for an index."""
    if column.indexed is None or column.odd is None:
        return ()
    return (or_(compare(leaf, column.indexed, column.indexed, bind), column.odd),)


def _unit_is(
    leaf: Quantity,
    system: ColumnElement[str],
    code: ColumnElement[str],
    unit: ColumnElement[str],
    bind: Bind,
) -> tuple[ColumnElement[bool], ...]:
    if leaf.scope in ("coded", "canonical"):
        return (system == bind.value(_system), code == bind.value(_unit))
    if leaf.scope == "system":
        return (system == bind.value(_system),)
    if leaf.scope == "named":
        return (or_(code == bind.value(_unit), unit == bind.value(_unit)),)
    return ()


def read(parameter: SearchParameter, text: str, reading: Reading) -> Quantity:
    """An optional prefix, a number, and an optional unit."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) not in (1, 3):
        raise bad_value(parameter, "must be written number, number|system|code or number||unit")
    bounds = read_bounds(parameter, parts[0])
    if len(parts) == 1 or not (parts[1] or parts[2]):
        return Quantity(parameter.code, *bounds, "any", None, None)
    system, unit = parts[1] or None, parts[2] or None
    scope = "named" if system is None else "coded" if unit else "system"
    canonical = _canonical(bounds[1], bounds[2], unit) if system == ucum.SYSTEM and unit else None
    return Quantity(parameter.code, *bounds, scope if canonical is None else "canonical", system, unit, canonical)


def _canonical(low: Decimal, high: Decimal, unit: str) -> Canonical | None:
    lowest, highest = ucum.canonical(low, unit), ucum.canonical(high, unit)
    return None if lowest is None or highest is None else Canonical(lowest[0], highest[0], lowest[1])


TYPE = ParameterType(read={"": read})
