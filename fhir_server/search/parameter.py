"""A statement parameter that prints itself as psycopg writes it, with its type: `%(p0)s::text`.

https://www.psycopg.org/psycopg3/docs/basic/params.html

The cast tells PostgreSQL the type when it plans, so that a value may travel as text. SQLAlchemy's own parameters are
never used for what a request says: they are the constants in declarations of columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.types import TypeEngine

DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class Parameter(ColumnElement[Any]):
    """The parameter `name` of an SQL type, or of arrays of it."""

    inherit_cache = False

    def __init__(self, name: str, sql_type: TypeEngine[Any], listed: bool = False) -> None:
        self.name = name
        self.type = sql_type
        self.listed = listed


@compiles(Parameter)
def _print(parameter: Parameter, compiler: SQLCompiler, **options: Any) -> str:
    sql_type = parameter.type.compile(dialect=DIALECT).lower()
    return f"%({parameter.name})s::{sql_type}{'[]' if parameter.listed else ''}"


def sql_text(statement: Select[Any] | CompoundSelect[Any], schemas: Mapping[str | None, str] | None = None) -> str:
    """The statement in psycopg's notation with named parameters; constants of the declarations become literals.

    `schemas` says where the tables of a schema (None: of the default one) are to be looked for instead.
    """
    elsewhere: dict[str, Any] = (
        {"schema_translate_map": dict(schemas), "render_schema_translate": True} if schemas else {}
    )
    return str(statement.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}, **elsewhere))
