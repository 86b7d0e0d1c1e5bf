"""Searches over many resources: no big table is read whole, and neither a larger table nor a late page costs more.

https://www.postgresql.org/docs/current/using-explain.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from bench.queries import PAGES, SORTED, Query

if TYPE_CHECKING:
    from tests.plans.conftest import Planner

pytestmark = [pytest.mark.plans, pytest.mark.xdist_group("plans")]

Planners: TypeAlias = "tuple[Planner, Planner]"
CEILING = 2_500
"""What a page may cost: about a thousand rows looked up one by one."""
GROWTH, SLACK = 2.0, 250
"""A table four times as large may make a page twice as costly: trees grow in height, lists of matches in length."""

_ALL_MATCHES = "the matches among FHIR-written resources are put in order before the first is shown"
_OF_A_WEEK = "a week of a table four times as large has four times as many observations"
_UNDATED = "the planner counts in the part without a date, which only runs where the dated ones do not fill the page"
KNOWN_TO_GROW: dict[str, str] = {
    "Observation category date": _ALL_MATCHES,
    "Observation week": _OF_A_WEEK,
    "Observation week unsorted": _OF_A_WEEK,
    "Observation code value": _ALL_MATCHES,
    "Observation code value unit": "amounts in other units are converted one by one",
    "Observation code value composite": _ALL_MATCHES,
    "Observation profile": _ALL_MATCHES,
    "Observation note": "texts of the portal have no index",
    "Patient has condition": _ALL_MATCHES,
    "Patient all sorted by family": "names stand in child rows, and the first of several counts",
    "Condition code newest": _ALL_MATCHES,
    "Condition newest": _UNDATED,
    "Condition recorded week": _OF_A_WEEK,
    "Encounter newest": _UNDATED,
}
"""Searches whose estimate grows, and why; each is a task, not a promise."""


def named(query: Query) -> str:
    return query.name


READ_WHOLE = frozenset({"Patient all sorted by family"})


@pytest.mark.parametrize("query", [one for one in PAGES if one.name not in READ_WHOLE], ids=named)
def test_no_big_table_is_read_whole(planners: Planners, query: Query) -> None:
    large = planners[1]
    statement = large.statement(query)
    assert large.plan(statement).scanned_whole() == []
    assert large.generic_plan(statement).scanned_whole() == []


@pytest.mark.parametrize("query", [one for one in PAGES if one.name not in KNOWN_TO_GROW], ids=named)
def test_a_page_costs_little_and_no_more_in_a_larger_table(planners: Planners, query: Query) -> None:
    small, large = (planner.plan(planner.statement(query)).cost for planner in planners)
    assert large <= CEILING
    assert large <= small * GROWTH + SLACK


@pytest.mark.parametrize("query", [one for one in SORTED if one.name != "patients by family"], ids=named)
def test_a_late_page_costs_what_the_first_one_costs(planners: Planners, query: Query) -> None:
    large = planners[1]
    first = large.statement(query)
    # The page after the rows that a much larger page ends with is as late as many small ones.
    far = Query(query.name, query.type, query.text.replace("_count=20", "_count=1000"))
    last = large.page(large.statement(far))[999]
    late = large.statement(query, after=[str(value) for value in last[11:]])
    assert len(large.page(late)) > 0
    assert large.plan(late, run=True).buffers <= 2 * large.plan(first, run=True).buffers + 200
