from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.trees import plain
from fhir_server.resources.patient import PATIENT

DATA_ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
PORTAL_ID = {"system": "https://fhir.wound-care-portal.example/identifier/portal-id", "value": "p1"}
RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"


def composed(**columns: Any) -> dict[str, Any]:
    return dict(plain(PATIENT.compose({"fhir_id": "p1", **columns})))


def heard(tree: dict[str, Any], current: dict[str, Any] | None = None) -> dict[str, Any]:
    return PATIENT.decompose({"resourceType": "Patient", **tree}, current)


def test_a_row_with_nothing_but_its_id_says_what_is_missing() -> None:
    assert composed() == {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [PORTAL_ID],
        "name": [{"extension": [DATA_ABSENT]}],
        "_gender": {"extension": [DATA_ABSENT]},
    }


def test_the_portals_id_stands_in_for_an_identifier_until_there_is_one_or_a_document() -> None:
    assert composed(identifiers=[{"system": "urn:mrn", "value": "1"}])["identifier"] == [
        {"system": "urn:mrn", "value": "1"}
    ]
    assert "identifier" not in composed(document_version=1)


def test_a_document_that_repeats_the_portals_id_stores_no_identifier() -> None:
    mrn = {"system": "urn:mrn", "value": "1"}
    assert heard({"identifier": [PORTAL_ID]})["identifiers"] is None
    assert [child["value"] for child in heard({"identifier": [PORTAL_ID, mrn]})["identifiers"]] == ["1"]


def test_a_preferred_language_is_said_to_be_preferred() -> None:
    language = {"coding": [{"system": "urn:ietf:bcp:47", "code": "de-AT"}]}
    assert composed(preferred_language="de-AT")["communication"] == [{"language": language, "preferred": True}]
    assert (
        composed(preferred_language="English US")["communication"][0]["language"]["coding"][0]["code"] == "English US"
    )
    assert composed(preferred_language="two  blanks")["communication"][0]["language"] == {"text": "two  blanks"}


def test_a_language_that_is_not_preferred_is_not_the_portals() -> None:
    language = {"coding": [{"system": "urn:ietf:bcp:47", "code": "de"}]}
    assert heard({"communication": [{"language": language, "preferred": False}]})["preferred_language"] is None
    assert heard({"communication": [{"language": language}]})["preferred_language"] == "de"


@pytest.mark.parametrize(("text", "code"), [("White", "2106-3"), ("  asian ", "2028-9"), ("Mixed", None)])
def test_a_race_is_always_text_and_a_category_where_the_text_names_one(text: str, code: str | None) -> None:
    (race,) = composed(race=text)["extension"]
    assert race["url"] == RACE
    assert race["extension"][-1] == {"url": "text", "valueString": text}
    assert [part["valueCoding"]["code"] for part in race["extension"][:-1]] == ([] if code is None else [code])


def test_a_race_that_would_be_read_back_with_more_than_was_said_is_only_in_the_document() -> None:
    white = {"url": RACE, "extension": [{"url": "text", "valueString": "White"}]}
    coded = {
        "url": "ombCategory",
        "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3", "display": "White"},
    }
    assert heard({"extension": [white]})["race"] is None
    assert heard({"extension": [{**white, "extension": [coded, *white["extension"]]}]})["race"] == "White"


def test_the_first_phone_that_fits_is_the_portals_and_the_others_are_child_rows() -> None:
    row = heard(
        {
            "telecom": [
                {"system": "phone", "value": "a phone number longer than twenty"},
                {"system": "phone", "value": "555", "use": "mobile"},
                {"system": "phone", "value": "556", "use": "old"},
                {"system": "email", "value": "a@b"},
            ]
        }
    )
    assert (row["phone"], row["email"]) == ("555", "a@b")
    assert [child["value"] for child in row["telecoms"]] == ["a phone number longer than twenty", "556"]


def test_a_contact_of_unknown_kind_is_another_one_and_an_empty_one_is_none() -> None:
    assert composed(telecoms=[{"value": "5"}, {"system": "Phone", "value": "6"}, {"system": "bogus"}])["telecom"] == [
        {"system": "other", "value": "5"},
        {"system": "other", "value": "6"},
    ]


@pytest.mark.parametrize("text", ["married", "Married", "M"])
def test_words_for_a_marital_status_have_its_code(text: str) -> None:
    assert composed(marital_status=text)["maritalStatus"]["coding"][0]["code"] == "M"


def test_a_partial_birth_date_invents_no_day() -> None:
    row = heard({"birthDate": "1980-02"})
    assert (row["birth_date"], row["birth_date_text"]) == (None, "1980-02")
    assert composed(**row)["birthDate"] == "1980-02"


def test_a_gender_of_the_document_only_leaves_the_column_empty() -> None:
    assert heard({"_gender": {"extension": [DATA_ABSENT]}})["gender"] is None
