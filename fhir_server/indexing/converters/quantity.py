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

CanonicalRow: TypeAlias = tuple[Decimal | None, Decimal | None, str | None]

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
    return (low, high, system, code, unit.get("unit"), *_canonical(low, high, system, code))


def _canonical(low: Decimal | None, high: Decimal | None, system: str | None, code: str | None) -> CanonicalRow:
    if system != ucum.SYSTEM or code is None:
        return None, None, None
    lowest = None if low is None else ucum.canonical(low, code)
    highest = None if high is None else ucum.canonical(high, code)
    known = lowest or highest
    # An end that cannot be converted must not pass for an open one.
    if known is None or (lowest is None) != (low is None) or (highest is None) != (high is None):
        return None, None, None
    return lowest and lowest[0], highest and highest[0], known[1]


QUANTITIES: Mapping[str, Converter] = {
    "Quantity": _quantity,
    "Age": _quantity,
    "Duration": _quantity,
    "Money": _money,
    "Range": _range,
    # A series of measurements has no one amount.
    "SampledData": nothing,
}
