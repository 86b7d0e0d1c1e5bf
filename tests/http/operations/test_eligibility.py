"""CoverageEligibilityRequest/$submit: a check by hand, one that waits, and one that a payer answered or did not."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.operations import eligibility
from fhir_server.payers import PayerFailure, Question, Reply

ORGANIZATION = {"resourceType": "Organization", "id": "acme", "name": "Acme Health"}


def asking(**members: Any) -> dict[str, Any]:
    return {
        "resourceType": "CoverageEligibilityRequest",
        "status": "active",
        "purpose": ["validation"],
        "patient": {"reference": "Patient/pat"},
        "created": "2025-06-01",
        "insurer": {"reference": "Organization/acme"},
        **members,
    }


@pytest.fixture
def patient(client: Any) -> Any:
    """A client of a server with a patient and a payer."""
    name = {"family": "Delgado", "given": ["Rosa"]}
    assert client.update({"resourceType": "Patient", "id": "pat", "name": [name], "birthDate": "1951-03-14"}).is_success
    assert client.update(ORGANIZATION).is_success
    return client


def submit(client: Any, resource: dict[str, Any], **values: Any) -> Any:
    listed = [{"name": "resource", "resource": resource}]
    listed += [{"name": name.replace("_", "-"), **value} for name, value in values.items()]
    body = {"resourceType": "Parameters", "parameter": listed}
    return client.send_json("POST", "/CoverageEligibilityRequest/$submit", body)


def check(portal: Any) -> dict[str, Any]:
    (row,) = portal.execute("SELECT * FROM eligibility_checks").fetchall()
    return dict(row)


def test_a_check_without_a_result_waits(patient: Any, portal: Any) -> None:
    answer = submit(patient, asking())
    assert answer.status_code == 200, answer.text
    tree = answer.json()
    assert (tree["resourceType"], tree["outcome"]) == ("CoverageEligibilityResponse", "queued")
    assert tree["patient"] == {"reference": "Patient/pat"}
    row = check(portal)
    assert tree == patient.tree(f"/CoverageEligibilityResponse/{row['fhir_id']}")
    assert (row["eligibility_status"], row["coverage_active"], row["source"]) == ("pending", None, "manual")
    assert (row["patient_fhir_id"], row["payer_name"]) == ("pat", "Acme Health")


def test_a_coverage_that_is_elsewhere_is_named_by_its_member(patient: Any, portal: Any) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v2-0203"
    number = {"type": {"coding": [{"system": system, "code": "MB"}]}, "value": "M-7"}
    insurance = [{"coverage": {"identifier": number, "display": "Elsewhere"}}]
    assert submit(patient, asking(insurance=insurance)).status_code == 200
    assert check(portal)["member_id"] == "M-7"


def test_what_a_person_found_out_is_noted(patient: Any, portal: Any) -> None:
    coverage = {
        "resourceType": "Coverage",
        "id": "cov",
        "status": "active",
        "beneficiary": {"reference": "Patient/pat"},
        "payor": [{"display": "Other"}],
        "subscriberId": "M-1",
        "class": [{"type": {"coding": [{"code": "group"}]}, "value": "G-1"}],
    }
    assert patient.update(coverage).is_success
    insurance = [{"coverage": {"reference": "Coverage/cov"}}]
    answer = submit(
        patient,
        asking(insurance=insurance),
        eligibility_status={"valueCode": "eligible"},
        coverage_active={"valueBoolean": True},
        expires={"valueDateTime": "2030-01-01T00:00:00Z"},
    )
    assert answer.json()["outcome"] == "complete", answer.text
    row = check(portal)
    assert (row["eligibility_status"], row["coverage_active"], row["expires_at"].year) == ("eligible", True, 2030)
    assert (row["payer_name"], row["member_id"], row["group_number"]) == ("Acme Health", "M-1", "G-1")


class Payer:
    """A connector in the place of the HTTPS one, which has tests of its own."""

    source = "payer"

    def __init__(self, reply: Reply | PayerFailure) -> None:
        self.reply = reply
        self.asked: list[Question] = []

    def ask(self, question: Question) -> Reply:
        self.asked.append(question)
        if isinstance(self.reply, PayerFailure):
            raise self.reply
        return self.reply


def test_a_payer_is_asked_and_its_answer_kept(patient: Any, portal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    payer = Payer(Reply("active", True, None, {"copay": 5}, "T-9"))
    monkeypatch.setattr(eligibility, "payer_of", lambda _: payer)
    assert submit(patient, asking()).json()["outcome"] == "complete"
    row = check(portal)
    assert (row["source"], row["coverage_details"], row["raw_response"]) == ("payer", {"copay": 5}, {"trace": "T-9"})
    assert submit(patient, asking()).status_code == 200
    first, second = payer.asked
    assert (first.family, first.given, first.birth_date) == ("Delgado", ("Rosa",), "1951-03-14")
    assert first.key == second.key, "the payer knows a question that it was asked already"
    assert len(first.key) == 64


@pytest.mark.parametrize("status", ["timeout", "error"])
def test_a_payer_that_does_not_answer_is_a_check_without_a_result(
    patient: Any, portal: Any, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(eligibility, "payer_of", lambda _: Payer(PayerFailure(status, "down")))
    assert submit(patient, asking()).json()["outcome"] == "error"
    assert (check(portal)["eligibility_status"], check(portal)["coverage_active"]) == (status, None)


def test_what_cannot_be_checked_is_refused(patient: Any, portal: Any) -> None:
    assert submit(patient, asking(patient={"reference": "Patient/none"})).status_code == 422
    assert submit(patient, asking(), eligibility_status={"valueCode": "surely"}).status_code == 422
    assert submit(patient, {"resourceType": "Patient"}).status_code == 400
    assert submit(patient, asking(), other={"valueCode": "x"}).status_code == 400
    assert submit(patient, {**asking(), "purpose": ["sport"]}).status_code == 422
    assert patient.get("/CoverageEligibilityRequest/$submit").status_code == 405
    assert portal.execute("SELECT count(*) AS n FROM eligibility_checks").fetchone() == {"n": 0}
