from __future__ import annotations

from typing import Any

import pytest

from fhir_server.json_text import DecimalText
from fhir_server.mapping.trees import ABSENT, Atomic, Defaulted, Slots, contains, plain


@pytest.mark.parametrize(
    ("whole", "part", "held"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2, 3], [3, 1], True),
        ([{"x": 1, "y": 2}], [{"x": 1}], True),
        ([{"x": 1}], [{"x": 2}], False),
        (True, 1, False),
        (1, True, False),
        (DecimalText("1.50"), DecimalText("1.5"), True),
        ("2024-03-11T10:30:00+06:00", "2024-03-11T04:30:00Z", True),
        ("2024-03-11T04:30:00.000Z", "2024-03-11T04:30:00Z", True),
        ("2024-03-11T04:30:01Z", "2024-03-11T04:30:00Z", False),
        ("2024-03-11", "2024-03-11T00:00:00Z", False),
        ("9999-99-99T99:99:99Z", "2024-03-11T04:30:00Z", False),
        ("text", ["text"], False),
        (["text"], "text", False),
    ],
)
def test_a_tree_contains_what_it_says_in_whatever_order_and_time_zone(whole: Any, part: Any, held: bool) -> None:
    assert contains(whole, part) is held


def test_what_is_said_by_default_may_be_said_otherwise_or_not_at_all() -> None:
    part = Defaulted({"value": "5", "use": "work"}, frozenset({"use"}))
    assert contains({"value": "5"}, part)
    assert contains({"value": "5", "use": "mobile"}, part)
    assert not contains({"value": "6", "use": "work"}, part)


def test_a_plain_tree_has_no_marks_and_shares_nothing() -> None:
    marked = Atomic(a=Slots([("0", Defaulted({"b": [1]}, frozenset()))]))
    made = plain(marked)
    assert made == {"a": [{"b": [1]}]}
    assert [type(one) for one in (made, made["a"], made["a"][0])] == [dict, list, dict]
    assert made["a"][0]["b"] is not marked["a"][0]["b"]


def test_absent_is_false_and_not_none() -> None:
    assert not ABSENT
    assert ABSENT is not None
