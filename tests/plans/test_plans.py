"""Searches over many resources: no big table is read whole, and neither a larger table nor a late page costs more.

https://www.postgresql.org/docs/current/using-explain.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from bench.queries import PAGES, SORTED, Query
from fhir_server.search.narrowing import FEW

if TYPE_CHECKING:
    from tests.plans.conftest import Planner

pytestmark = [pytest.mark.plans, pytest.mark.xdist_group("plans")]

Planners: TypeAlias = "tuple[Planner, Planner]"
CEILING = 30_000
"""Blocks that a page may touch, of 8 kB: FEW rows looked up for three conditions, some tens of milliseconds."""
GROWTH, LOOKED_UP = 2, 7 * FEW
"""A table four times as large may touch twice the blocks (trees grow in height, lists of matches in length), and as
many as FEW rows take more: what matches fewer is looked up, what matches more is not."""


def named(query: Query) -> str:
    return query.name


@pytest.mark.parametrize("query", PAGES, ids=named)
def test_no_big_table_is_read_whole(planners: Planners, query: Query) -> None:
    large = planners[1]
    statement = large.statement(query)
    assert large.plan(statement).scanned_whole() == []
    assert large.generic_plan(statement).scanned_whole() == []


@pytest.mark.parametrize("query", PAGES, ids=named)
def test_a_page_touches_few_blocks_and_no_more_in_a_larger_table(planners: Planners, query: Query) -> None:
    small, large = (planner.plan(planner.statement(query), run=True).buffers for planner in planners)
    assert large <= CEILING
    assert large <= small * GROWTH + LOOKED_UP


@pytest.mark.parametrize("query", SORTED, ids=named)
def test_a_late_page_costs_what_the_first_one_costs(planners: Planners, query: Query) -> None:
    large = planners[1]
    first = large.statement(query)
    # The page after the rows that a much larger page ends with is as late as many small ones.
    far = Query(query.name, query.type, query.text.replace("_count=20", "_count=1000"))
    last = large.page(large.statement(far))[999]
    late = large.statement(query, after=[str(value) for value in last[11:]])
    assert len(large.page(late)) > 0
    assert large.plan(late, run=True).buffers <= 2 * large.plan(first, run=True).buffers + 200
