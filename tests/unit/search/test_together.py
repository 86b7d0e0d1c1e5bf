"""Conditions on a date that a resource has at most once are put together; on others they stay apart."""

from __future__ import annotations

from itertools import count

import pytest

from fhir_server.search import parse, parse_query
from fhir_server.search.expression import numbered
from fhir_server.search.rewrite import rewrite
from fhir_server.search.together import finds_one, together


@pytest.mark.parametrize(
    ("resource_type", "code"),
    [
        ("Observation", "date"),
        ("Condition", "onset-date"),
        ("Condition", "recorded-date"),
        ("Encounter", "date"),
        ("DocumentReference", "period"),
        ("Patient", "birthdate"),
    ],
)
def test_an_element_that_never_repeats_is_found_once(resource_type: str, code: str) -> None:
    assert finds_one(resource_type, code)


@pytest.mark.parametrize(
    ("resource_type", "code"), [("Goal", "target-date"), ("Observation", "code"), ("CareTeam", "nothing")]
)
def test_an_element_that_repeats_is_not(resource_type: str, code: str) -> None:
    assert not finds_one(resource_type, code)


def joined(resource_type: str, query: str) -> str:
    criteria = rewrite(parse(resource_type, parse_query(query)).criteria)
    return str(together(numbered(criteria, count()), (resource_type,)))


def test_two_bounds_of_one_date_are_put_together() -> None:
    assert joined("Observation", "date=ge2024-03-01&code=c&date=lt2024-03-08").startswith(
        "(and (together (date date ge"
    )


@pytest.mark.parametrize("query", ["date=ge2024", "date=ge2024,lt2023&date=lt2025", "code=a&code=b"])
def test_all_else_is_left_as_it_is(query: str) -> None:
    assert "together" not in joined("Observation", query)


def test_two_bounds_of_a_date_that_repeats_stay_apart() -> None:
    assert "together" not in joined("Goal", "target-date=ge2024&target-date=lt2025")
