from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.json_columns import contact_record, json_list, json_object
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow
from tests.unit.mapping.columns import t
from tests.unit.mapping.test_words import heard

ADDRESS = json_object(t.data, "Address")
CONCEPTS = json_list(t.data, "CodeableConcept", lambda text: {"text": text})
CONTACT = contact_record(t.data)


def test_a_json_object_says_what_fhir_knows_of_it() -> None:
    assert ADDRESS.compose({"data": {"city": "X", "geo": 1}}) == {"city": "X"}
    assert ADDRESS.compose({"data": ["X"]}) is ABSENT


def test_what_else_the_portal_noted_stays_when_the_rest_changes() -> None:
    assert heard(ADDRESS, {"city": "Y"}, {"data": {"city": "X", "geo": 1}}) == {"data": {"geo": 1, "city": "Y"}}


@pytest.mark.parametrize("held", ["x", ["x"], ["x", None, 5, {}]])
def test_a_list_may_be_one_text_or_hold_things_that_fhir_cannot_say(held: Any) -> None:
    assert CONCEPTS.compose({"data": held}) == [{"text": "x"}]


def test_an_item_that_says_the_same_keeps_the_portals_form() -> None:
    current = {"data": ["x", {"text": "y", "fee": 5}]}
    assert heard(CONCEPTS, [{"text": "z"}, {"text": "y"}, {"text": "x"}], current) == {
        "data": [{"text": "z"}, {"text": "y", "fee": 5}, "x"]
    }


def test_a_list_of_nothing_legal_is_not_held() -> None:
    row = HeardRow()
    assert not CONCEPTS.decompose([{"extension": []}], row)
    assert row == {"data": None}


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"phone": "5", "note": "call first"}, [{"system": "phone", "value": "5"}]),
        ({"phone": 5}, [{"system": "phone", "value": "5"}]),
        ({"phone": " ", "email": "a@b"}, [{"system": "email", "value": "a@b"}]),
        ([{"system": "fax", "value": "6"}], [{"system": "fax", "value": "6"}]),
        ({"telecom": [{"value": "7"}, {"system": "sms", "value": "8"}]}, [{"system": "sms", "value": "8"}]),
        ("555", ABSENT),
        (None, ABSENT),
    ],
)
def test_a_contact_record_may_have_many_forms(held: Any, said: Any) -> None:
    assert CONTACT.compose({"data": held}) == said


def test_contacts_are_written_where_the_portal_looks_for_them() -> None:
    said = [
        {"system": "phone", "value": "5"},
        {"system": "phone", "value": "6"},
        {"system": "email", "value": "a", "use": "work"},
    ]
    assert heard(CONTACT, said, {"data": {"phone": "4", "note": "call first"}}) == {
        "data": {
            "note": "call first",
            "phone": "5",
            "telecom": [{"system": "phone", "value": "6"}, {"system": "email", "value": "a", "use": "work"}],
        }
    }
