"""What a page includes: targets of its references, and resources that refer to it, each once and never a match again.

https://hl7.org/fhir/R4/search.html#include

`shown` are the matches of the page without the extra row that only tells whether there is a next one. References are
found in columns and in index rows; `included` collects the keys, and each branch prints its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, exists, literal_column, select, union
from sqlalchemy.sql import FromClause, Select
from sqlalchemy.sql.util import ClauseAdapter

from fhir_server.definitions import parameter_number
from fhir_server.mapping.source import ReferenceColumn, Through
from fhir_server.search.branches import Branch, branches, one_of, sql_literal, type_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.included_logs import logged, referred_by_log
from fhir_server.search.iteration import iterated
from fhir_server.search.ordering import Order
from fhir_server.search.request import Include, Search
from fhir_server.search.rows import INCLUDE, resource_select


def included_selects(
    search: Search, page: FromClause, order: Order, size: ColumnElement[int], compilation: Compilation
) -> list[Select[Any]]:
    """Selects of RESOURCE_COLUMNS, one per table that included resources may be in, and one of mode `capped`."""
    chosen = select(page.c.resource_type, page.c.fhir_id, page.c.resource_key)
    shown = chosen.order_by(*(column.order(page) for column in order.columns)).limit(size).cte("shown")
    if any(include.iterate or include.is_any for include in search.includes):
        included, capped = iterated(search.includes, shown, compilation)
        reached = {kind for one in search.includes for kind in one.end_types}
        printed = [_printed(branch, included, shown) for branch in branches(sorted(reached), compilation.sources_of)]
        return [*printed, capped]
    forward = tuple(include for include in search.includes if not include.reverse)
    reverse = tuple(include for include in search.includes if include.reverse)
    targets = tuple(sorted({target for include in forward for target in include.target_types}))
    types = dict.fromkeys((*targets, *(include.source_type for include in reverse)))
    keys: list[Select[Any]] = []
    if forward:
        referred = _referred(forward, shown, compilation)
        keys += [_target_keys(branch, referred, compilation) for branch in compilation.branches(targets)]
    for include in reverse:
        for branch in compilation.branches((include.source_type,)):
            keys += _referring_keys(include, branch, shown, compilation)
    included = (union(*keys) if len(keys) > 1 else keys[0].distinct()).cte("included")
    printed = [_printed(branch, included, shown) for branch in branches(types, compilation.sources_of)]
    return printed + [
        one
        for source_type in dict.fromkeys(include.source_type for include in reverse)
        for branch in compilation.logs(source_type)
        if (one := logged([one for one in reverse if one.source_type == source_type], branch, shown)) is not None
    ]


def _printed(branch: Branch, included: CTE, shown: CTE) -> Select[Any]:
    row = branch.row()
    keys = select(included.c.resource_key).where(included.c.home == _home(branch))
    not_shown = ~exists(select(literal_column("1")).where(shown.c.resource_key == row.c.resource_key))
    return resource_select(INCLUDE, branch, row).where(row.c.resource_key.in_(keys), not_shown)


def _home(branch: Branch) -> ColumnElement[str]:
    """The table, which several branches may share when types are not seen alike."""
    return literal_column(f"'{branch.source.table.fullname}'")


def _referred(includes: Sequence[Include], shown: CTE, compilation: Compilation) -> CTE:
    """(target_type, target_id) of the shown resources' references."""
    parts: list[Select[Any]] = []
    for include in includes:
        for branch in compilation.logs(include.source_type):
            parts += referred_by_log(include, branch, shown)
        for branch in compilation.branches((include.source_type,)):
            parts += _referred_by_columns(include, branch, shown)
            if not _complete(include, branch):
                compilation.consults(branch)
                parts.append(_referred_by_rows(include, branch, shown))
    chosen = union(*parts) if len(parts) > 1 else parts[0].distinct()
    return chosen.cte("referred")


def _columns(include: Include, branch: Branch) -> Iterator[ReferenceColumn]:
    for parameter in include.parameters:
        for column in branch.source.columns.get(parameter, ()):
            if isinstance(column, ReferenceColumn):
                yield column


def _complete(include: Include, branch: Branch) -> bool:
    """Whether the columns of the table hold all references under these parameters."""
    return all(
        (columns := branch.source.columns.get(parameter, ())) and all(column.complete for column in columns)
        for parameter in include.parameters
    )


def _referred_by_columns(include: Include, branch: Branch, shown: CTE) -> list[Select[Any]]:
    found = []
    for column in _columns(include, branch):
        if column.target_type not in include.target_types:
            continue
        row, value, joined = _column_on(column, branch)
        same = and_(
            shown.c.resource_type == type_literal(include.source_type), row.c.resource_key == shown.c.resource_key
        )
        target = select(type_literal(column.target_type).label("target_type"), value.label("target_id"))
        found.append(target.select_from(shown.join(row, same)).where(value.is_not(None), *joined))
    return found


def _column_on(
    column: ReferenceColumn, branch: Branch
) -> tuple[FromClause, ColumnElement[Any], tuple[ColumnElement[bool], ...]]:
    """The row, the column on it or on its child rows, and the conditions that join these."""
    row = branch.row()
    if not isinstance(column.through, Through):
        return row, ClauseAdapter(row).traverse(column.column), ()
    child = column.through.table.alias("c")
    constants = (child.c[name] == sql_literal(value) for name, value in column.through.conditions.items())
    return (
        row,
        ClauseAdapter(child).traverse(column.column),
        (child.c[column.through.key] == row.c[column.through.parent_key], *constants),
    )


def _numbers(include: Include) -> list[ColumnElement[Any]]:
    return [literal_column(str(parameter_number(f"{include.source_type}.{code}"))) for code in include.parameters]


def _referred_by_rows(include: Include, branch: Branch, shown: CTE) -> Select[Any]:
    rows = branch.store.reference_index.alias("i")
    of_include = rows.c.parameter.in_(_numbers(include))
    return (
        select(rows.c.target_type, rows.c.target_id)
        .select_from(shown.join(rows, rows.c.resource_key == shown.c.resource_key))
        .where(of_include, rows.c.target_id.is_not(None), one_of(rows.c.target_type, include.target_types))
    )


def _target_keys(branch: Branch, referred: CTE, compilation: Compilation) -> Select[Any]:
    row = branch.row()
    same = and_(row.c.fhir_id == referred.c.target_id, referred.c.target_type == branch.type_column(row))
    return (
        select(_home(branch).label("home"), row.c.resource_key)
        .select_from(referred.join(row, same))
        .where(compilation.is_visible(row, branch))
    )


def _referring_keys(include: Include, branch: Branch, shown: CTE, compilation: Compilation) -> Iterator[Select[Any]]:
    for column in _columns(include, branch):
        if column.target_type in include.target_types:
            row, value, joined = _column_on(column, branch)
            same = and_(shown.c.resource_type == type_literal(column.target_type), value == shown.c.fhir_id)
            yield _referring(branch, shown, row, same, joined, compilation)
    if _complete(include, branch):
        return
    compilation.consults(branch)
    row, rows = branch.row(), branch.store.reference_index.alias("i")
    same = and_(
        rows.c.parameter.in_(_numbers(include)),
        rows.c.target_id == shown.c.fhir_id,
        rows.c.target_type == shown.c.resource_type,
        one_of(rows.c.target_type, include.target_types),
    )
    yield (
        select(_home(branch).label("home"), row.c.resource_key)
        .select_from(shown.join(rows, same).join(row, row.c.resource_key == rows.c.resource_key))
        .where(compilation.is_visible(row, branch))
    )


def _referring(
    branch: Branch,
    shown: CTE,
    row: FromClause,
    same: ColumnElement[bool],
    joined: tuple[ColumnElement[bool], ...],
    compilation: Compilation,
) -> Select[Any]:
    chosen = select(_home(branch).label("home"), row.c.resource_key)
    if not joined:
        return chosen.select_from(shown.join(row, same)).where(compilation.is_visible(row, branch))
    return chosen.select_from(shown, row).where(same, *joined, compilation.is_visible(row, branch))
