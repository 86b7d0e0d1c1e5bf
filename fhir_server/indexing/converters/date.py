"""Date parameters: every value is the half-open interval of time that it covers.

https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from fhir_server.indexing.converters.contract import Context, Converter, nothing
from fhir_server.indexing.intervals import date_interval

DateRow: TypeAlias = tuple[datetime | None, datetime | None]


def _date(value: Any, path: str, context: Context) -> tuple[DateRow, ...]:
    try:
        return (date_interval(value, context.zone),)
    except ValueError:
        # Validation refuses such a text; where it was let in, it is no moment that could be searched.
        return ()


def _period(value: Any, path: str, context: Context) -> tuple[DateRow, ...]:
    starts = _date(value["start"], path, context) if "start" in value else ()
    ends = _date(value["end"], path, context) if "end" in value else ()
    if not starts and not ends:
        return ()
    return ((starts[0][0] if starts else None, ends[0][1] if ends else None),)


def _timing(value: Any, path: str, context: Context) -> tuple[DateRow, ...]:
    """From the first to the last moment that is named; how often something happens in between is not searched."""
    found = [row for event in value.get("event", ()) if event is not None for row in _date(event, path, context)]
    bounds = value.get("repeat", {}).get("boundsPeriod")
    if bounds is not None:
        found.extend(_period(bounds, path, context))
    if not found:
        return ()
    lows = [low for low, _ in found if low is not None]
    highs = [high for _, high in found if high is not None]
    return (
        (
            min(lows) if len(lows) == len(found) else None,
            max(highs) if len(highs) == len(found) else None,
        ),
    )


DATES: Mapping[str, Converter] = {
    "date": _date,
    "dateTime": _date,
    "instant": _date,
    "Period": _period,
    "Timing": _timing,
    # Free text and ages stand beside dates in some choices and are no dates.
    "string": nothing,
    "Age": nothing,
    "Range": nothing,
}
