"""HTTP dates: written in the one form that RFC 9110 allows, read in all three.

https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

# Not strftime: its names follow the locale of the process.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK: Final = r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"[A-Z][a-z]{{2}}, (?P<day>\d{{2}}) (?P<month>[A-Z][a-z]{{2}}) (?P<year>\d{{4}}) {_CLOCK} GMT",
        rf"[A-Z][a-z]{{5,8}}, (?P<day>\d{{2}})-(?P<month>[A-Z][a-z]{{2}})-(?P<year>\d{{2}}) {_CLOCK} GMT",
        rf"[A-Z][a-z]{{2}} (?P<month>[A-Z][a-z]{{2}}) (?P<day>[ \d]\d) {_CLOCK} (?P<year>\d{{4}})",
    )
)


def http_date(moment: datetime) -> str:
    """`moment` (aware) as an HTTP date, cut to whole seconds."""
    utc = moment.astimezone(UTC)
    return (
        f"{_DAYS[utc.weekday()]}, {utc.day:02d} {_MONTHS[utc.month - 1]} {utc.year:04d}"
        f" {utc.hour:02d}:{utc.minute:02d}:{utc.second:02d} GMT"
    )


def parse_http_date(text: str, now: datetime | None = None) -> datetime | None:
    """The moment that `text` names, in UTC, or None when it is no HTTP date.

    A year of two digits that would lie more than 50 years ahead of `now` means the century before.
    """
    match = next((found for form in _FORMS if (found := form.fullmatch(text.strip()))), None)
    if match is None or match["month"] not in _MONTHS:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        this_year = (now or datetime.now(UTC)).year
        year += this_year // 100 * 100
        if year > this_year + 50:
            year -= 100
    try:
        return datetime(
            year,
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            # A leap second is legal in an HTTP date and not in a datetime.
            min(int(match["second"]), 59) if match["second"] == "60" else int(match["second"]),
            tzinfo=UTC,
        )
    except ValueError:
        return None
