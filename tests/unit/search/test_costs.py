"""What a search would cost is told before it runs, and what is told repeats no value."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.search import Search, parse, parse_query
from fhir_server.search.costs import (
    MOST_JOINS,
    TRUSTED_SECONDS,
    Budget,
    Estimate,
    estimate,
    helpful,
    indexes_used,
    is_bound,
    plan_lines,
    skeleton,
)
from fhir_server.search.query import Limits


def search(resource_type: str | None, query: str) -> Search:
    return parse(resource_type, parse_query(query), limits=Limits(values=1000))


def explained(cost: float) -> list[dict[str, Any]]:
    return [{"Plan": {"Node Type": "Limit", "Total Cost": cost, "Plan Rows": 1}}]


@pytest.mark.parametrize(
    "query", ["_id=a", "patient=p&_sort=-date", "subject=Patient/p", "identifier=x|1", "code=c&patient=p,q"]
)
def test_a_search_for_few_resources_is_never_estimated(query: str) -> None:
    asked = search("Observation", query)
    assert is_bound(asked)
    assert not Budget(1).must_ask(asked, "SELECT")


@pytest.mark.parametrize(
    "query", ["code=c", "date=ge2020", "status=final", "identifier=x|", "_sort=date", "_total=accurate"]
)
def test_other_searches_are_estimated(query: str) -> None:
    assert Budget(1).must_ask(search("Observation", query), "SELECT")


@pytest.mark.parametrize("query", ["", "_sort=-_lastUpdated&_count=1&_include=*", "_sort=_id"])
def test_a_page_of_everything_in_an_order_that_has_an_index_is_not(query: str) -> None:
    assert not Budget(1).must_ask(search("Observation", query), "SELECT")


def test_without_a_budget_nothing_is_estimated() -> None:
    assert not Budget(0).must_ask(search("Observation", ""), "SELECT")


def test_a_cost_beyond_the_budget_names_what_would_help() -> None:
    objection = Budget(1000).objection(
        search("Observation", "code=c&_sort=value-quantity"), "SELECT", explained(1001.0)
    )
    assert objection is not None
    assert "patient or subject or identifier" in objection
    assert "leave out _sort" in objection


def test_a_cost_within_the_budget_is_allowed() -> None:
    assert Budget(1000).objection(search("Observation", "code=c"), "SELECT", explained(1000.0)) is None


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("value-quantity=gt5|http://unitsofmeasure.org|cm", True),
        ("code=c&value-string:contains=x", True),
        ("code=c&value-quantity=gt5", False),
        ("value-string=x", False),
    ],
)
def test_what_is_computed_row_by_row_counts_as_if_nothing_matched(query: str, refused: bool) -> None:
    walk = {"Node Type": "Index Scan", "Total Cost": 5000.0}
    plan = [{"Plan": {"Node Type": "Limit", "Total Cost": 10.0, "Plans": [walk]}}]
    assert (Budget(1000).objection(search("Observation", query), "SELECT", plan) is not None) is refused


def test_a_shape_far_below_the_budget_is_trusted_for_a_while() -> None:
    now = [0.0]
    budget, asked = Budget(1000, lambda: now[0]), search("Observation", "code=c")
    assert budget.objection(asked, "SELECT", explained(100.0)) is None
    assert not budget.must_ask(asked, "SELECT")
    assert budget.must_ask(asked, "SELECT other")
    now[0] = TRUSTED_SECONDS
    assert budget.must_ask(asked, "SELECT")


def test_a_shape_near_the_budget_is_asked_each_time() -> None:
    budget, asked = Budget(1000), search("Observation", "code=c")
    assert budget.objection(asked, "SELECT", explained(101.0)) is None
    assert budget.must_ask(asked, "SELECT")


def test_too_many_conditions_are_refused_without_the_planner() -> None:
    many = "&".join(f"code=c{number}" for number in range(MOST_JOINS + 1))
    objection = Budget(0).objection(search("Observation", many))
    assert objection is not None
    assert str(MOST_JOINS) in objection


def test_the_tree_tells_depth_and_joins() -> None:
    assert estimate(search("Observation", "patient.organization.name=x&code=a,b")) == Estimate(2, 4)


def test_only_parameters_that_all_types_have_and_that_are_not_used_are_named() -> None:
    assert helpful(search(None, "_type=Observation,Organization&_lastUpdated=gt2024")) == ("identifier", "_id")


def test_the_skeleton_of_a_tree_has_no_value() -> None:
    text = skeleton(search("Patient", "name=Secret&birthdate=1950-03-08&_id=hidden").criteria)
    assert "string name starts" in text
    assert not any(value in text.lower() for value in ("secret", "1950", "hidden"))


def test_a_plan_is_told_without_its_conditions() -> None:
    inner = {"Node Type": "Index Scan", "Index Name": "i", "Relation Name": "t", "Plan Rows": 5, "Total Cost": 9.5}
    plan = {
        "Node Type": "Limit",
        "Plan Rows": 1,
        "Total Cost": 10.0,
        "Plans": [{**inner, "Index Cond": "name = 'Secret'"}],
    }
    assert list(plan_lines(plan)) == ["Limit (rows 1, cost 10.0)", "  Index Scan using i on t (rows 5, cost 9.5)"]
    assert indexes_used(plan) == {"i"}
