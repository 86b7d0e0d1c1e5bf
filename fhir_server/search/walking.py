"""Pages in the order of a date that only index rows hold: their index is walked in its order, and stops with the page.

https://www.postgresql.org/docs/current/queries-limit.html

A row's value is its highest date (descending) or its lowest. Sorting by a look-up of it for each row would read the
whole store; here the first rows of the index are joined to their resources. Resources without a date come after all
others and are looked for only where these do not fill the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, exists, func, literal_column, select, tuple_
from sqlalchemy.sql import FromClause, Select

from fhir_server.search.branches import Branch
from fhir_server.search.compilation import Compilation
from fhir_server.search.costs import is_bound
from fhir_server.search.expression import And, Numbered
from fhir_server.search.ordering import Order, after, beyond
from fhir_server.search.placement import own_columns
from fhir_server.search.request import Search
from fhir_server.search.together import finds_one
from fhir_server.search.types import ON_ROWS
from fhir_server.search.types.date import Date
from fhir_server.search.walking_children import child_text


def walks(search: Search, order: Order, branch: Branch) -> bool:
    """Whether the order begins with a date that only index rows hold, and not only few rows are asked for."""
    key = order.columns[0].key
    if key is None or key.kind != "date" or key.via or len(branch.types) != 1 or is_bound(search):
        return False
    return (
        branch.source.generic
        and key.parameter not in branch.source.sort
        and not own_columns(branch.source, key.parameter)
    )


def is_walkable(search: Search, order: Order, branch: Branch) -> bool:
    """Whether rows can be read in the order, so that a page stops when it is full."""
    key = order.columns[0].key
    if key is None:
        return True
    if key.via:
        return False
    by_index = key.parameter in ("_id", "_lastUpdated") or key.parameter in branch.source.sort
    return by_index or walks(search, order, branch) or child_text(order, branch) is not None


def walked(
    order: Order,
    row: FromClause,
    values: Sequence[ColumnElement[Any]],
    condition: ColumnElement[bool],
    branch: Branch,
    compilation: Compilation,
    continues: bool,
    limit: ColumnElement[int],
    name: str,
) -> list[FromClause]:
    """The rows of a page with their sort columns: those with a date, and those without as far as these leave room.

    `values` are the order's columns on `row`; the first is replaced. `name` is used once in a statement.
    """
    first = order.columns[0]
    key = first.key
    if key is None:
        raise AssertionError("only a sort key can be walked")
    none = literal_column(beyond(first), first.sql_type)
    dates, others = (branch.store.date_index.alias(name) for name in ("w", "x"))

    def of(rows: FromClause) -> tuple[ColumnElement[bool], ...]:
        return (
            branch.parameters(rows, (key.parameter,)),
            rows.c.resource_key == row.c.resource_key,
            rows.c.low != none,
        )

    def page(value: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
        found = (value, *values[1:])
        chosen = select(*row.c, *(one.label(column.name) for one, column in zip(found, order.columns, strict=True)))
        chosen = chosen.where(condition, *conditions)
        if continues:
            chosen = chosen.where(after(order, found, compilation.binds))
        labels: list[ColumnElement[Any]] = [literal_column(column.name) for column in order.columns]
        named = zip(labels, order.columns, strict=True)
        return chosen.order_by(*(label.desc() if column.descending else label.asc() for label, column in named))

    place = [tuple_(rows.c.low, literal_column(f"{rows.name}.ctid")) for rows in (dates, others)]
    further = place[1] > place[0] if first.descending else place[1] < place[0]
    better = exists(select(literal_column("1")).select_from(others).where(*of(others), further))
    asked = _bounds(key.parameter, dates, branch, compilation)
    bounds = list(asked)
    if continues:
        # The comparison of all columns spans two tables; this one says where in the index to go on.
        last = compilation.binds.constant("after0", None, first.sql_type)
        bounds.append(dates.c.low <= last if first.descending else dates.c.low >= last)
    dated = page(dates.c.low, *of(dates), *bounds, ~better).limit(limit).cte(name)
    room = limit - select(func.count()).select_from(dated).scalar_subquery()
    has_date = exists(select(literal_column("1")).select_from(others).where(*of(others)))
    bare = [~has_date]
    if asked:
        # Who asks for a date finds of these only what has no beginning (or end).
        endless = (branch.parameters(others, (key.parameter,)), others.c.resource_key == row.c.resource_key)
        bare.append(exists(select(literal_column("1")).select_from(others).where(*endless, others.c.low == none)))
    undated = page(none, *bare).limit(func.greatest(room, literal_column("0"), type_=BigInteger()))
    return [select(*dated.c).subquery("r"), undated.subquery("r")]


def _bounds(code: str, dates: FromClause, branch: Branch, compilation: Compilation) -> list[ColumnElement[bool]]:
    """What the criteria ask of the same date, where there is only one: it says where in the index to begin and end."""
    if not finds_one(branch.types[0], code):
        return []
    wanted = compilation.criteria
    parts = wanted.parts if isinstance(wanted, And) else (wanted,)
    asked = (part for part in parts if isinstance(part, Numbered) and isinstance(part.leaf, Date))
    found = (part for part in asked if part.leaf.parameter == code)
    return [ON_ROWS[Date](part.leaf, dates, compilation.binds.of(part.number)) for part in found]


__all__ = ["walked", "walks"]
