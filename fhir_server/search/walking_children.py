"""Pages in the order of a text that child rows hold, such as the family of a Patient: their index is walked.

https://www.postgresql.org/docs/current/queries-limit.html

A row's value is the lowest of its children's normal forms (descending: the highest), and one index has these beside the
id of the row, which ends the order. Rows without a value come after all others, as in `walking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, exists, func, literal_column, select, tuple_
from sqlalchemy.sql import FromClause, Select
from sqlalchemy.sql.util import ClauseAdapter

from fhir_server.mapping.source import StringColumn, Through
from fhir_server.search.branches import Branch, sql_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.ordering import Order, after, beyond
from fhir_server.search.placement import own_columns


def child_text(order: Order, branch: Branch) -> StringColumn | None:
    """The one column of child rows whose normal form is the order, after which only the id is compared; or None."""
    if len(order.columns) != 2 or order.unique_key != "fhir_id":
        return None
    key = order.columns[0].key
    if key is None or key.kind != "string" or key.via or key.parameter in branch.source.sort:
        return None
    match own_columns(branch.source, key.parameter):
        case (StringColumn(normal=normal, through=Through(parent_key="fhir_id"), complete=True) as only,):
            return only if normal is not None else None
    return None


def walked_children(
    column: StringColumn,
    order: Order,
    row: FromClause,
    condition: ColumnElement[bool],
    branch: Branch,
    compilation: Compilation,
    continues: bool,
    limit: ColumnElement[int],
    name: str,
) -> list[FromClause]:
    """The rows of a page with their sort columns: those with a text, and those without as far as these leave room.

    `column` is what `child_text` gave. `name` is used once in a statement.
    """
    through = column.through
    if not isinstance(through, Through) or column.normal is None:
        raise AssertionError("only normal forms of child rows can be walked")
    first = order.columns[0]
    none = literal_column(beyond(first), first.sql_type)
    texts, others = (through.table.alias(alias) for alias in ("w", "x"))
    normal, other_normal = (ClauseAdapter(rows).traverse(column.normal) for rows in (texts, others))

    def of(rows: FromClause, value: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        constants = [rows.c[held] == sql_literal(said) for held, said in through.conditions.items()]
        said = [ClauseAdapter(rows).traverse(one) for one in (column.where, column.said) if one is not None]
        return [rows.c[through.key] == row.c.fhir_id, *constants, *said, value.collate("C") != none]

    def page(values: Sequence[ColumnElement[Any]], *conditions: ColumnElement[bool]) -> Select[Any]:
        keys = [value.label(part.name) for value, part in zip(values, order.columns, strict=True)]
        chosen = select(*row.c, *keys).where(condition, *conditions)
        if continues:
            chosen = chosen.where(after(order, values, compilation.binds))
        return chosen.order_by(
            *(key.desc() if part.descending else key.asc() for key, part in zip(keys, order.columns, strict=True))
        )

    place = [
        tuple_(value, literal_column(f"{rows.name}.ctid")) for value, rows in ((normal, texts), (other_normal, others))
    ]
    further = place[1] > place[0] if first.descending else place[1] < place[0]
    better = exists(select(literal_column("1")).select_from(others).where(and_(*of(others, other_normal), further)))
    values = (normal.collate("C"), texts.c[through.key].collate("C"))
    texted = page(values, *of(texts, normal), ~better).limit(limit).cte(name)
    room = limit - select(func.count()).select_from(texted).scalar_subquery()
    # PostgreSQL makes no join of a subquery with an OFFSET: it would read all rows to find the few without.
    has_text = exists(
        select(literal_column("1")).select_from(others).where(*of(others, other_normal)).offset(literal_column("0"))
    )
    bare = page((none, row.c.fhir_id), ~has_text)
    bare = bare.limit(func.greatest(room, literal_column("0"), type_=BigInteger()))
    return [select(*texted.c).subquery("r"), bare.subquery("r")]


__all__ = ["child_text", "walked_children"]
