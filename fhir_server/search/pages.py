"""The statement of one search page: matches in order, what they include, and whether merges are pending.

https://hl7.org/fhir/R4/search.html

One select per branch, each in the page's order and cut after one row more than the page holds, united and cut again.
Sorting sees rows only; documents are joined to the few that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, cast, false, literal_column, null, select, union_all
from sqlalchemy.sql import FromClause, Select
from sqlalchemy.sql.elements import False_

from fhir_server.search.branches import Branch
from fhir_server.search.compilation import Compilation
from fhir_server.search.contained import CONTAINED_ID, contained_pages, no_contained_id
from fhir_server.search.costs import is_bound
from fhir_server.search.includes import included_selects
from fhir_server.search.narrowing import Narrowed, narrowed
from fhir_server.search.ordering import Order, after, order_values
from fhir_server.search.request import Search
from fhir_server.search.rows import MATCH, RESOURCE_COLUMNS, pending_select, resource_select
from fhir_server.search.walking import is_walkable, walked, walks
from fhir_server.search.walking_children import child_text, walked_children

LIMIT = "limit"
PAGE_SIZE = "page_size"


def page_statement(search: Search, order: Order, compilation: Compilation, continues: bool) -> Select[Any]:
    """The whole statement; `continues` when the page does not start at the beginning.

    Gives RESOURCE_COLUMNS, CONTAINED_ID if contained resources are returned, and the order columns `sort0`, `sort1`, …
    as texts. The parameters `limit` (page size plus one), `page_size` (where there are includes) and `after0`,
    `after1`, … are the caller's.
    """
    found = compilation.searched(search.types) if search.contained != "true" else ()
    page = _page(search, found, order, compilation, continues)
    return answer_statement(search, page, order, compilation)


def answer_statement(search: Search, page: FromClause, order: Order, compilation: Compilation) -> Select[Any]:
    """The rows of `page` in their order, what they include, and what is pending; columns as in `page_statement`."""
    names = (*RESOURCE_COLUMNS, CONTAINED_ID) if search.returns_contained else RESOURCE_COLUMNS
    selects: list[Select[Any]] = [select(*page.c)]
    if search.includes:
        size = compilation.binds.constant(PAGE_SIZE, None, BigInteger())
        included = included_selects(search, page, order, size, compilation)
        selects += [_padded(one, order) for one in included]
    for branch in compilation.consulted.values():
        pending = pending_select(branch)
        pending = pending.add_columns(no_contained_id()) if search.returns_contained else pending
        selects.append(_padded(pending, order))
    answer: FromClause = page
    by_mode: tuple[ColumnElement[Any], ...] = ()
    if len(selects) > 1:
        answer = union_all(*(one.with_only_columns(*_named(one, names, order)) for one in selects)).subquery("answer")
        # pending, match, include, capped: the reverse of the alphabet.
        by_mode = (answer.c.mode.desc(),)
    texts = (cast(answer.c[column.name], Text).label(column.name) for column in order.columns)
    chosen = select(*(answer.c[name] for name in names), *texts)
    return chosen.order_by(*by_mode, *(column.order(answer) for column in order.columns))


def _named(chosen: Select[Any], names: Sequence[str], order: Order) -> list[ColumnElement[Any]]:
    wanted = (*names, *(column.name for column in order.columns))
    return [column for name in wanted for column in chosen.selected_columns if column.key == name]


def _padded(chosen: Select[Any], order: Order) -> Select[Any]:
    """The select with empty order columns, to be united with a page."""
    return chosen.add_columns(*(null().label(column.name) for column in order.columns))


def _page(
    search: Search, found: Sequence[Branch], order: Order, compilation: Compilation, continues: bool
) -> FromClause:
    materialized = bool(search.includes)
    limit = compilation.binds.constant(LIMIT, None, BigInteger())
    selects = [part for branch in found for part in _branch_pages(search, branch, order, compilation, continues, limit)]
    if search.contains:
        selects += contained_pages(search, order, compilation, continues, limit)
    if len(selects) == 1:
        page = selects[0]
        return page.cte("page") if materialized else page.subquery("page")
    united = union_all(*(one.order_by(None) for one in selects))
    names: list[ColumnElement[Any]] = [literal_column(column.name) for column in order.columns]
    terms = [name.desc() if column.descending else name for name, column in zip(names, order.columns, strict=True)]
    cut = united.order_by(*terms).limit(limit)
    return cut.cte("page") if materialized else cut.subquery("page")


def _branch_pages(
    search: Search,
    branch: Branch,
    order: Order,
    compilation: Compilation,
    continues: bool,
    limit: ColumnElement[int],
) -> list[Select[Any]]:
    table = branch.row()
    values = order_values(order, table, branch, compilation)
    keys = [value.label(column.name) for value, column in zip(values, order.columns, strict=True)]
    ordered = [key.desc() if column.descending else key.asc() for key, column in zip(keys, order.columns, strict=True)]
    pages = []
    rows: list[FromClause] = []
    walkable = is_walkable(search, order, branch)
    found = [
        way
        for half in compilation.halves(branch)
        for way in narrowed(half, table, branch, order, walkable, compilation, continues)
        if not isinstance(way.condition, False_)
    ]
    texts = child_text(order, branch) if not is_bound(search) else None
    for way in found or [Narrowed(false())]:
        if way.by_order and texts is not None:
            name = f"texted_{branch.types[0].lower()}_{len(rows)}"
            rows += walked_children(texts, order, table, way.condition, branch, compilation, continues, limit, name)
            continue
        if way.by_order and walks(search, order, branch):
            name = f"dated_{branch.store.name}_{branch.types[0].lower()}_{len(rows)}"
            rows += walked(order, table, values, way.condition, branch, compilation, continues, limit, name)
            continue
        chosen = select(*table.c, *keys).where(way.condition)
        if way.keys is not None:
            chosen = chosen.select_from(table.join(way.keys, way.keys.c.resource_key == table.c.resource_key))
        if continues:
            chosen = chosen.where(after(order, values, compilation.binds))
        if way.fenced:
            # PostgreSQL takes no order into a subquery with an OFFSET, even of one by nothing.
            found_rows = chosen.offset(literal_column("0")).subquery("r")
            chosen = select(*found_rows.c)
        rows.append(chosen.order_by(*ordered).limit(limit).subquery("r"))
    for row in rows:
        page = resource_select(MATCH, branch, row)
        page = page.add_columns(no_contained_id()) if search.returns_contained else page
        pages.append(page.add_columns(row.c.resource_key, *(row.c[column.name] for column in order.columns)))
    return pages
