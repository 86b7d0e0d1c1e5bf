"""The word for a date that may be partial: a date column for whole dates and a text beside it for the rest.

https://hl7.org/fhir/R4/datatypes.html#date
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.intervals import day_columns
from fhir_server.mapping.primitives import DATE
from fhir_server.mapping.source import SearchColumn
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow, Row, Word

_PARTIAL = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")


class partial_date(Word):  # noqa: N801
    """A `date` element; the portal knows only the date column, and what it sets there wins over an older partial text."""

    def __init__(self, day: Column[Any], partial: Column[Any]) -> None:
        self.day, self.partial = day, partial
        self.columns = (day.name, partial.name)

    def compose(self, row: Row) -> Any:
        day = DATE.compose(row.get(self.day.name))
        if day is not ABSENT:
            return day
        text = row.get(self.partial.name)
        return text if isinstance(text, str) and _PARTIAL.fullmatch(text) else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, str):
            return False
        row[self.partial.name if _PARTIAL.fullmatch(value) else self.day.name] = value
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (day_columns(self.day),)
