"""The other ends of all references from or to a resource, whatever their search parameter: `_revinclude=*`.

https://hl7.org/fhir/R4/search.html#revinclude

References stand in columns and in index rows, where an index finds them by what they refer to without a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, true, union_all
from sqlalchemy.sql import FromClause, Select

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.mapping.source import Store
from fhir_server.search.branches import Branch, sql_literal, type_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.reference_columns import held, reference_columns


def any_ends(reverse: bool, here: FromClause, compilation: Compilation) -> Iterator[Select[Any]]:
    """Selects of (home, resource_type, fhir_id, resource_key): visible resources that `here` refers to, or (reverse)
    that refer to it. `here` has resource_type, fhir_id and resource_key.
    """
    found = compilation.branches(sorted(RESOURCE_TYPES))
    for branch in found:
        compilation.consults(branch)
    if reverse:
        yield from _referring(found, here, compilation)
    else:
        yield _referred(found, here, compilation)


def _end(branch: Branch, row: FromClause, compilation: Compilation) -> Select[Any]:
    home = sql_literal(branch.source.table.fullname).label("home")
    resource_type = branch.type_column(row).label("resource_type")
    found = select(home, resource_type, row.c.fhir_id, row.c.resource_key).select_from(row)
    return found.where(compilation.is_visible(row, branch))


def _stores(found: tuple[Branch, ...]) -> dict[str, Store]:
    return {branch.store.name: branch.store for branch in found}


def _referred(found: tuple[Branch, ...], here: FromClause, compilation: Compilation) -> Select[Any]:
    named: list[Select[Any]] = []
    for store in _stores(found).values():
        rows = store.reference_index.alias("i")
        of_here = (rows.c.resource_key == here.c.resource_key, rows.c.target_id.is_not(None))
        named.append(select(rows.c.target_type, rows.c.target_id).where(*of_here).correlate(here))
    for branch in found:
        for column in reference_columns(branch):
            row = branch.row()
            source, value, joined = held(column, row)
            same = (here.c.resource_type == type_literal(branch.types[0]), row.c.resource_key == here.c.resource_key)
            target = select(type_literal(column.target_type).label("target_type"), value.label("target_id"))
            named.append(target.select_from(source).where(*same, value.is_not(None), *joined).correlate(here))
    said = union_all(*named).lateral("said")
    ends: list[Select[Any]] = []
    for branch in found:
        row = branch.source.table.alias("r1")
        same = (row.c.fhir_id == said.c.target_id, branch.type_column(row) == said.c.target_type)
        ends.append(_end(branch, row, compilation).where(*same).correlate(said))
    other = union_all(*ends).lateral("other")
    return select(*other.c).select_from(said.join(other, true())).correlate(here)


def _referring(found: tuple[Branch, ...], here: FromClause, compilation: Compilation) -> Iterator[Select[Any]]:
    for store in _stores(found).values():
        rows = store.reference_index.alias("i")
        to_here = (rows.c.target_type == here.c.resource_type, rows.c.target_id == here.c.fhir_id)
        said = select(rows.c.resource_key).where(*to_here).correlate(here).lateral("said")
        ends: list[Select[Any]] = []
        for branch in found:
            if branch.store.name == store.name:
                row = branch.source.table.alias("r1")
                end = _end(branch, row, compilation)
                ends.append(end.where(row.c.resource_key == said.c.resource_key).correlate(said))
        other = union_all(*ends).lateral("other")
        yield select(*other.c).select_from(said.join(other, true())).correlate(here)
    for branch in found:
        for column in reference_columns(branch):
            row = branch.source.table.alias("r1")
            source, value, joined = held(column, row)
            to_here = (here.c.resource_type == type_literal(column.target_type), value == here.c.fhir_id)
            yield _end(branch, row, compilation).select_from(source).where(*to_here, *joined).correlate(here)


__all__ = ["any_ends"]
