"""What the resources of a record refer to outside of it (who treated, where, with what), each once however often named.

https://hl7.org/fhir/R4/patient-operation-everything.html

References are found in columns and in index rows of all matches, whatever their search parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Text, and_, cast, null, select, union, union_all
from sqlalchemy.sql import Select

from fhir_server.search.branches import Branch, one_of, type_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.pages import LIMIT
from fhir_server.search.reference_columns import held, reference_columns
from fhir_server.search.rows import INCLUDE, RESOURCE_COLUMNS, pending_select, resource_select


def supporting_statement(
    members: Sequence[str], types: Sequence[str], compilation: Compilation, continues: bool
) -> Select[Any]:
    """RESOURCE_COLUMNS and `sort0` (the key) of visible resources of `types` that matches of `members` types refer to.

    A row of mode `pending` comes first where something must be merged. `limit` and `after0` are the caller's.
    """
    parts = [
        part for branch in compilation.branches(members) for part in _referred(branch, frozenset(types), compilation)
    ]
    referred = union(*parts).cte("referred")
    limit = compilation.binds.constant(LIMIT, None, BigInteger())
    found = [_found(branch, referred, compilation, continues, limit) for branch in compilation.branches(types)]
    page = union_all(*found).subquery("found")
    cut = select(*page.c).order_by(page.c.sort0).limit(limit).subquery("page")
    pending = [pending_select(branch).add_columns(null().label("sort0")) for branch in compilation.consulted.values()]
    answer = union_all(select(*cut.c), *pending).subquery("answer")
    chosen = select(*(answer.c[name] for name in RESOURCE_COLUMNS), cast(answer.c.sort0, Text()).label("sort0"))
    # pending comes before include in the reverse of the alphabet.
    return chosen.order_by(answer.c.mode.desc(), answer.c.sort0)


def _found(
    branch: Branch, referred: CTE, compilation: Compilation, continues: bool, limit: ColumnElement[int]
) -> Select[Any]:
    table = branch.row()
    same = and_(table.c.fhir_id == referred.c.target_id, referred.c.target_type == branch.type_column(table))
    chosen = select(*table.c).select_from(referred.join(table, same)).where(compilation.is_visible(table, branch))
    if continues:
        chosen = chosen.where(table.c.resource_key > compilation.binds.constant("after0", None, BigInteger()))
    row = chosen.order_by(table.c.resource_key).limit(limit).subquery("r")
    return resource_select(INCLUDE, branch, row).add_columns(row.c.resource_key.label("sort0"))


def _referred(branch: Branch, types: frozenset[str], compilation: Compilation) -> Iterator[Select[Any]]:
    """(target_type, target_id) of the references of a branch's matches."""
    compilation.consults(branch)
    row, rows = branch.row(), branch.store.reference_index.alias("m")
    matches = compilation.matches(row, branch)
    named = select(rows.c.target_type, rows.c.target_id)
    named = named.select_from(row.join(rows, rows.c.resource_key == row.c.resource_key))
    yield named.where(matches, rows.c.target_id.is_not(None), one_of(rows.c.target_type, sorted(types)))
    for column in reference_columns(branch):
        if column.target_type in types:
            source, value, joined = held(column, row)
            target = select(type_literal(column.target_type).label("target_type"), value.label("target_id"))
            yield target.select_from(source).where(matches, value.is_not(None), *joined)


__all__ = ["supporting_statement"]
