"""Quantity parameters: a number with `|system|code`, `||code-or-unit`, or any unit.

https://hl7.org/fhir/R4/search.html#quantity

Units are not converted: `4.0|http://unitsofmeasure.org|cm` does not find 40 mm. A stored comparator opens the range:
`<5` matches lt5 and gt3, because it may be 4, and no eq.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.mapping.source import QuantityColumn
from fhir_server.search.expression import Shape
from fhir_server.search.query import split, unescape
from fhir_server.search.types.binding import Bind, cut
from fhir_server.search.types.number import Number, compare, read_bounds
from fhir_server.search.types.reading import ParameterType, Reading, bad_value


@dataclass(frozen=True, slots=True)
class Quantity(Number):
    """`scope` says what is asked of the unit: any, coded (`system|code`), system (`system|`), named (`||unit`)."""

    scope: str
    system: str | None
    unit: str | None
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


def on_rows(leaf: Quantity, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of quantity_index."""
    return and_(
        compare(leaf, rows.c.low, rows.c.high, bind), *_unit_is(leaf, rows.c.system, rows.c.code, rows.c.unit, bind)
    )


def on_column(leaf: Quantity, column: QuantityColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a row's own value and unit."""
    present = (column.value.is_not(None),)
    return and_(
        *present,
        compare(leaf, column.value, column.value, bind),
        *_unit_is(leaf, column.system, column.code, column.unit, bind),
    )


def _unit_is(
    leaf: Quantity,
    system: ColumnElement[str],
    code: ColumnElement[str],
    unit: ColumnElement[str],
    bind: Bind,
) -> tuple[ColumnElement[bool], ...]:
    if leaf.scope == "coded":
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
    return Quantity(parameter.code, *bounds, scope, system, unit)


TYPE = ParameterType(read={"": read})
