"""Names of tables and types as SQL text; they come from our own metadata only, never from a request."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import FromClause
from sqlalchemy.sql.selectable import Subquery

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_PREPARER = _DIALECT.identifier_preparer


def qualified(table: Table) -> str:
    """The table's name with its schema, quoted where PostgreSQL needs it."""
    return str(_PREPARER.format_table(table))


@cache
def selected(table: FromClause) -> str:
    """The SQL of what a source reads: a select of declarations in brackets, without parameters."""
    if not isinstance(table, Subquery):
        raise TypeError("tables have names")
    compiled = table.element.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return f"({compiled})"


def column_name(name: str) -> str:
    """A column's name, quoted where PostgreSQL needs it (`rank`, `use`, `end`)."""
    return str(_PREPARER.quote(name))


@cache
def column_type(column: Column[Any]) -> str:
    """The SQL type of a column as a cast or a record definition needs it."""
    return str(column.type.compile(dialect=_DIALECT))
