"""Dates are compared as far as their precision tells."""

from __future__ import annotations

import pytest

from fhir_server.validation.constraints.predicates import distinct, has_choice, in_order, nodes

ORDERED = [
    ("2024", "2024"),
    ("2023", "2023-12"),
    ("2024-12", "2024"),
    ("2024-01-31", "2024-01"),
    ("2024-01-01T23:00:00Z", "2024-01-01"),
    ("2024-01-01", "2024-01-01T00:00:00+14:00"),
    ("2024-01-01T10:00:00+02:00", "2024-01-01T08:00:00Z"),
    ("2024-01-01T10:00:00.1Z", "2024-01-01T10:00:00.10Z"),
    ("2024-01-01T10:00:00.123456789Z", "2024-01-01T10:00:01Z"),
    ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00.5Z"),
    ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.9-12:00"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.9Z"),
    (None, "2024"),
    ("2024", None),
]
REVERSED = [
    ("2024", "2023"),
    ("2024-02", "2024-01-31"),
    ("2024-01-02", "2024-01-01T23:59:59Z"),
    ("2024-01-01T10:00:00Z", "2024-01-01T09:59:59Z"),
    ("2024-01-01T10:00:00+02:00", "2024-01-01T07:59:59Z"),
    ("2024-01-01T10:00:00.2Z", "2024-01-01T10:00:00.10Z"),
    ("0001-01-01T00:00:01Z", "0001-01-01T00:00:00+00:00"),
]


@pytest.mark.parametrize(("earlier", "later"), ORDERED)
def test_dates_that_may_be_in_order_are(earlier: str | None, later: str | None) -> None:
    assert in_order(earlier, later)


@pytest.mark.parametrize(("earlier", "later"), REVERSED)
def test_dates_that_are_surely_reversed_are_not_in_order(earlier: str, later: str) -> None:
    assert not in_order(earlier, later)


def test_a_choice_is_found_by_its_typed_names_and_their_siblings_only() -> None:
    value = has_choice("value")
    assert value({"valueString": "a"})
    assert value({"_valueString": {}})
    assert not value({"valueset": "a", "value": 1, "other": 2})


def test_nodes_flattens_lists_and_leaves_nulls_out() -> None:
    assert nodes({"a": [{"b": [1, None]}, {"b": 2}, None, {"c": 3}]}, "a.b") == [1, 2]


def test_objects_are_compared_as_a_whole_when_looking_for_repetition() -> None:
    assert distinct([{"a": 1}, {"a": 2}, "a", None])
    assert not distinct([{"a": 1}, {"a": 1}])
    assert not distinct([1, 2, 1])
