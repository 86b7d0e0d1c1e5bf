"""The columns of a table that hold references, whatever their search parameter.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.sql import FromClause
from sqlalchemy.sql.util import ClauseAdapter

from fhir_server.mapping.source import ReferenceColumn, Through
from fhir_server.search.branches import Branch, sql_literal


def reference_columns(branch: Branch) -> Iterator[ReferenceColumn]:
    """The reference columns of a table, each once."""
    found = [one for columns in branch.source.columns.values() for one in columns if isinstance(one, ReferenceColumn)]
    yield from {(str(one.column), one.target_type, id(one.through)): one for one in found}.values()


def held(
    column: ReferenceColumn, row: FromClause
) -> tuple[FromClause, ColumnElement[Any], tuple[ColumnElement[bool], ...]]:
    """What to select from (the row, perhaps joined with child rows), the id that the column holds, and conditions."""
    if not isinstance(column.through, Through):
        return row, ClauseAdapter(row).traverse(column.column), ()
    child = column.through.table.alias("c")
    constants = (child.c[name] == sql_literal(text) for name, text in column.through.conditions.items())
    joined = row.join(child, child.c[column.through.key] == row.c[column.through.parent_key])
    return joined, ClauseAdapter(child).traverse(column.column), tuple(constants)


__all__ = ["held", "reference_columns"]
