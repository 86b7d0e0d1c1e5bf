"""`near` of Location: `latitude|longitude|distance|unit`, positions within a distance over the surface of the earth.

https://hl7.org/fhir/R4/location.html#positional

Without a distance it is 10 km, without a unit km. The earth is a sphere here, which is wrong by at most 0.6 %. An index
finds the band of latitudes, and the haversine formula decides. Locations without a position are never near.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Double, and_, cast, func, literal_column
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.search.expression import Leaf, Shape
from fhir_server.search.query import split, unescape
from fhir_server.search.types.binding import Bind
from fhir_server.search.types.number import NUMERIC
from fhir_server.search.types.reading import ParameterType, Reading, bad_value

DEFAULT_DISTANCE = Decimal(10_000)
METRES: Mapping[str, Decimal] = {
    "": Decimal(1000),
    "km": Decimal(1000),
    "m": Decimal(1),
    "[mi_i]": Decimal("1609.344"),
    "[mi_us]": Decimal("1609.3472"),
}
"""The units that a distance may have, by their UCUM codes."""
RADIUS = Decimal("6371008.8")
"""The mean radius of the earth in metres."""
MOST = Decimal(20_100_000)
"""No two places are farther from each other, in metres."""
METRES_IN_A_DEGREE = Decimal(111_000)
"""A little less than there are in a degree of latitude: the band may be too wide, never too narrow."""

_NUMBER = re.compile(r"[-+]?[0-9]{1,9}(\.[0-9]{1,30})?")
_DOUBLE: Double[Any] = Double()


@dataclass(frozen=True, slots=True)
class Near(Leaf):
    """Within `metres` of a place."""

    latitude: Decimal
    longitude: Decimal
    metres: Decimal
    table: ClassVar[str] = "composite_index"

    def shape(self) -> Shape:
        return ("near", self.parameter)

    def words(self) -> tuple[object, ...]:
        return (self.latitude, self.longitude, self.metres)


def _latitude(leaf: Near) -> str:
    return str(leaf.latitude)


def _longitude(leaf: Near) -> str:
    return str(leaf.longitude)


def _south(leaf: Near) -> str:
    return str(leaf.latitude - leaf.metres / METRES_IN_A_DEGREE)


def _north(leaf: Near) -> str:
    return str(leaf.latitude + leaf.metres / METRES_IN_A_DEGREE)


def _half_angle(leaf: Near) -> str:
    return str(leaf.metres / RADIUS / 2)


def on_rows(leaf: Near, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of composite_index that are positions."""
    band = and_(
        rows.c.code.is_(None), rows.c.low >= bind.value(_south, NUMERIC), rows.c.low <= bind.value(_north, NUMERIC)
    )
    latitude, longitude = bind.value(_latitude, _DOUBLE), bind.value(_longitude, _DOUBLE)
    north, east = cast(rows.c.low, _DOUBLE), cast(rows.c.second_low, _DOUBLE)
    haversine = _half_sine_squared(north, latitude) + func.cos(func.radians(north)) * func.cos(
        func.radians(latitude)
    ) * _half_sine_squared(east, longitude)
    # Rounding may leave the sine of antipodes above 1.
    one: ColumnElement[Any] = literal_column("1")
    return and_(band, func.asin(func.sqrt(func.least(haversine, one))) <= bind.value(_half_angle, _DOUBLE))


def _half_sine_squared(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    two: ColumnElement[Any] = literal_column("2")
    return func.power(func.sin(func.radians(one - other) / two), two)


def read(parameter: SearchParameter, text: str, reading: Reading) -> Near:
    """Two to four parts; raises InvalidRequest for what is no place on earth and no distance."""
    parts = [unescape(part).strip() for part in split(text, "|")]
    if not 2 <= len(parts) <= 4:
        raise bad_value(parameter, "must be written latitude|longitude|distance|unit")
    latitude = _degrees(parameter, parts[0], "latitude", 90)
    longitude = _degrees(parameter, parts[1], "longitude", 180)
    distance, unit = (*parts[2:], "", "")[:2]
    if unit not in METRES:
        raise bad_value(parameter, f"must have one of the units {', '.join(filter(None, METRES))}")
    if not distance:
        if unit:
            raise bad_value(parameter, "has a unit but no distance")
        return Near(parameter.code, latitude, longitude, DEFAULT_DISTANCE)
    if not _NUMBER.fullmatch(distance) or Decimal(distance) < 0:
        raise bad_value(parameter, "must have a distance that is a number and not negative")
    return Near(parameter.code, latitude, longitude, min(Decimal(distance) * METRES[unit], MOST))


def _degrees(parameter: SearchParameter, text: str, name: str, most: int) -> Decimal:
    if not _NUMBER.fullmatch(text) or abs(Decimal(text)) > most:
        raise bad_value(parameter, f"must have a {name} in degrees between -{most} and {most}")
    return Decimal(text)


TYPE = ParameterType(read={"": read})
