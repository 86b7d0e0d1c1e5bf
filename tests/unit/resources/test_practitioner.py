from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import Unprocessable
from fhir_server.mapping.trees import plain
from fhir_server.resources.practitioner import PRACTITIONER
from fhir_server.resources.practitioner_role import PRACTITIONER_ROLE

NPI = "http://hl7.org/fhir/sid/us-npi"
UNVERIFIED = "https://fhir.wound-care-portal.example/identifier/unverified-npi"
USER = {
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@x.example",
    "phone": "555",
    "npi_number": "1234567893",
    "password": "secret",
}


def composed(**columns: Any) -> dict[str, Any]:
    return dict(plain(PRACTITIONER.compose({"fhir_id": "d1", **columns})))


def test_a_number_with_a_wrong_check_digit_is_not_shown_as_npi() -> None:
    assert composed(npi_number="1234567893")["identifier"] == [{"system": NPI, "value": "1234567893"}]
    assert composed(npi_number="1234567890")["identifier"] == [{"system": UNVERIFIED, "value": "1234567890"}]


def test_the_number_of_the_user_counts_where_the_practitioner_has_none() -> None:
    assert composed(user_snapshot=USER)["identifier"] == [{"system": NPI, "value": "1234567893"}]
    assert "identifier" not in composed(user_snapshot=USER, document_version=1)
    assert composed(user_snapshot=USER, npi_number="1003000126")["identifier"] == [
        {"system": NPI, "value": "1003000126"}
    ]


def test_a_user_is_shown_by_name_and_work_contacts_and_nothing_else() -> None:
    tree = composed(user_snapshot=USER)
    assert tree["name"] == [{"family": "Lee", "given": ["Ann"]}]
    assert tree["telecom"] == [
        {"system": "phone", "value": "555", "use": "work"},
        {"system": "email", "value": "ann@x.example", "use": "work"},
    ]
    assert "secret" not in repr(tree)


def test_without_a_user_the_name_is_unknown() -> None:
    assert composed()["name"][0]["extension"][0]["valueCode"] == "unknown"


def test_the_name_of_a_user_cannot_be_changed_by_fhir() -> None:
    row = {"fhir_id": "d1", "user_snapshot": USER, "npi_number": None}
    tree = composed(**row)
    assert PRACTITIONER.decompose({**tree, "gender": "female"}, row)["npi_number"] is None
    with pytest.raises(Unprocessable):
        PRACTITIONER.decompose({**tree, "name": [{"family": "Other"}]}, row)


def test_languages_are_codes_if_they_look_like_one() -> None:
    said = composed(communication=["de-AT", "English, fluent", {"text": "Latin"}, 5])["communication"]
    assert said == [
        {"coding": [{"system": "urn:ietf:bcp:47", "code": "de-AT"}]},
        {"text": "English, fluent"},
        {"text": "Latin"},
    ]


def test_a_qualification_may_be_a_text() -> None:
    assert composed(qualification=["RN", {"period": {}}])["qualification"] == [{"code": {"text": "RN"}}]


def test_a_role_is_said_by_the_portals_roles_once_each_and_the_position() -> None:
    row = {
        "fhir_id": "r1",
        "practitioner_fhir_id": "d1",
        "organization_fhir_id": "o1",
        "role": "Head nurse",
        "role_codes": [{"slug": "nurse", "name": "Nurse"}, {"slug": "nurse", "name": "Nurse"}, {"slug": "a  b"}],
        "specialty": ["Wound care"],
    }
    tree = plain(PRACTITIONER_ROLE.compose(row))
    assert tree["practitioner"] == {"reference": "Practitioner/d1"}
    assert tree["code"] == [
        {
            "coding": [
                {
                    "system": "https://fhir.wound-care-portal.example/CodeSystem/role",
                    "code": "nurse",
                    "display": "Nurse",
                }
            ]
        },
        {"text": "Head nurse"},
    ]
    assert tree["specialty"] == [{"text": "Wound care"}]
    assert PRACTITIONER_ROLE.decompose(tree, row) == {}
    with pytest.raises(Unprocessable):
        PRACTITIONER_ROLE.decompose({**tree, "code": []}, row)
