"""Criteria of conditional interactions, as text."""

from __future__ import annotations

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.conditional import lock_text, query_of


@pytest.mark.parametrize("criteria", ["a=1", "?a=1", "Patient?a=1", " a=1 ", " ?a=1"])
def test_criteria_are_a_query_whatever_stands_before_it(criteria: str) -> None:
    assert query_of("Patient", criteria) == "a=1"


@pytest.mark.parametrize("criteria", ["", "?", " ", "&", "?&&", "Patient?", "Patient?&"])
def test_empty_criteria_are_refused(criteria: str) -> None:
    with pytest.raises(InvalidRequest):
        query_of("Patient", criteria)


def test_the_same_criteria_share_a_lock_and_others_do_not() -> None:
    same = {lock_text("Patient", query) for query in ("a=x|1&b=2", "b=2&a=x|1", "b=2&a=x%7C1", "&a=x|1&&b=2")}
    assert len(same) == 1
    others = [
        ("Patient", "a=x|1&b=3"),
        ("Basic", "a=x|1&b=2"),
        ("Patient", "a:not=x|1&b=2"),
        ("Patient", "a=x|1,2&b=2"),
    ]
    assert len({lock_text(*other) for other in others} - same) == len(others)
