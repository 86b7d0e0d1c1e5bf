"""The index rows that a resource gives: one kind of value per table.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class TokenValue(NamedTuple):
    """A code and the system it belongs to, if it has one."""

    parameter: int
    system: str | None
    code: str


class StringValue(NamedTuple):
    """A text as written and in its normal form."""

    parameter: int
    value: str
    normal: str


class ReferenceValue(NamedTuple):
    """A local target by type and id, any other by url, and the business identifier that stands beside it.

    A canonical has its url without the version in `url` and the version in `target_version`.
    """

    parameter: int
    target_type: str | None
    target_id: str | None
    target_version: str | None
    url: str | None
    identifier_system: str | None
    identifier_value: str | None


class DateValue(NamedTuple):
    """The half-open interval [low, high) in UTC; None is an open end."""

    parameter: int
    low: datetime | None
    high: datetime | None


class NumberValue(NamedTuple):
    """A number, then low equals high, or a range; an open end is an infinite Decimal."""

    parameter: int
    low: Decimal
    high: Decimal


class QuantityValue(NamedTuple):
    """An amount, then low equals high, or a range; None is an open end, as with the comparator `<`.

    Where the unit is one of UCUM that can be converted, the same amount in its canonical unit stands beside it.
    """

    parameter: int
    low: Decimal | None
    high: Decimal | None
    system: str | None
    code: str | None
    unit: str | None
    canonical_low: Decimal | None = None
    canonical_high: Decimal | None = None
    canonical_unit: str | None = None


class UriValue(NamedTuple):
    """A uri as written."""

    parameter: int
    uri: str


class CompositeValue(NamedTuple):
    """One choice of values for all components of a composite parameter, from the same element.

    `system` and `code` are those of the first token; `value_system` and `value_code` of the second, or of a quantity's
    unit. None is an open end where the other end of the interval is there.
    """

    parameter: int
    system: str | None = None
    code: str | None = None
    value_system: str | None = None
    value_code: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str | None = None
    canonical_low: Decimal | None = None
    canonical_high: Decimal | None = None
    canonical_unit: str | None = None
    second_low: Decimal | None = None
    second_high: Decimal | None = None
    time_low: datetime | None = None
    time_high: datetime | None = None
    value: str | None = None
    normal: str | None = None
    target_type: str | None = None
    target_id: str | None = None
    target_version: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class IndexRows:
    """All index rows of one resource, each once, in the order in which the resource says them."""

    token: tuple[TokenValue, ...] = ()
    string: tuple[StringValue, ...] = ()
    reference: tuple[ReferenceValue, ...] = ()
    date: tuple[DateValue, ...] = ()
    number: tuple[NumberValue, ...] = ()
    quantity: tuple[QuantityValue, ...] = ()
    uri: tuple[UriValue, ...] = ()
    composite: tuple[CompositeValue, ...] = ()
    words: str = ""
    """All words of the resource with their places, as a tsvector is written."""
