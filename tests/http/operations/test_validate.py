"""$validate (https://hl7.org/fhir/R4/resource-operation-validate.html)."""

from __future__ import annotations

from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True}
CORE = "http://hl7.org/fhir/StructureDefinition/"
NAMED: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "id": "named",
    "url": "urn:example:named",
    "version": "1",
    "name": "Named",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": CORE + "Patient",
    "derivation": "constraint",
    "differential": {
        "element": [
            {"id": "Patient", "path": "Patient"},
            {"id": "Patient.name", "path": "Patient.name", "min": 1},
            {
                "id": "Patient.maritalStatus",
                "path": "Patient.maritalStatus",
                "binding": {"strength": "required", "valueSet": "urn:example:states"},
            },
        ]
    },
}
STATES: dict[str, Any] = {
    "resourceType": "ValueSet",
    "id": "states",
    "url": "urn:example:states",
    "status": "active",
    "compose": {"include": [{"system": "urn:s", "concept": [{"code": "M"}]}]},
}


def wrapped(resource: Any, **codes: str) -> dict[str, Any]:
    listed: list[dict[str, Any]] = [{"name": name, "valueCode": value} for name, value in codes.items()]
    return {"resourceType": "Parameters", "parameter": [*listed, {"name": "resource", "resource": resource}]}


def told(answer: Any) -> list[tuple[str, str, str]]:
    assert answer.status_code == 200, answer.text
    tree = answer.json()
    assert tree["resourceType"] == "OperationOutcome"
    return [(one["severity"], one["code"], " ".join(one.get("expression", ()))) for one in tree["issue"]]


GOOD = [("information", "informational", "")]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (PATIENT, GOOD),
        ({**PATIENT, "gender": "x"}, [("error", "code-invalid", "Patient.gender")]),
        ({**PATIENT, "foo": 1}, [("error", "structure", "Patient.foo")]),
        ({"resourceType": "Observation"}, [("error", "structure", "Patient.resourceType")]),
        ({"active": True}, [("error", "structure", "Patient")]),
        (
            {**PATIENT, "managingOrganization": {"reference": "Organization?name=x"}},
            [("error", "invalid", "Patient.managingOrganization.reference")],
        ),
    ],
)
def test_a_resource_is_told_to_be_valid_or_not(client: Any, resource: Any, expected: Any) -> None:
    assert told(client.send_json("POST", "/Patient/$validate", resource)) == expected
    assert told(client.send_json("POST", "/Patient/$validate", wrapped(resource))) == expected
    assert client.matches("/Patient") == []


def test_what_is_stored_is_validated_where_nothing_is_sent(client: Any) -> None:
    client.update(PATIENT)
    assert told(client.get("/Patient/p/$validate")) == GOOD
    assert told(client.post("/Patient/p/$validate")) == GOOD
    assert client.history("/Patient/p") == [("PUT", 'W/"1"')]


def test_a_create_that_would_be_refused_is_told(client: Any) -> None:
    tree = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/p"},
    }
    assert told(client.send_json("POST", "/Observation/$validate", wrapped(tree))) == GOOD
    found = told(client.send_json("POST", "/Observation/$validate", wrapped(tree, mode="create")))
    assert [one[0] for one in found] == ["error"]
    client.update(PATIENT)
    assert told(client.send_json("POST", "/Observation/$validate?mode=create", tree)) == GOOD
    assert client.matches("/Observation") == []


def test_an_update_that_would_be_refused_is_told(client: Any) -> None:
    client.update(PATIENT)
    path = "/Patient/p/$validate"
    changed = {**PATIENT, "active": False}
    assert told(client.send_json("POST", path, wrapped(changed, mode="update"))) == GOOD
    other = told(client.send_json("POST", path, wrapped({**PATIENT, "id": "q"}, mode="update")))
    assert other == [("error", "invalid", "Patient.id")]
    assert told(client.send_json("POST", "/Patient/$validate", wrapped(changed, mode="update"))) == GOOD
    nameless = told(client.send_json("POST", "/Patient/$validate?mode=update", {"resourceType": "Patient"}))
    assert nameless == [("error", "required", "Patient.id")]
    assert told(client.send_json("POST", "/Patient/new/$validate?mode=update", {**PATIENT, "id": "new"})) == GOOD
    assert client.get("/Patient/new").status_code == 404
    assert client.tree("/Patient/p")["active"] is True
    assert client.history("/Patient/p") == [("PUT", 'W/"1"')]


def test_a_delete_that_would_be_refused_is_told(client: Any) -> None:
    client.update(PATIENT)
    assert told(client.get("/Patient/p/$validate?mode=delete")) == GOOD
    tree = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/p"},
    }
    assert client.update(tree).status_code == 201
    assert [one[:2] for one in told(client.get("/Patient/p/$validate?mode=delete"))] == [("error", "conflict")]
    assert told(client.get("/Observation/o/$validate?mode=delete")) == GOOD
    assert client.matches("/Observation") == ["Observation/o"]


def test_a_stored_profile_is_held_against(client: Any) -> None:
    for one in (NAMED, STATES):
        assert client.update(one).status_code == 201
    path = "/Patient/$validate?profile=urn:example:named|1"
    assert told(client.send_json("POST", path, PATIENT)) == [("error", "required", "Patient.name")]
    good = {**PATIENT, "name": [{"text": "x"}], "maritalStatus": {"coding": [{"system": "urn:s", "code": "M"}]}}
    assert told(client.send_json("POST", path, good)) == GOOD
    bad = {**good, "maritalStatus": {"coding": [{"system": "urn:s", "code": "S"}]}}
    assert told(client.send_json("POST", path, bad)) == [("error", "code-invalid", "Patient.maritalStatus")]
    client.update(good)
    assert told(client.get("/Patient/p/$validate?mode=profile&profile=urn:example:named")) == GOOD


def test_a_profile_that_is_not_stored_is_never_taken_for_kept(client: Any) -> None:
    found = told(client.send_json("POST", "/Patient/$validate?profile=http://localhost:1/none", PATIENT))
    assert found == [("error", "not-found", "")]
    own = {**PATIENT, "meta": {"profile": ["http://localhost:1/none", CORE + "Patient"]}}
    assert told(client.send_json("POST", "/Patient/$validate", own)) == [
        ("information", "not-found", "Patient.meta.profile[0]"),
        *GOOD,
    ]


def test_the_profiles_of_the_resource_are_held_against(client: Any) -> None:
    client.update(NAMED)
    own = {**PATIENT, "meta": {"profile": ["urn:example:named"]}}
    assert told(client.send_json("POST", "/Patient/$validate", own)) == [("error", "required", "Patient.name")]
    wrong = {**PATIENT, "meta": {"profile": [CORE + "Observation"]}}
    assert [one[0] for one in told(client.send_json("POST", "/Patient/$validate", wrong))] == ["error"]


def test_parameters_can_be_validated_themselves(client: Any) -> None:
    tree = {"resourceType": "Parameters", "parameter": [{"name": "a", "valueString": "x"}]}
    assert told(client.send_json("POST", "/Parameters/$validate", tree)) == GOOD
    assert told(client.send_json("POST", "/Parameters/$validate", wrapped(tree))) == GOOD


def test_a_validation_is_audited_and_leaves_no_other_row(client: Any, portal: Any) -> None:
    client.update(PATIENT)
    client.send_json("POST", "/Patient/p/$validate?mode=update", PATIENT)
    found = portal.execute("SELECT operation, resource_id FROM fhir_audit_logs ORDER BY id").fetchall()
    assert [tuple(one.values()) for one in found] == [("update", "p"), ("validate", "p")]


@pytest.mark.parametrize(
    ("method", "path", "tree", "status"),
    [
        ("GET", "/Patient/$validate", None, 400),
        ("GET", "/Patient/none/$validate", None, 404),
        ("GET", "/Patient/gone/$validate?mode=delete", None, 410),
        ("POST", "/Patient/$validate?mode=delete", PATIENT, 400),
        ("POST", "/Patient/$validate?mode=guess", PATIENT, 400),
        ("POST", "/Patient/$validate?mode=profile", PATIENT, 400),
        ("POST", "/Patient/$validate?more=1", PATIENT, 400),
        ("POST", "/Foo/$validate", PATIENT, 404),
        ("POST", "/Patient/$validate", {"resourceType": "Parameters", "parameter": [{"name": "mode"}]}, 422),
        ("POST", "/Patient/$validate", {"resourceType": "Parameters", "parameter": 1}, 400),
        ("POST", "/Patient/$validate", {"resourceType": "Parameters"}, 400),
    ],
)
def test_what_is_no_validation_is_refused(client: Any, method: str, path: str, tree: Any, status: int) -> None:
    client.update({**PATIENT, "id": "gone"})
    client.delete("/Patient/gone")
    answer = client.request(method, path) if tree is None else client.send_json(method, path, tree)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_body_that_is_no_json_is_refused(client: Any) -> None:
    answer = client.post("/Patient/$validate", content=b"{", headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == 400
