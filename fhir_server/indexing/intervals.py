"""Turns date and number texts, of resources and of searches alike, into half-open intervals [low, high).

https://hl7.org/fhir/R4/search.html#date and https://hl7.org/fhir/R4/search.html#number

A date says as much as it writes: `2024-03` is the whole of March, `2024-03-10T23:30:00Z` one second, `...00.10Z` ten
milliseconds. A text without an offset is local time in the zone that the caller gives, for days and months as well, so
a searched day and a stored day are the same interval.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, timezone, tzinfo
from decimal import Context, Decimal
from typing import TypeAlias

DateInterval: TypeAlias = tuple[datetime, datetime | None]
"""Aware datetimes in UTC; None is the end of time, which stands for all after the year 9999."""

MAX_NUMBER_LENGTH = 128
MAX_EXPONENT = 1000

_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+\- ][0-9]{2}:[0-9]{2})?)?)?)?"
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_OFFSET = timedelta(hours=14)
_WIDTHS = tuple(timedelta(microseconds=10 ** (6 - digits)) for digits in range(7))
"""How long a second with so many decimal places lasts."""
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
# The default context would round to 28 digits.
_EXACT = Context(prec=MAX_NUMBER_LENGTH + 8)


def date_interval(text: str, zone: tzinfo = UTC) -> DateInterval:
    """The interval that a date, dateTime or instant covers.

    Also takes what searches write: minutes without seconds, no offset (then `zone`), a blank where the `+` of an offset
    was decoded away. Raises ValueError for anything else, such as an hour without minutes or the 30th of February.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a FHIR date, dateTime or instant")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if hour is None:
        return _calendar_interval(int(year), month, day, zone)
    # FHIR allows a leap second, which Python and PostgreSQL do not know: it is the second after :59.
    leap = second == "60"
    digits = (fraction or "")[:6]
    start = _utc(
        datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            59 if leap else int(second or 0),
            int(digits.ljust(6, "0")),
            tzinfo=zone if offset is None else _offset(offset),
        )
    )
    if leap:
        start = _plus(start, timedelta(seconds=1)) or _LAST
    return start, _plus(start, timedelta(minutes=1) if second is None else _WIDTHS[len(digits)])


def number(text: str) -> Decimal:
    """The exact value of a number as searched or stored; raises ValueError when it is not one or absurdly large."""
    if len(text) > MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    value = Decimal(text)
    if not -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        raise ValueError("the number is out of range")
    return value


def precision_interval(text: str) -> tuple[Decimal, Decimal]:
    """What a number means at the precision it is written with: `100` is [99.5, 100.5), `5.40` is [5.395, 5.405).

    The last written digit decides, also with an exponent: `1e2` is [50, 150) and `1.00e2` equals `100`. (The table in
    the specification prints [95, 105) for `1e2`, against its own rule.) Raises ValueError like `number`.
    """
    value = number(text)
    half = Decimal((0, (5,), int(value.as_tuple().exponent) - 1))
    return _EXACT.subtract(value, half), _EXACT.add(value, half)


def approximate_interval(text: str) -> tuple[Decimal, Decimal]:
    """Ten per cent around a number, both ends meant: `ap100` is 90 to 110. Raises ValueError like `number`."""
    value = number(text)
    tenth = abs(value).scaleb(-1, _EXACT)
    return _EXACT.subtract(value, tenth), _EXACT.add(value, tenth)


def _calendar_interval(year: int, month: str | None, day: str | None, zone: tzinfo) -> DateInterval:
    """A year, month or day on the local calendar: a day may have 23 or 25 hours."""
    # Sums of aware datetimes are taken on the wall clock of their zone.
    start = datetime(year, int(month or 1), int(day or 1), tzinfo=zone)
    following: datetime | None
    if day is not None:
        following = _plus(start, timedelta(days=1))
    elif month is not None:
        later = _plus(start, timedelta(days=31))
        following = later and later.replace(day=1)
    else:
        following = start.replace(year=year + 1) if year < MAXYEAR else None
    return _utc(start), following and _utc(following)


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    size = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or size > _LONGEST_OFFSET:
        raise ValueError("not an offset from UTC")
    return timezone(-size if text[0] == "-" else size)


def _utc(local: datetime) -> datetime:
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return _FIRST if local.year == MINYEAR else _LAST


def _plus(start: datetime, width: timedelta) -> datetime | None:
    try:
        return start + width
    except OverflowError:
        return None
