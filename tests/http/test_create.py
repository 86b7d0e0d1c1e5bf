"""create over HTTP (https://hl7.org/fhir/R4/http.html#create)."""

from __future__ import annotations

import re
from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "active": True}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
OTHER = {"resourceType": "Basic", "code": {"text": "x"}}


@pytest.mark.parametrize("tree", [PATIENT, OBSERVATION, OTHER, {"resourceType": "Location", "name": "Clinic"}])
def test_r_060_a_create_tells_where_the_new_version_is(client: Any, tree: Any) -> None:
    answer = client.create(tree)
    assert answer.status_code == 201
    body = answer.json()
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", body["id"])
    url = f"{client.base}/{tree['resourceType']}/{body['id']}/_history/1"
    assert (answer.headers["location"], answer.headers["etag"]) == (url, 'W/"1"')
    assert body["meta"]["versionId"] == "1"
    assert {name: body[name] for name in tree} == tree
    for path in (url, f"{client.base}/{tree['resourceType']}/{body['id']}"):
        read = client.get(path)
        assert (read.content, read.headers["last-modified"]) == (answer.content, answer.headers["last-modified"])


def test_r_061_id_version_and_time_are_the_servers_own_and_other_meta_is_kept(client: Any) -> None:
    meta = {
        "versionId": "77",
        "lastUpdated": "2001-01-01T00:00:00Z",
        "source": "urn:x",
        "profile": ["http://x/p"],
        "tag": [{"system": "urn:t", "code": "t"}],
        "security": [{"system": "urn:s", "code": "s"}],
    }
    body = client.create({**PATIENT, "id": "x", "meta": meta}).json()
    assert body["id"] != "x"
    assert body["meta"] == {**meta, "versionId": "1", "lastUpdated": body["meta"]["lastUpdated"]}
    assert body["meta"]["lastUpdated"] > "2026"
    assert client.get("/Patient/x").status_code == 404


def test_r_061_a_broken_id_in_the_body_is_still_refused(client: Any) -> None:
    assert client.create({**PATIENT, "id": "not legal"}).status_code == 422


def test_r_062_the_body_is_what_prefer_asks_for(client: Any) -> None:
    minimal = client.create(PATIENT, Prefer="return=minimal")
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert "location" in minimal.headers
    whole = client.create(PATIENT, Prefer="return=representation")
    assert whole.json()["resourceType"] == "Patient"
    outcome = client.create(PATIENT, Prefer="return=OperationOutcome")
    issue = {"severity": "information", "code": "informational", "diagnostics": "Patient stored as version 1"}
    assert outcome.json() == {"resourceType": "OperationOutcome", "issue": [issue]}
    assert client.create(PATIENT, Prefer="return=something").json()["resourceType"] == "Patient"
    assert client.create(PATIENT).json()["resourceType"] == "Patient"
    several = client.create(PATIENT, Prefer="handling=strict, return=minimal; respond-async")
    assert (several.status_code, several.content) == (201, b"")


@pytest.mark.parametrize(
    ("tree", "status", "code", "expression"),
    [
        ({"resourceType": "Observation", "code": {"text": "x"}}, 422, "required", "Observation.status"),
        ({**PATIENT, "unknown": 1}, 400, "structure", "Patient.unknown"),
        ({**PATIENT, "active": "true"}, 400, "structure", "Patient.active"),
        ({**PATIENT, "gender": "banana"}, 422, "code-invalid", "Patient.gender"),
        ({**OBSERVATION, "status": "banana"}, 422, "code-invalid", "Observation.status"),
        ({**PATIENT, "birthDate": "2024-02-30"}, 422, "value", "Patient.birthDate"),
    ],
)
def test_r_063_and_r_064_a_fault_is_named_with_its_element(
    client: Any, tree: Any, status: int, code: str, expression: str
) -> None:
    answer = client.create(tree)
    issues = answer.json()["issue"]
    assert (answer.status_code, len(issues), issues[0]["severity"]) == (status, 1, "error")
    assert (issues[0]["code"], issues[0]["expression"]) == (code, [expression])
    assert client.tree("/Patient?_summary=count")["total"] == 0


RULES = {
    "obs-6": {**OBSERVATION, "valueString": "x", "dataAbsentReason": {"text": "y"}},
    "obs-7": {
        **OBSERVATION,
        "code": {"coding": [{"system": "urn:x", "code": "c"}]},
        "valueString": "x",
        "component": [{"code": {"coding": [{"system": "urn:x", "code": "c"}]}, "valueString": "x"}],
    },
    "obs-3": {**OBSERVATION, "referenceRange": [{"appliesTo": [{"text": "x"}]}]},
    "pat-1": {**PATIENT, "contact": [{"gender": "male"}]},
    "org-1": {"resourceType": "Organization", "active": True},
    "org-2": {"resourceType": "Organization", "name": "x", "address": [{"use": "home", "city": "x"}]},
    "org-3": {"resourceType": "Organization", "name": "x", "telecom": [{"use": "home", "system": "url", "value": "x"}]},
    "dom-2": {**PATIENT, "contained": [{**PATIENT, "id": "a", "contained": [{**PATIENT, "id": "b"}]}]},
    "dom-3": {**PATIENT, "contained": [{"resourceType": "Organization", "id": "a", "name": "x"}]},
    "ref-1": {**PATIENT, "managingOrganization": {"reference": "#none"}},
}


@pytest.mark.parametrize("rule", RULES)
def test_r_065_a_resource_that_breaks_a_rule_is_unprocessable(client: Any, rule: str) -> None:
    answer = client.create(RULES[rule])
    assert answer.status_code in (400, 422), answer.text
    assert rule in answer.text
    assert client.matches("/Patient") == client.matches("/Observation") == client.matches("/Organization") == []


def test_r_066_a_reference_to_a_patient_must_lead_somewhere_and_others_need_not(client: Any) -> None:
    answer = client.create({**OBSERVATION, "subject": {"reference": "Patient/none"}})
    issue = {
        "severity": "error",
        "code": "processing",
        "diagnostics": "The resource refers to a Patient that does not exist on this server",
        "expression": ["Observation.subject"],
    }
    assert (answer.status_code, answer.json()) == (422, {"resourceType": "OperationOutcome", "issue": [issue]})
    assert client.create({**OBSERVATION, "performer": [{"reference": "Practitioner/none"}]}).status_code == 201


def test_r_066_a_reference_to_a_deleted_patient_leads_nowhere(client: Any) -> None:
    client.update({**PATIENT, "id": "p"})
    client.delete("/Patient/p")
    assert client.create({**OBSERVATION, "subject": {"reference": "Patient/p"}}).status_code == 422


def test_r_067_nothing_is_called_created_that_was_there(client: Any) -> None:
    tree = {**PATIENT, "identifier": [{"system": "urn:x", "value": "1"}]}
    first = client.create(tree, If_None_Exist="identifier=urn:x|1")
    second = client.create(tree, If_None_Exist="identifier=urn:x|1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["location"] == second.headers["location"]
    assert len(client.matches("/Patient")) == 1


def test_r_068_every_type_of_the_statement_can_be_created(client: Any) -> None:
    listed = client.tree("/metadata")["rest"][0]["resource"]
    assert all({"code": "create"} in one["interaction"] for one in listed)
    assert client.create({"resourceType": "Resource"}).status_code == 404
    assert client.create({"resourceType": "DomainResource"}).status_code == 404
