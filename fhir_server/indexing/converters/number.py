"""Number parameters: exact decimals, and ranges of them.

https://hl7.org/fhir/R4/search.html#number
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from fhir_server.indexing.converters.contract import Context, Converter

NumberRow: TypeAlias = tuple[Decimal, Decimal]

_LOWEST = Decimal("-Infinity")
_HIGHEST = Decimal("Infinity")


def _number(value: Any, path: str, context: Context) -> tuple[NumberRow, ...]:
    exact = Decimal(value)
    return ((exact, exact),)


def _range(value: Any, path: str, context: Context) -> tuple[NumberRow, ...]:
    low = value.get("low", {}).get("value")
    high = value.get("high", {}).get("value")
    if low is None and high is None:
        return ()
    return ((_LOWEST if low is None else Decimal(low), _HIGHEST if high is None else Decimal(high)),)


NUMBERS: Mapping[str, Converter] = {
    "decimal": _number,
    "integer": _number,
    "Range": _range,
}
