"""Date parameters: a searched interval against a stored one, both half-open.

https://hl7.org/fhir/R4/search.html#date and https://hl7.org/fhir/R4/search.html#prefix

| prefix | matches a stored [low, high) when, for the searched [a, b) |
|--------|------------------------------------------------------------|
| eq     | a ≤ low and high ≤ b: it lies inside                       |
| ne     | it does not lie inside; no value at all does not match     |
| gt, lt | high > b; low < a                                          |
| ge, le | gt or eq; lt or eq                                         |
| sa, eb | low ≥ b; high ≤ a                                          |
| ap     | it overlaps [a, b) widened by a tenth of its distance to now |

Conditions that follow from these are written beside them where they give an index on `low` or `high` a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import ColumnElement, DateTime, and_, literal_column, or_
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.indexing.intervals import date_interval
from fhir_server.mapping.source import DateColumn
from fhir_server.search.expression import Leaf, Shape
from fhir_server.search.query import unescape
from fhir_server.search.types.binding import Bind, counted
from fhir_server.search.types.prefixes import split_prefix
from fhir_server.search.types.reading import ParameterType, Reading, bad_value

TIMESTAMP = DateTime(timezone=True)
_MILLISECOND: ColumnElement[Any] = literal_column("interval '1 millisecond'")
SqlTime: TypeAlias = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Date(Leaf):
    """A prefix and the searched interval; None is an open end. `zone` is that of times written without one."""

    prefix: str
    low: datetime | None
    high: datetime | None
    zone: tzinfo = UTC
    table: ClassVar[str] = "date_index"

    def shape(self) -> Shape:
        return ("date", self.parameter, self.prefix)

    def words(self) -> tuple[object, ...]:
        return (self.prefix, _low(self), _high(self))


def _low(leaf: Date) -> str:
    return "-infinity" if leaf.low is None else leaf.low.isoformat()


def _high(leaf: Date) -> str:
    return "infinity" if leaf.high is None else leaf.high.isoformat()


def _wall_low(leaf: Date) -> str:
    return "-infinity" if leaf.low is None else _on_the_wall(leaf.low, leaf.zone)


def _wall_high(leaf: Date) -> str:
    return "infinity" if leaf.high is None else _on_the_wall(leaf.high, leaf.zone)


def _on_the_wall(moment: datetime, zone: tzinfo) -> str:
    """What the clinic's clock shows, as if it were UTC: a day without a time has no zone and is compared with that."""
    # The first and last days that Python knows cannot be shifted; hours do not matter there.
    with suppress(OverflowError):
        moment = moment.astimezone(zone).replace(tzinfo=UTC)
    return moment.isoformat()


def _inside(low: SqlTime, high: SqlTime, a: SqlTime, b: SqlTime) -> ColumnElement[bool]:
    return and_(low >= a, low < b, high <= b)


@dataclass(frozen=True, slots=True)
class InstantColumn:
    """A timestamptz that is never NULL and stands for its whole millisecond: meta.lastUpdated."""

    column: ColumnElement[Any]
    complete: bool = True


Compare = Callable[[SqlTime, SqlTime, SqlTime, SqlTime], ColumnElement[bool]]
COMPARE: Mapping[str, Compare] = {
    "eq": _inside,
    "ne": lambda low, high, a, b: or_(low < a, high > b),
    "gt": lambda low, high, a, b: high > b,
    "lt": lambda low, high, a, b: low < a,
    "ge": lambda low, high, a, b: and_(high > a, or_(high > b, low >= a)),
    "le": lambda low, high, a, b: and_(low < b, or_(low < a, high <= b)),
    "sa": lambda low, high, a, b: low >= b,
    "eb": lambda low, high, a, b: high <= a,
    "ap": lambda low, high, a, b: and_(low < b, high > a),
}
"""`ge` and `le` are short: what begins at or after a, inside or not, either ends by b (eq) or after it (gt)."""


CompareInstant = Callable[[SqlTime, SqlTime, SqlTime, SqlTime, SqlTime], ColumnElement[bool]]
INSTANT_COMPARE: Mapping[str, CompareInstant] = {
    "eq": lambda low, a, b, a1, b1: and_(low >= a, low <= b1),
    "ne": lambda low, a, b, a1, b1: or_(low < a, low > b1),
    "gt": lambda low, a, b, a1, b1: low > b1,
    "lt": lambda low, a, b, a1, b1: low < a,
    "ge": lambda low, a, b, a1, b1: and_(low > a1, or_(low > b1, low >= a)),
    "le": lambda low, a, b, a1, b1: and_(low < b, or_(low < a, low <= b1)),
    "sa": lambda low, a, b, a1, b1: low >= b,
    "eb": lambda low, a, b, a1, b1: low <= a1,
    "ap": lambda low, a, b, a1, b1: and_(low < b, low > a1),
}
"""COMPARE for an interval of one millisecond; a1 and b1 are a millisecond before a and b."""


def _compare(leaf: Date, low: SqlTime, high: SqlTime, bind: Bind) -> ColumnElement[bool]:
    return COMPARE[leaf.prefix](low, high, bind.value(_low, TIMESTAMP), bind.value(_high, TIMESTAMP))


def on_rows(leaf: Date, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of date_index."""
    return _compare(leaf, rows.c.low, rows.c.high, bind)


_ENDS_AFTER: Mapping[str, str] = {"gt": "b", "ge": "a", "ap": "a"}
"""Prefixes that ask for values ending after the bound a or b: without a guard on what is indexed, they read the whole
table."""


def _start(column: DateColumn) -> SqlTime:
    """The start of a value, of rows that have one, as an index knows it."""
    return column.low if column.indexed is None else column.indexed


def on_column(leaf: Date, column: DateColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on the row's own interval; a NULL `low` matches nothing."""
    low, high = (_wall_low, _wall_high) if column.is_day else (_low, _high)
    a, b = bind.value(low, TIMESTAMP), bind.value(high, TIMESTAMP)
    starts = _start(column)
    compared = COMPARE[leaf.prefix](starts, column.high, a, b)
    if leaf.prefix not in _ENDS_AFTER or column.widest is None:
        return counted(column, and_(column.low.is_not(None), compared))
    after = a if _ENDS_AFTER[leaf.prefix] == "a" else b
    begins: ColumnElement[bool] = starts > after - column.widest
    return counted(column, and_(begins if column.end is None else or_(begins, column.end > after), compared))


_STARTS_BEFORE: Mapping[str, str] = {"lt": "a", "le": "b", "eq": "b", "ap": "b", "eb": "a"}
"""Prefixes that ask for values starting before the bound a or b."""


def has_far_end(asked: Sequence[object], column: object) -> bool:
    """Whether the leaves ask for values that end after some moment, where `end` may be far."""
    if not isinstance(column, DateColumn) or column.end is None or column.widest is None:
        return False
    return any(leaf.prefix in _ENDS_AFTER for leaf in asked if isinstance(leaf, Date))


def on_interval(
    asked: Sequence[tuple[Date, Bind]], column: DateColumn | InstantColumn, reach: str
) -> ColumnElement[bool]:
    """What all leaves, of one parameter, ask of the row's one interval: of all, of short ones, or of long ones.

    Short ones have no end of their own and start close to it, so that an index on their start knows both bounds of a
    range. PostgreSQL takes apart what an OR has in common and then sees no range: that is why each is a search.
    """
    if isinstance(column, InstantColumn):
        return and_(*(on_instant(leaf, column, bind) for leaf, bind in asked))
    if reach == "all" or column.end is None or column.widest is None:
        return and_(*(on_column(leaf, column, bind) for leaf, bind in asked))
    starts = _start(column)
    found: list[ColumnElement[bool]] = [column.end.is_(None) if reach == "short" else column.end.is_not(None)]
    low, high = (_wall_low, _wall_high) if column.is_day else (_low, _high)
    for leaf, bind in asked:
        named = {"a": bind.value(low, TIMESTAMP), "b": bind.value(high, TIMESTAMP)}
        if leaf.prefix in _ENDS_AFTER:
            bound = named[_ENDS_AFTER[leaf.prefix]]
            found.append(starts > bound - column.widest if reach == "short" else column.end > bound)
        if leaf.prefix in _STARTS_BEFORE:
            found.append(starts < named[_STARTS_BEFORE[leaf.prefix]])
        found.append(COMPARE[leaf.prefix](starts, column.high, named["a"], named["b"]))
    return counted(column, and_(column.low.is_not(None), *found))


def on_instant(leaf: Date, column: InstantColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on meta.lastUpdated, on the column itself so that its index serves every prefix.

    The column is truncated to milliseconds, and its interval ends one millisecond after it: `column + 1 ms > b` is
    `column > b - 1 ms`.
    """
    a, b = bind.value(_low, TIMESTAMP), bind.value(_high, TIMESTAMP)
    return INSTANT_COMPARE[leaf.prefix](column.column, a, b, a - _MILLISECOND, b - _MILLISECOND)


def read(parameter: SearchParameter, text: str, reading: Reading) -> Date:
    """An optional prefix and a date, dateTime or instant; minutes may end it."""
    prefix, written = split_prefix(unescape(text))
    try:
        low, high = date_interval(written, reading.zone)
    except ValueError:
        raise bad_value(
            parameter,
            "is not a FHIR date or dateTime (2024, 2024-03, 2024-03-10, 2024-03-10T23:30:00Z) after an optional prefix",
        ) from None
    if prefix == "ap":
        low, high = _widened(low, high, reading.now)
    return Date(parameter.code, prefix, low, high, reading.zone)


def _widened(low: datetime, high: datetime | None, now: datetime) -> tuple[datetime, datetime | None]:
    if high is None:
        return low, high
    distance = max(low - now, now - high, now - now)
    try:
        return low - distance / 10, high + distance / 10
    except OverflowError:
        return low, high


TYPE = ParameterType(read={"": read})
