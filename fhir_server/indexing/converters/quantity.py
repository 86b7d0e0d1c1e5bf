"""Quantity parameters: amounts with their unit, money, ranges.

https://hl7.org/fhir/R4/search.html#quantity
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from fhir_server.indexing import ucum
from fhir_server.indexing.converters.contract import Context, Converter, nothing

QuantityRow: TypeAlias = tuple[
    Decimal | None, Decimal | None, str | None, str | None, str | None, Decimal | None, Decimal | None, str | None
]

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
    low = None if comparator in _ONLY_HIGH else exact
    high = None if comparator in _ONLY_LOW else exact
    return (_row(low, high, value),)


def _money(value: Any, path: str, context: Context) -> tuple[QuantityRow, ...]:
    number = value.get("value")
    if number is None:
        return ()
    exact = Decimal(number)
    currency = value.get("currency")
    unit = {} if currency is None else {"system": CURRENCIES, "code": currency}
    return (_row(exact, exact, unit),)


def _range(value: Any, path: str, context: Context) -> tuple[QuantityRow, ...]:
    low, high = value.get("low", {}), value.get("high", {})
    if "value" not in low and "value" not in high:
        return ()
    unit = low if "value" in low else high
    lowest = Decimal(low["value"]) if "value" in low else None
    highest = Decimal(high["value"]) if "value" in high else None
    return (_row(lowest, highest, unit),)


def _row(low: Decimal | None, high: Decimal | None, unit: Mapping[str, str]) -> QuantityRow:
    system, code = unit.get("system"), unit.get("code")
    if system == ucum.SYSTEM and code is not None:
        canonical = [None if end is None else ucum.canonical(end, code) for end in (low, high)]
        known = next((end for end in canonical if end is not None), None)
        # An end that cannot be converted must not pass for an open one.
        if known is not None and canonical.count(None) == (low, high).count(None):
            ends = (None if end is None else end[0] for end in canonical)
            return low, high, system, code, unit.get("unit"), *ends, known[1]
    return low, high, system, code, unit.get("unit"), None, None, None


QUANTITIES: Mapping[str, Converter] = {
    "Quantity": _quantity,
    "Age": _quantity,
    "Duration": _quantity,
    "Money": _money,
    "Range": _range,
    # A series of measurements has no one amount.
    "SampledData": nothing,
}
