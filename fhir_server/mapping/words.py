"""The words for single columns: plain values, constants, codes with a required binding, periods.

https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Numeric, String, case, literal_column

from fhir_server.definitions import required_codes
from fhir_server.mapping import primitives, spoken
from fhir_server.mapping.intervals import day_columns, instant_columns
from fhir_server.mapping.primitives import Primitive, text_or_absent
from fhir_server.mapping.source import BooleanColumn, SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Atomic, contains
from fhir_server.mapping.word import HeardRow, Row, Word

SqlColumn = Column[Any]
DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_PRIMITIVE_OF: tuple[tuple[type[Any], Primitive], ...] = (
    (Boolean, primitives.BOOLEAN),
    (Date, primitives.DATE),
    (DateTime, primitives.INSTANT),
    (Integer, primitives.INTEGER),
    (Numeric, primitives.DECIMAL),
)


def primitive_of(column: SqlColumn) -> Primitive:
    """The FHIR primitive that a column's SQL type prints as; string for texts."""
    for sql_type, primitive in _PRIMITIVE_OF:
        if isinstance(column.type, sql_type):
            return primitive
    return primitives.STRING


def fits(column: SqlColumn, stored: Any) -> bool:
    """Whether a text is short enough for its column."""
    length = column.type.length if isinstance(column.type, String) else None
    return length is None or not isinstance(stored, str) or len(stored) <= length


class value(Word):  # noqa: N801 - the words of the language read as a vocabulary, not as classes
    """A primitive element that one column holds as it is."""

    def __init__(self, column: SqlColumn, primitive: Primitive | None = None, *, complete: bool | None = None) -> None:
        self.column, self.primitive = column, primitive or primitive_of(column)
        self.columns = (column.name,)
        # A nullable text may be too long for its column and is then only in the document.
        self.complete = (not column.nullable or self.primitive is primitives.BOOLEAN) if complete is None else complete

    def compose(self, row: Row) -> Any:
        return self.primitive.compose(row.get(self.column.name))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        stored = self.primitive.decompose(value)
        if stored is ABSENT or not fits(self.column, stored):
            return False
        row[self.column.name] = stored
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        if parameter_type == "token" and self.primitive is primitives.BOOLEAN:
            return (BooleanColumn(self.column, self.complete),)
        if parameter_type == "string":
            return (StringColumn(self.column, complete=self.complete, said=spoken.is_text(self.column)),)
        if parameter_type == "date":
            # A partial or over-precise date is only in the document, so the columns never say all.
            return (day_columns(self.column) if self.primitive is primitives.DATE else instant_columns(self.column),)
        return ()


class constant(Word):  # noqa: N801
    """A fixed JSON value; it makes no object exist by itself, and an object without it is another one."""

    def __init__(self, json_value: Any) -> None:
        self.json_value = json_value

    def compose(self, row: Row) -> Any:
        return self.json_value

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return bool(value == self.json_value)


class by_default(constant):  # noqa: N801
    """A constant that rows without a document say, and that a document may leave out."""


class always(Word):  # noqa: N801
    """A value that every resource of this table has; unlike a constant it makes its array exist."""

    def __init__(self, json_value: dict[str, Any]) -> None:
        self.json_value = json_value

    def compose(self, row: Row) -> Any:
        return self.json_value

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return contains(value, self.json_value)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        codings = self.json_value.get("coding", ())
        return tuple(TokenColumn(_literal(coding["code"]), system=coding["system"]) for coding in codings)


class always_code(constant):  # noqa: N801
    """A `code` that every resource of this table has."""

    def __init__(self, code: str, system: str) -> None:
        super().__init__(code)
        self.system = system

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (TokenColumn(_literal(self.json_value), system=self.system, complete=True),)


def _literal(text: str) -> Sql:
    # An untyped literal would be `unknown` to the functions around it.
    return literal_column(f"'{text}'::text")


class code_of(value):  # noqa: N801
    """A `code` element with a required binding; a text that is none of its codes says `otherwise`.

    With `needs`, `otherwise` is said only beside a text in that column, where FHIR demands a code.
    """

    def __init__(
        self,
        column: SqlColumn,
        path: str,
        *,
        system: str | None = None,
        otherwise: Any = ABSENT,
        needs: SqlColumn | None = None,
        complete: bool = False,
    ) -> None:
        super().__init__(column, primitives.CODE_TEXT, complete=complete)
        self.system, self.otherwise, self.needs = system, otherwise, needs
        self.codes = required_codes(path) or frozenset()

    def compose(self, row: Row) -> Any:
        said = super().compose(row)
        if said in self.codes:
            return said
        is_needed = self.needs is None or text_or_absent(row.get(self.needs.name)) is not ABSENT
        return self.otherwise if is_needed else ABSENT

    def sql(self) -> Sql:
        """The code that is said; where `needs` says nothing, it does not matter."""
        otherwise = None if self.otherwise is ABSENT else self.otherwise
        return case((self.column.in_(sorted(self.codes)), self.column), else_=otherwise)

    def stored(self, code: str) -> tuple[str, ...]:
        """The texts that say `code`."""
        return (code,) if code in self.codes else ()

    def is_said(self) -> Sql:
        """Whether the column holds one of the codes."""
        return self.column.in_(sorted(self.codes))

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        found = TokenColumn(
            self.column, system=self.system, stored=self.stored, complete=self.complete, said=self.is_said()
        )
        return (found,)


class positive(value):  # noqa: N801
    """A positiveInt element."""

    def compose(self, row: Row) -> Any:
        said = super().compose(row)
        return said if said is not ABSENT and said > 0 else ABSENT


class period(Word):  # noqa: N801
    """A Period of two instants; one that would end before it starts is not said."""

    def __init__(self, start: SqlColumn, end: SqlColumn) -> None:
        self.bounds = {"start": start.name, "end": end.name}
        self.columns = (start.name, end.name)

    def compose(self, row: Row) -> Any:
        said = {name: primitives.INSTANT.compose(row.get(column)) for name, column in self.bounds.items()}
        said = {name: text for name, text in said.items() if text is not ABSENT}
        # Without the Z the texts of UTC times sort like the times: "00" before "00.5".
        if not said or (len(said) == 2 and said["start"][:-1] > said["end"][:-1]):
            return ABSENT
        return Atomic(said)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        held = {column: primitives.INSTANT.decompose(value.get(name)) for name, column in self.bounds.items()}
        row.update({column: stored for column, stored in held.items() if stored is not ABSENT})
        return any(stored is not ABSENT for stored in held.values())
