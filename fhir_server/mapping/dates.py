"""The word for a date that may be partial: a date column for whole dates and a text beside it for the rest.

https://hl7.org/fhir/R4/datatypes.html#date
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Column, and_, case, func, literal_column, not_

from fhir_server.mapping.intervals import day_columns, is_sayable_day, midnight
from fhir_server.mapping.primitives import DATE
from fhir_server.mapping.source import DateColumn, SearchColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow, Row, Word

_PARTIAL = re.compile(r"(?!0000)[0-9]{4}(-(0[1-9]|1[0-2]))?")


class partial_date(Word):  # noqa: N801
    """A `date` element; the portal knows only the date column, and what it sets there wins over an older partial
    text.
    """

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
        is_partial = _PARTIAL.fullmatch(value) is not None
        held = value if is_partial else DATE.decompose(value)
        if held is ABSENT:
            return False
        row[self.day.name], row[self.partial.name] = (None, held) if is_partial else (held, None)
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (day_columns(self.day), self._partial_columns(is_sayable_day(self.day)))

    def _partial_columns(self, whole: Sql) -> DateColumn:
        """A year or a month as the interval of its days, where there is no whole date."""
        year, month = func.left(self.partial, literal_column("4")), func.substr(self.partial, literal_column("6"))
        is_month = month != literal_column("''")
        is_partial = self.partial.bool_op("~")(literal_column("'^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2]))?$'"))
        first = func.make_date(
            _number(year), case((is_month, _number(month)), else_=literal_column("1")), literal_column("1")
        )
        length = case((is_month, literal_column("interval '1 month'")), else_=literal_column("interval '1 year'"))
        ends_time = and_(year == literal_column("'9999'"), month.in_(("", "12")))
        # CASE: the date must not be made of a text that is none.
        low = case((is_partial, midnight(first)))
        high = case((ends_time, literal_column("'infinity'::timestamptz")), (is_partial, midnight(first + length)))
        return DateColumn(low, high, is_day=True, where=and_(func.coalesce(not_(whole), True), is_partial))


def _number(text: Any) -> Any:
    return func.nullif(text, literal_column("''")).op("::")(literal_column("integer"))
