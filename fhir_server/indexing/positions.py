"""Where a Location is, as the index row that `near` looks for.

https://hl7.org/fhir/R4/location.html#positional
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhir_server.definitions import parameter_number
from fhir_server.indexing.values import CompositeValue

NEAR = parameter_number("Location.near")


def position_rows(tree: dict[str, Any]) -> tuple[CompositeValue, ...]:
    """One row with the latitude in `low` and `high` and the longitude in `second_low` and `second_high`, or none.

    A position that is not on earth has none.
    """
    position = tree.get("position")
    if type(position) is not dict:
        return ()
    latitude, longitude = _degrees(position.get("latitude"), 90), _degrees(position.get("longitude"), 180)
    if latitude is None or longitude is None:
        return ()
    return (CompositeValue(NEAR, low=latitude, high=latitude, second_low=longitude, second_high=longitude),)


def _degrees(value: Any, most: int) -> Decimal | None:
    if type(value) is bool or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if abs(number) <= most else None
