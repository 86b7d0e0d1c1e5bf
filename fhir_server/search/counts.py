"""The statements that count: exactly, or what PostgreSQL's planner expects.

https://hl7.org/fhir/R4/search.html#total
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, false, func, literal_column, or_, select, union_all
from sqlalchemy.sql import Select
from sqlalchemy.sql.selectable import CompoundSelect

from fhir_server.search.compilation import Compilation
from fhir_server.search.contained import contained_keys
from fhir_server.search.request import Search
from fhir_server.search.rows import is_behind


def count_select(search: Search, compilation: Compilation) -> Select[Any]:
    """One row: `total`, and `pending` when merges must be done before the total is right."""
    counts: list[ColumnElement[Any]] = []
    for branch in compilation.searched(search.types) if search.contained != "true" else ():
        row = branch.row()
        for half in compilation.halves(branch):
            found = compilation.where(half, row, branch)
            counts.append(select(func.count()).select_from(row).where(found).scalar_subquery())
    inside = contained_keys(search, compilation) if search.contains else []
    counts += [select(func.count()).select_from(keys.subquery("c")).scalar_subquery() for keys in inside]
    total = reduce(add, counts) if counts else literal_column("0")
    pending = [is_behind(branch) for branch in compilation.consulted.values()]
    return select(total.label("total"), or_(false(), *pending).label("pending"))


def matches_select(search: Search, compilation: Compilation) -> Select[Any] | CompoundSelect[Any]:
    """The keys of all matches, to be explained rather than run."""
    keys = []
    for branch in compilation.searched(search.types) if search.contained != "true" else ():
        row = branch.row()
        keys.append(select(row.c.resource_key).where(compilation.matches(row, branch)))
    keys += contained_keys(search, compilation) if search.contains else []
    return keys[0] if len(keys) == 1 else union_all(*keys)


def estimated_total(explained: Sequence[Mapping[str, Any]]) -> int:
    """The number of matches that the answer to the estimate statement (EXPLAIN, as JSON) expects."""
    return int(explained[0]["Plan"]["Plan Rows"])
