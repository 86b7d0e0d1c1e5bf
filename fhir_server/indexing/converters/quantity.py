"""Quantity parameters: amounts with their unit, money, ranges.

https://hl7.org/fhir/R4/search.html#quantity
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from fhir_server.indexing.converters.contract import Context, Converter, nothing

QuantityRow: TypeAlias = tuple[Decimal | None, Decimal | None, str | None, str | None, str | None]

CURRENCIES = "urn:iso:std:iso:4217"
# Which end of the interval the number is when the true value is said to be below or above it.
_ONLY_HIGH = frozenset({"<", "<="})
_ONLY_LOW = frozenset({">", ">="})


def _quantity(value: Any, path: str, context: Context) -> tuple[QuantityRow, ...]:
    number = value.get("value")
    if number is None:
        return ()
    exact = Decimal(number)
    comparator = value.get("comparator")
    return (
        (
            None if comparator in _ONLY_HIGH else exact,
            None if comparator in _ONLY_LOW else exact,
            value.get("system"),
            value.get("code"),
            value.get("unit"),
        ),
    )


def _money(value: Any, path: str, context: Context) -> tuple[QuantityRow, ...]:
    number = value.get("value")
    if number is None:
        return ()
    exact = Decimal(number)
    currency = value.get("currency")
    return ((exact, exact, None if currency is None else CURRENCIES, currency, None),)


def _range(value: Any, path: str, context: Context) -> tuple[QuantityRow, ...]:
    low, high = value.get("low", {}), value.get("high", {})
    if "value" not in low and "value" not in high:
        return ()
    unit = low if "value" in low else high
    return (
        (
            Decimal(low["value"]) if "value" in low else None,
            Decimal(high["value"]) if "value" in high else None,
            unit.get("system"),
            unit.get("code"),
            unit.get("unit"),
        ),
    )


QUANTITIES: Mapping[str, Converter] = {
    "Quantity": _quantity,
    "Age": _quantity,
    "Duration": _quantity,
    "Money": _money,
    "Range": _range,
    # A series of measurements has no one amount.
    "SampledData": nothing,
}
