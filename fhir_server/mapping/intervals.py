"""The SQL intervals that date columns say, in the same half-open form as the index values.

https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, case, cast, func, literal_column

from fhir_server.mapping.source import DateColumn

_SECOND = literal_column("interval '1 second'")
_MILLISECOND = literal_column("interval '1 millisecond'")
_MICROSECOND = literal_column("interval '1 microsecond'")
_DAY = literal_column("interval '1 day'")


def instant_columns(start: Column[Any], end: Column[Any] | None = None) -> DateColumn:
    """A timestamptz as the second, millisecond or microsecond it names; `end` overrides where it is not NULL."""
    named = start + case(
        (func.date_trunc("second", start) == start, _SECOND),
        (func.date_trunc("milliseconds", start) == start, _MILLISECOND),
        else_=_MICROSECOND,
    )
    return DateColumn(start, named if end is None else func.coalesce(end, named))


def day_columns(day: Column[Any]) -> DateColumn:
    """A date as the whole UTC day; dates without a time have no zone and are never shifted."""
    low: ColumnElement[Any] = func.timezone("UTC", cast(day, DateTime(timezone=False)))
    return DateColumn(low, low + _DAY)
