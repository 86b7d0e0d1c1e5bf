"""Words that share a JSON column: each says and writes its own members and leaves the others alone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB

from fhir_server.mapping.branches import array, object_
from fhir_server.mapping.json_members import member, member_list
from fhir_server.mapping.trees import ABSENT, plain
from fhir_server.mapping.word import HeardRow

t = Table("noted", MetaData(), Column("details", JSONB)).c


def say(name: str, item: Any) -> Any:
    return {"text": item} if isinstance(item, str) and item else ABSENT


def hear(item: Any) -> tuple[str, Any] | None:
    return ("codes", item.get("text")) if set(item) <= {"text", "extra"} else None


CODES = member_list(t.details, "codes", "code", say=say, hear=hear)
WORD = object_(
    {
        "reason": array([CODES]),
        "phone": member(t.details, "phone", "telephone"),
        "day": member(t.details, "day", path="date"),
    }
)


def heard(tree: dict[str, Any], details: Any) -> Any:
    row = HeardRow({"details": details})
    WORD.decompose(tree, row)
    return row.get("details")


def said(details: Any) -> Any:
    found = WORD.compose({"details": details})
    return None if found is ABSENT else plain(found)


@pytest.mark.parametrize(
    "odd", [None, [], [1], "text", 5, True, {}, {"phone": []}, {"day": "soon"}, {"codes": {"a": 1}}]
)
def test_odd_json_says_nothing_and_stays(odd: Any) -> None:
    assert said(odd) is None
    assert heard({}, odd) == odd


def test_the_first_name_that_says_something_counts() -> None:
    assert said({"phone": " ", "telephone": 555}) == {"phone": "555"}
    assert said({"phone": "1", "telephone": "2"}) == {"phone": "1"}


def test_a_changed_value_keeps_its_name_and_the_other_words_theirs() -> None:
    details = {"telephone": "1", "day": "2026-01-01", "own": [1], "codes": ["a"]}
    tree = {**said(details), "phone": "2"}
    assert heard(tree, details) == {**details, "telephone": "2"}


def test_a_value_that_is_gone_takes_all_its_names_along() -> None:
    assert heard({"day": "2026-01-01"}, {"phone": "1", "telephone": "2", "day": "2026-01-01"}) == {"day": "2026-01-01"}


def test_nothing_is_written_over_json_of_another_shape() -> None:
    assert heard({"phone": "1", "reason": [{"text": "a"}]}, ["x"]) == ["x"]


def test_what_a_primitive_cannot_hold_is_not_held() -> None:
    assert heard({"day": "2026-13-01"}, None) is None


def test_items_go_and_come_one_by_one() -> None:
    details = {"codes": ["a", 7, "b"], "code": "c", "own": 1}
    assert said(details) == {"reason": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}
    tree = {"reason": [{"text": "b", "extra": 1}, {"text": "d"}]}
    assert heard(tree, details) == {"codes": [7, "b", "d"], "own": 1}
    assert heard({}, details) == {"codes": [7], "own": 1}


def test_what_is_said_twice_is_one_item_and_goes_as_one() -> None:
    details = {"codes": ["a"], "code": "a"}
    assert said(details) == {"reason": [{"text": "a"}]}
    assert heard({"reason": [{"text": "a"}, {"text": "b"}]}, details) == {"codes": ["a", "b"], "code": "a"}
    assert heard({"reason": [{"text": "b"}]}, details) == {"codes": ["b"]}


def test_an_item_that_cannot_be_heard_is_left_to_the_document() -> None:
    assert heard({"reason": [{"coding": []}, {"text": "a"}]}, None) == {"codes": ["a"]}
