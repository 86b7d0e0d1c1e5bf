"""What is above or below some resources, as one recursive query that goes along the references of their own type.

https://hl7.org/fhir/R4/search.html#recursive

Each step goes between two resources that are there and that the caller may see. UNION leaves out what was reached
before, so that circles end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import CTE, ColumnElement, Text, cast, func, select, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import FromClause, Select

from fhir_server.search.binds import LeafBinds
from fhir_server.search.branches import branches
from fhir_server.search.expression import Expression, Link
from fhir_server.search.links import Shared, ways
from fhir_server.search.types.hierarchy import BELOW, Hierarchical, ids_of


def tree_of(leaf: Hierarchical, bind: LeafBinds, visible: Expression, shared: Shared) -> CTE:
    """(fhir_id) of what the leaf names and all that is above or below it; `visible` is what is seen of its type."""
    named = func.unnest(bind.value(ids_of, ARRAY(Text())))
    reached = select(_text(named).label("fhir_id")).cte(f"tree{bind.number}", recursive=True)
    here = reached.alias(f"here{bind.number}")
    steps = list(_steps(leaf, here, visible, shared))
    found = (union_all(*steps) if len(steps) > 1 else steps[0]).lateral("found")
    return reached.union(select(_text(found.c.fhir_id)).select_from(here.join(found, true())))


def _steps(leaf: Hierarchical, here: FromClause, visible: Expression, shared: Shared) -> Iterator[Select[Any]]:
    kind = (leaf.target_type,)
    link = Link((leaf.upwards,), ((kind, visible),), reverse=leaf.direction == BELOW)
    for branch in branches(kind, shared.sources_of):
        row = branch.row()
        is_here = (row.c.fhir_id == here.c.fhir_id, shared.fulfils(visible, row, branch))
        for way in ways(link, row, branch, shared):
            other = way.keys.with_only_columns(way.other.c.fhir_id)
            yield other.where(way.key == way.column(row), *way.also, *is_here).correlate(here)


def _text(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Both parts of a recursive query must say the same type and collation."""
    return cast(value, Text()).collate("C")
