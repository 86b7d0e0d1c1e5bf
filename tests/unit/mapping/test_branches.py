from __future__ import annotations

from typing import Any

from fhir_server.mapping.branches import array, extension, object_, required, texts
from fhir_server.mapping.concepts import coded
from fhir_server.mapping.identifiers import contact_point, identifier
from fhir_server.mapping.trees import ABSENT, Slots
from fhir_server.mapping.word import HeardRow
from tests.unit.mapping.columns import t
from tests.unit.mapping.test_words import heard

ABSENT_REASON = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
CONTACTS = array([contact_point("phone", t.short), contact_point("email", t.text)])


def test_an_array_knows_which_slot_each_item_came_from() -> None:
    said = CONTACTS.compose({"short": "555", "text": "a@b"})
    assert isinstance(said, Slots)
    assert said.keys == ("0", "1")
    assert CONTACTS.compose({"short": None, "text": "a@b"}).keys == ("1",)
    assert CONTACTS.compose({"short": None, "text": ""}) is ABSENT


def test_each_slot_takes_the_first_item_that_it_can_hold() -> None:
    said = [
        {"system": "fax", "value": "1"},
        {"system": "email", "value": "a@b"},
        {"system": "phone", "value": "too long"},
        {"system": "phone", "value": "555"},
        {"system": "phone", "value": "556"},
    ]
    assert heard(CONTACTS, said) == {"short": "555", "text": "a@b"}


def test_a_slot_that_still_says_the_same_keeps_its_item_wherever_it_stands_now() -> None:
    current = {"short": "556", "text": None}
    said = [{"system": "phone", "value": "555"}, {"system": "phone", "value": "556", "use": "mobile"}]
    assert heard(CONTACTS, said, current) == {"short": "556", "text": None}


def test_a_slot_whose_item_is_gone_is_emptied_and_one_that_said_nothing_is_left_alone() -> None:
    current = {"short": "555", "text": "  "}
    assert heard(CONTACTS, [{"system": "fax", "value": "1"}], current) is None
    row = HeardRow(current)
    CONTACTS.decompose([{"system": "fax", "value": "1"}], row)
    assert row == {"short": None, "text": "  "}


def test_two_words_of_one_column_hear_what_either_says() -> None:
    word = array(
        [
            identifier("urn:good", t.short, legal=str.isdigit),
            identifier("urn:bad", t.short, legal=lambda text: not text.isdigit()),
        ]
    )
    assert heard(word, [{"system": "urn:bad", "value": "x"}], {"short": "123"}) == {"short": "x"}
    assert heard(word, [{"system": "urn:good", "value": "123"}], {"short": "x"}) == {"short": "123"}
    row = HeardRow({"short": "123"})
    word.decompose([], row)
    assert row == {"short": None}


def test_an_object_that_changed_in_one_member_keeps_the_others_to_the_letter() -> None:
    status = coded(t.text, {"active": "active", "live": "active"}, source_url="urn:source")
    word = object_({"status": status, "note": t.short})
    current = {"text": "LIVE", "short": "a"}
    said = {"status": "active", "_status": {"extension": [{"url": "urn:source", "valueString": "LIVE"}]}, "note": "b"}
    assert heard(word, said, current) == {"text": "LIVE", "short": "b"}


def test_blank_and_missing_texts_of_an_array_are_not_said() -> None:
    word = texts(t.texts)
    assert word.compose({"texts": ["Ann", None, "", " ", "B\x0b"]}) == ["Ann", "B "]
    assert word.compose({"texts": [" "]}) is ABSENT
    assert word.compose({"texts": None}) is ABSENT


def test_texts_are_held_in_their_order_without_nulls() -> None:
    assert heard(texts(t.texts), ["b", None, "a"]) == {"texts": ["b", "a"]}
    assert heard(texts(t.texts), [None]) is None


def test_an_element_that_must_be_there_says_why_it_is_not() -> None:
    word = required(object_({"text": t.text}))
    assert word.compose({"text": None}) == {"extension": [ABSENT_REASON]}
    assert word.compose({"text": "a"}) == {"text": "a"}
    assert required(array([t.text])).compose({"text": None}) == [{"extension": [ABSENT_REASON]}]


def test_a_primitive_that_must_be_there_says_so_beside_it() -> None:
    word = required(t.text, primitive=True)
    said: dict[str, Any] = {}
    word.compose_into(said, "name", {"text": " "})
    assert said == {"_name": {"extension": [ABSENT_REASON]}}


def test_the_text_of_a_missing_status_stands_beside_the_reason() -> None:
    word = required(coded(t.text, {"active": True}, source_url="urn:source"), primitive=True)
    said: dict[str, Any] = {}
    word.compose_into(said, "active", {"text": "merged"})
    assert said == {"_active": {"extension": [{"url": "urn:source", "valueString": "merged"}, ABSENT_REASON]}}


def test_a_reason_that_comes_back_is_no_value() -> None:
    row = HeardRow({"text": "merged"})
    word = required(coded(t.text, {"active": True}, source_url="urn:source"), primitive=True)
    assert not word.decompose_from({"_active": {"extension": [ABSENT_REASON]}}, "active", row)


def test_an_extension_is_known_by_its_url() -> None:
    word = extension("urn:logo", {"valueUrl": t.text})
    assert word.compose({"text": "https://x"}) == {"url": "urn:logo", "valueUrl": "https://x"}
    assert word.compose({"text": None}) is ABSENT
    assert heard(word, {"url": "urn:logo", "valueUrl": "https://y"}) == {"text": "https://y"}
    assert heard(word, {"url": "urn:other", "valueUrl": "https://y"}) is None
