"""The words for days of the portal in elements that may also say times: a Period of days, a day or else a time, an end.

https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, and_, case, func, literal_column, not_, or_

from fhir_server.mapping.intervals import day_columns, instant_columns, is_sayable, is_sayable_day
from fhir_server.mapping.primitives import DATE, EXACT_INSTANT, instant_text
from fhir_server.mapping.source import DateColumn, SearchColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word

_ALWAYS: Sql = literal_column("'-infinity'::timestamptz")


class day_period(Word):  # noqa: N801
    """A Period of two days; one that would end before it starts is not said."""

    def __init__(self, start: Column[Any], end: Column[Any]) -> None:
        self.start, self.end = start, end
        self.bounds = {"start": start.name, "end": end.name}
        self.columns = (start.name, end.name)

    def compose(self, row: Row) -> Any:
        said = {name: DATE.compose(row.get(column)) for name, column in self.bounds.items()}
        said = {name: text for name, text in said.items() if text is not ABSENT}
        if not said or (len(said) == 2 and said["start"] > said["end"]):
            return ABSENT
        return Atomic(said)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        held = {column: DATE.decompose(value.get(name)) for name, column in self.bounds.items()}
        row.update({column: stored for column, stored in held.items() if stored is not ABSENT})
        return any(stored is not ABSENT for stored in held.values())

    def end_columns(self) -> tuple[DateColumn, ...]:
        """The columns that answer a parameter for the end alone."""
        says_start = func.coalesce(is_sayable_day(self.start), False)
        said = or_(not_(says_start), self.start <= self.end)
        return (day_columns(case((said, self.end))),)


class day_or_moment(Word):  # noqa: N801
    """A dateTime that is the day in one column, or the moment in another where there is no day; only a day is heard."""

    def __init__(self, day: Column[Any], moment: Column[Any]) -> None:
        self.day, self.moment = day, moment
        self.columns = (day.name,)

    def compose(self, row: Row) -> Any:
        day = DATE.compose(row.get(self.day.name))
        return instant_text(row.get(self.moment.name)) if day is ABSENT else day

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        day = DATE.decompose(value)
        if day is ABSENT:
            return False
        row[self.day.name] = day
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        has_day: Sql = func.coalesce(is_sayable_day(self.day), False)
        moment = instant_columns(self.moment)
        alone = DateColumn(
            moment.low,
            moment.high,
            widest=moment.widest,
            where=and_(not_(has_day), moment.where) if moment.where is not None else not_(has_day),
        )
        return (day_columns(self.day), alone)


class ending(Word):  # noqa: N801
    """A Period of which the portal knows only the end; what a client said of its start may not fit a new end."""

    def __init__(self, end: Column[Any]) -> None:
        self.end = end
        self.columns = (end.name,)

    def compose(self, row: Row) -> Any:
        end = EXACT_INSTANT.compose(row.get(self.end.name))
        return ABSENT if end is ABSENT else Atomic(end=end)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        end = EXACT_INSTANT.decompose(value.get("end")) if isinstance(value, dict) else ABSENT
        if end is ABSENT:
            return False
        row[self.end.name] = end
        return True

    def columns_alone(self, document_version: Column[Any]) -> tuple[DateColumn, ...]:
        """The columns that answer a date parameter while there is no document, which may also say a start."""
        is_said = and_(document_version.is_(None), is_sayable(self.end))
        return (DateColumn(case((is_said, _ALWAYS)), instant_columns(self.end).high),)
