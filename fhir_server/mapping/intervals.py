"""The SQL intervals that date columns say, in the same half-open form as the index values.

https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, case, cast, func, literal_column

from fhir_server.mapping.source import DateColumn

Sql = ColumnElement[Any]

_SECOND: Sql = literal_column("interval '1 second'")
_MILLISECOND: Sql = literal_column("interval '1 millisecond'")
_MICROSECOND: Sql = literal_column("interval '1 microsecond'")
_DAY: Sql = literal_column("interval '1 day'")
_FIRST: Sql = literal_column("'0001-01-01T00:00:00Z'::timestamptz")
_LAST_SECOND: Sql = literal_column("'9999-12-31T23:59:59Z'::timestamptz")
_AFTER: Sql = literal_column("'10000-01-01T00:00:00Z'::timestamptz")
_BEFORE_ALL: Sql = literal_column("'-infinity'::timestamptz")
_INFINITY: Sql = literal_column("'infinity'::timestamptz")
_FIRST_DAY: Sql = literal_column("'0001-01-01'::date")
_LAST_DAY: Sql = literal_column("'9999-12-31'::date")


def is_sayable(start: Sql) -> Sql:
    """Whether FHIR can say a timestamptz: it has neither infinity nor years before 1 or after 9999."""
    return and_(start >= _FIRST, start < _AFTER)


def instant_columns(start: Sql, end: Sql | None = None) -> DateColumn:
    """A timestamptz as the second, millisecond or microsecond it names; an `end` after the start overrides that."""
    named = start + case(
        (func.date_trunc("second", start) == start, _SECOND),
        (func.date_trunc("milliseconds", start) == start, _MILLISECOND),
        else_=_MICROSECOND,
    )
    high: Sql = case((start < _LAST_SECOND, named), (named < _AFTER, named), else_=_INFINITY)
    if end is not None:
        high = case((end >= _AFTER, _INFINITY), (end > start, end), else_=high)
    # Indexes for the order have resources without a date at its end.
    indexed = None if end is None else func.coalesce(start, _BEFORE_ALL)
    return DateColumn(start, high, end=end, widest=_SECOND, where=is_sayable(start), indexed=indexed)


def day_columns(day: Sql) -> DateColumn:
    """A date as the whole UTC day; dates without a time have no zone, and a search compares them with its own clock."""
    high = case((day < _LAST_DAY, midnight(day + literal_column("1"))), else_=_INFINITY)
    return DateColumn(midnight(day), high, widest=_DAY, is_day=True, where=is_sayable_day(day))


def is_sayable_day(day: Sql) -> Sql:
    """Whether FHIR can say a date."""
    return and_(day >= _FIRST_DAY, day <= _LAST_DAY)


def midnight(day: Sql) -> Sql:
    """When a date begins in UTC."""
    return func.timezone(literal_column("'UTC'"), cast(day, DateTime(timezone=False)))
