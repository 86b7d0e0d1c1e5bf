"""How a leaf puts its values into SQL: always as parameters, taken anew from the leaf of each later search.

https://www.postgresql.org/docs/current/sql-prepare.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from sqlalchemy import ColumnElement, Text, and_
from sqlalchemy.sql import FromClause
from sqlalchemy.types import TypeEngine

Value: TypeAlias = str | bool | int | list[str] | None
"""What travels: texts also for numbers and times (the SQL casts them), so that any driver will do."""

TEXT: TypeEngine[Any] = Text()

INDEXED_TEXT = 300
"""Index rows hold so many characters of codes, systems, urls and identifiers; a search cuts what it looks for."""


def cut(text: str) -> str:
    """What index rows hold of a text; only the whole texts of string_index are longer."""
    return text[:INDEXED_TEXT]


def counted(column: Any, found: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition on a declared column, for the rows in which that column counts."""
    where: ColumnElement[bool] | None = getattr(column, "where", None)
    return found if where is None else and_(found, where)


class Bind(Protocol):
    """Makes the parameters of one leaf. Getters must not look at anything but the leaf they are given."""

    def value(self, getter: Callable[[Any], Value], sql_type: TypeEngine[Any] = TEXT) -> ColumnElement[Any]:
        """A parameter with the one value that `getter(leaf)` gives; None is NULL."""
        ...

    def among(
        self, column: ColumnElement[Any], getter: Callable[[Any], Sequence[str]], sql_type: TypeEngine[Any] = TEXT
    ) -> ColumnElement[bool]:
        """`column` is among the texts that `getter(leaf)` gives; by `=` if it gives one, to keep an index's order."""
        ...

    def tree(self) -> FromClause:
        """The relation of the `fhir_id` that a Hierarchical leaf leads to."""
        ...
