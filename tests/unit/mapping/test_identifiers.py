from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.identifiers import contact_point, identifier, portal_id, portal_identifier
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow
from tests.unit.mapping.columns import t
from tests.unit.mapping.test_words import heard

NUMBER = identifier("urn:numbers", t.short, legal=str.isdigit, type_code=("urn:types", "N"))


def test_a_number_stands_in_its_public_system_only_if_it_is_legal() -> None:
    assert NUMBER.compose({"short": "123"}) == {
        "type": {"coding": [{"system": "urn:types", "code": "N"}]},
        "system": "urn:numbers",
        "value": "123",
    }
    assert NUMBER.compose({"short": "12a"}) is ABSENT
    assert NUMBER.compose({"short": " "}) is ABSENT


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({"system": "urn:numbers", "value": "123"}, {"short": "123"}),
        ({"system": "urn:numbers", "value": "123456"}, None),
        ({"system": "urn:numbers", "value": "x"}, None),
        ({"system": "urn:other", "value": "123"}, None),
        ({"value": "123"}, None),
        ({"system": "urn:numbers"}, None),
    ],
)
def test_an_identifier_is_held_if_system_form_and_length_fit(said: dict[str, Any], stored: Any) -> None:
    assert heard(NUMBER, said) == stored


def test_an_illegal_number_is_never_searched_in_the_column() -> None:
    found = NUMBER.search_columns("token")[0]
    assert found.stored("123") == ("123",)
    assert found.stored("12a") == ()
    assert found.stored("1\x0b2") == ()


def test_an_identifier_is_found_by_its_type() -> None:
    assert [column.system for column in NUMBER.of_type_columns()] == ["urn:types|N"]
    assert identifier("urn:x", t.text).of_type_columns() == ()


PORTAL = portal_identifier("urn:portal", t.key, t.document_version)


def test_the_portals_own_key_is_said_until_there_is_a_document() -> None:
    assert PORTAL.compose({"key": 7}) == {"system": "urn:portal", "value": "7"}
    assert PORTAL.compose({"key": 7, "document_version": 1}) is ABSENT
    assert PORTAL.compose({"key": None}) is ABSENT


def test_a_client_that_returns_the_portals_key_writes_nothing() -> None:
    items = [{"system": "urn:portal", "value": "7"}, {"system": "urn:x", "value": "1"}]
    row = HeardRow()
    PORTAL.take(items, row)
    assert items == [{"system": "urn:x", "value": "1"}]
    assert row == {}


OLD = portal_id("urn:old", t.text, t.document_version)
ALONE = portal_id("urn:old", t.text, t.document_version, t.listed)


def test_m_006_an_id_that_fhir_does_not_allow_is_an_identifier() -> None:
    assert OLD.compose({"text": "legacy/1"}) == {"system": "urn:old", "value": "legacy/1"}
    assert OLD.compose({"text": "legacy/1", "document_version": 1}) is ABSENT
    assert OLD.compose({"text": "p"}) is ABSENT
    assert OLD.compose({"text": None}) is ABSENT


def test_m_006_a_legal_id_is_an_identifier_only_for_want_of_another() -> None:
    said = {"system": "urn:old", "value": "p"}
    assert ALONE.compose({"text": "p"}) == said
    assert ALONE.compose({"text": "p", "listed": [{"value": "x"}]}) is ABSENT
    assert ALONE.compose({"text": "p/1", "listed": [{"value": "x"}]}) == said | {"value": "p/1"}


PHONE = contact_point("phone", t.short, use="work")


def test_a_contact_is_said_with_its_usual_use() -> None:
    assert PHONE.compose({"short": "555"}) == {"system": "phone", "value": "555", "use": "work"}


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({"system": "phone", "value": "555"}, True),
        ({"system": "phone", "value": "555", "use": "mobile", "rank": 1}, True),
        ({"system": "phone", "value": "555", "use": "old"}, False),
        ({"system": "phone", "value": "5550100"}, False),
        ({"system": "fax", "value": "555"}, False),
        ({"system": "phone"}, False),
    ],
)
def test_a_contact_is_held_whatever_its_use_unless_it_is_old(said: dict[str, Any], held: bool) -> None:
    assert (heard(PHONE, said) is not None) is held
