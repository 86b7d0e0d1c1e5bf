"""The words for choice elements of times: an interval in two columns, deceased[x].

https://hl7.org/fhir/R4/formats.html#choice
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, and_, func, or_

from fhir_server.indexing.intervals import date_interval
from fhir_server.mapping.intervals import instant_columns, is_sayable
from fhir_server.mapping.primitives import EXACT_INSTANT, instant_text, row_time
from fhir_server.mapping.source import BooleanColumn, SearchColumn
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word

_RESOLUTION = timedelta(microseconds=1)


class moment(Word):  # noqa: N801
    """effective[x] and its like: a start column the portal knows and an end column that only FHIR writes.

    The end (exclusive) says that the start is not an instant: a partial date, a period (open: infinity). An end that is
    not after the start says nothing.
    """

    def __init__(self, start: Column[Any], end: Column[Any]) -> None:
        self.start, self.end = start, end
        self.columns = (start.name, end.name)

    def compose_into(self, into: dict[str, Any], name: str, row: Row) -> None:
        start, end = instant_text(row.get(self.start.name)), row.get(self.end.name)
        if start is ABSENT:
            return
        stem = name.removesuffix("[x]")
        if end is None:
            into[f"{stem}DateTime"] = start
            return
        first, after = _point(row[self.start.name]), _point(end)
        if str(end).endswith("BC") or end == "-infinity" or (first and after and after <= first):
            into[f"{stem}DateTime"] = start
        elif after is None:
            into[f"{stem}Period"] = Atomic(start=start)
        else:
            # Period.end is inclusive, to the precision it is written with.
            last = f"{(after - _RESOLUTION).isoformat(timespec='microseconds')[:-6]}Z"
            into[f"{stem}Period"] = Atomic(start=start, end=last)

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        stem = name.removesuffix("[x]")
        instant = source.get(f"{stem}DateTime", source.get(f"{stem}Instant"))
        exact = EXACT_INSTANT.decompose(instant)
        if exact is not ABSENT:
            row[self.start.name] = exact
            row[self.end.name] = None
            return True
        said = source.get(f"{stem}Period")
        low, high = _bounds(said if isinstance(said, dict) else {"start": instant, "end": instant})
        if low is None:
            return False
        row[self.start.name] = row_time(low)
        row[self.end.name] = "infinity" if high is None else row_time(high)
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (instant_columns(self.start, self.end),)


def _point(value: Any) -> datetime | None:
    """A row's time; None for NULL, infinity and what lies outside FHIR's years."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _bounds(period: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    try:
        start, end = period.get("start"), period.get("end")
        low = date_interval(start)[0] if isinstance(start, str) else None
        return low, date_interval(end)[1] if isinstance(end, str) else None
    except ValueError:
        return None, None


class deceased(Word):  # noqa: N801
    """deceased[x] of a boolean and a time; false is the portal's default and therefore says nothing."""

    def __init__(self, flag: Column[Any], time: Column[Any]) -> None:
        self.flag, self.time = flag, time
        self.columns = (flag.name, time.name)

    def compose_into(self, into: dict[str, Any], name: str, row: Row) -> None:
        time = instant_text(row.get(self.time.name))
        if time is not ABSENT:
            into["deceasedDateTime"] = time
        elif row.get(self.flag.name) is True:
            into["deceasedBoolean"] = True

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        said = source.get("deceasedBoolean")
        row[self.flag.name] = said if isinstance(said, bool) else "deceasedDateTime" in source
        exact = EXACT_INSTANT.decompose(source.get("deceasedDateTime"))
        row[self.time.name] = None if exact is ABSENT else exact
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        if parameter_type == "token":
            is_timed = func.coalesce(is_sayable(self.time), False)
            return (BooleanColumn(or_(func.coalesce(self.flag, False), and_(is_timed))),)
        return (instant_columns(self.time),)
