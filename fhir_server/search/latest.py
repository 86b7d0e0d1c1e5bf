"""The newest few Observations of each subject and code, as one statement with a window over all matches.

https://hl7.org/fhir/R4/observation-operation-lastn.html

Observations are of one group when they name the same subject and code. Of several codings one decides: that of a code
system that a table's column holds, otherwise the first in alphabetical order; without a coding the text of the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal_column, select, union_all
from sqlalchemy.sql import FromClause, Select
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.sql.util import ClauseAdapter

from fhir_server.mapping.source import ReferenceColumn, TokenColumn
from fhir_server.search.branches import Branch, sql_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.ordering import Order, after, order_values
from fhir_server.search.pages import LIMIT, answer_statement
from fhir_server.search.request import Search, SortKey
from fhir_server.search.rows import MATCH, resource_select

MOST = "most"
LATEST = (SortKey("date", "date", descending=True),)
"""The order of the answer, and of the Observations in a group."""


def latest_statement(search: Search, order: Order, compilation: Compilation, continues: bool) -> Select[Any]:
    """The page of a search over Observations, cut to the newest `most` of each group; see `page_statement`."""
    found = compilation.branches(search.types)
    matches = union_all(*(_matches(branch, order, compilation) for branch in found)).subquery("m")
    columns = [matches.c[column.name] for column in order.columns]
    terms = [column.order(matches) for column in order.columns]
    place = func.row_number().over(partition_by=(matches.c.subject, matches.c.code), order_by=terms).label("place")
    ranked = select(matches.c.resource_key, *columns, place).subquery("n")
    most = compilation.binds.constant(MOST, None, BigInteger())
    latest = select(ranked.c.resource_key, *(ranked.c[column.name] for column in order.columns))
    latest = latest.where(ranked.c.place <= most)
    if continues:
        values = [ranked.c[column.name] for column in order.columns]
        latest = latest.where(after(order, values, compilation.binds))
    limit = compilation.binds.constant(LIMIT, None, BigInteger())
    chosen = latest.order_by(*(column.order(ranked) for column in order.columns)).limit(limit).cte("chosen")
    page = union_all(*(_printed(branch, chosen, order) for branch in found)).cte("page")
    return answer_statement(search, page, order, compilation)


def _matches(branch: Branch, order: Order, compilation: Compilation) -> Select[Any]:
    row = branch.row()
    values = order_values(order, row, branch, compilation)
    keys = [value.label(column.name) for value, column in zip(values, order.columns, strict=True)]
    compilation.consults(branch)
    group = (_subject(row, branch).label("subject"), _code(row, branch, compilation).label("code"))
    return select(row.c.resource_key, *group, *keys).where(compilation.matches(row, branch))


def _printed(branch: Branch, chosen: FromClause, order: Order) -> Select[Any]:
    table = branch.row()
    keys = [chosen.c[column.name] for column in order.columns]
    found = select(*table.c, *keys).select_from(table.join(chosen, chosen.c.resource_key == table.c.resource_key))
    row = found.subquery("r")
    page = resource_select(MATCH, branch, row)
    return page.add_columns(row.c.resource_key, *(row.c[column.name] for column in order.columns))


def _subject(row: FromClause, branch: Branch) -> ColumnElement[Any]:
    rows = branch.store.reference_index.alias("gs")
    local = rows.c.target_type + sql_literal("/") + rows.c.target_id
    texts = coalesce(local, rows.c.url, rows.c.identifier_value)
    of_row = (rows.c.resource_key == row.c.resource_key, branch.parameters(rows, ("subject",)))
    by_rows = select(func.min(texts)).where(*of_row).scalar_subquery()
    by_columns = [
        sql_literal(f"{column.target_type}/") + ClauseAdapter(row).traverse(column.column)
        for column in branch.source.columns.get("subject", ())
        if isinstance(column, ReferenceColumn)
    ]
    return coalesce(*by_columns, by_rows, sql_literal(""))


def _code_columns(branch: Branch) -> Iterator[TokenColumn]:
    return (column for column in branch.source.columns.get("code", ()) if isinstance(column, TokenColumn))


def _code(row: FromClause, branch: Branch, compilation: Compilation) -> ColumnElement[Any]:
    # The column does not say which of its systems a code is of, so a code of any of them counts without its system.
    sources = (source for kind in branch.types for source in compilation.sources_of(kind))
    held = sorted({one.system or "" for source in sources for one in _code_columns(Branch(source, branch.types))})
    rows, texts = branch.store.token_index.alias("gc"), branch.store.string_index.alias("gt")
    known = rows.c.system.in_(list(map(sql_literal, held))) if held else literal_column("false")
    bare = select(func.min(rows.c.code)).where(*_of(rows, row, branch, "code"), known)
    full = select(func.min(func.concat(rows.c.system, sql_literal("|"), rows.c.code)))
    text = select(func.concat(sql_literal("||"), func.min(texts.c.normal)))
    lookups = (
        bare.scalar_subquery(),
        full.where(*_of(rows, row, branch, "code")).scalar_subquery(),
        text.where(*_of(texts, row, branch, "code:text")).scalar_subquery(),
    )
    columns = {str(one.column): ClauseAdapter(row).traverse(one.column) for one in _code_columns(branch)}
    return coalesce(*columns.values(), *lookups)


def _of(rows: FromClause, row: FromClause, branch: Branch, parameter: str) -> tuple[ColumnElement[bool], ...]:
    return rows.c.resource_key == row.c.resource_key, branch.parameters(rows, (parameter,))


__all__ = ["LATEST", "MOST", "latest_statement"]
