"""delete over HTTP (https://hl7.org/fhir/R4/http.html#delete)."""

from __future__ import annotations

from typing import Any

import pytest

TREES: dict[str, dict[str, Any]] = {
    "Patient": {"resourceType": "Patient", "id": "x", "active": True},
    "Practitioner": {"resourceType": "Practitioner", "id": "x", "active": True},
    "Organization": {"resourceType": "Organization", "id": "x", "name": "Acme"},
    "Location": {"resourceType": "Location", "id": "x", "name": "Clinic"},
    "PractitionerRole": {"resourceType": "PractitionerRole", "id": "x", "active": True},
    "Basic": {"resourceType": "Basic", "id": "x", "code": {"text": "x"}},
}
KINDS = pytest.mark.parametrize("kind", TREES)


@KINDS
def test_r_110_deleting_is_the_same_the_second_time_and_for_what_never_was(client: Any, kind: str) -> None:
    client.update(TREES[kind])
    first = client.delete(f"/{kind}/x")
    assert (first.status_code, first.content, first.headers["etag"]) == (204, b"", 'W/"2"')
    assert client.delete(f"/{kind}/x").status_code == 204
    assert client.delete(f"/{kind}/never").status_code == 204
    assert client.get(f"/{kind}/never").status_code == 404
    assert client.history(f"/{kind}/x") == [("DELETE", 'W/"2"'), ("PUT", 'W/"1"')]


@KINDS
def test_r_111_what_is_deleted_is_in_no_search_and_still_in_the_history(client: Any, kind: str) -> None:
    client.update(TREES[kind])
    assert client.matches(f"/{kind}") == [f"{kind}/x"]
    client.delete(f"/{kind}/x")
    assert client.get(f"/{kind}/x").status_code == 410
    assert client.matches(f"/{kind}") == client.matches(f"/{kind}?_id=x") == client.matches("/?_id=x") == []
    assert client.tree(f"/{kind}?_summary=count")["total"] == 0
    entries = client.tree(f"/{kind}/x/_history")["entry"]
    assert ["resource" in entry for entry in entries] == [False, True]
    assert entries[0]["request"] == {"method": "DELETE", "url": f"{kind}/x"}
    assert client.get(f"/{kind}/x/_history/1").status_code == 200


def test_r_111_what_is_deleted_is_not_included(client: Any) -> None:
    client.update(TREES["Practitioner"])
    client.update({**TREES["PractitionerRole"], "practitioner": {"reference": "Practitioner/x"}})

    def included(search: str) -> list[str]:
        entries = client.tree(search).get("entry", [])
        return [one["resource"]["resourceType"] for one in entries if one["search"]["mode"] == "include"]

    forward, back = (
        "/PractitionerRole?_include=PractitionerRole:practitioner",
        "/Practitioner?_revinclude=PractitionerRole:practitioner",
    )
    assert (included(forward), included(back)) == (["Practitioner"], ["PractitionerRole"])
    client.delete("/PractitionerRole/x")
    assert included(back) == []
    client.update({**TREES["PractitionerRole"], "practitioner": {"reference": "Practitioner/x"}})
    client.delete("/Practitioner/x")
    assert included(forward) == []


def test_r_112_a_patient_that_observations_need_is_not_deleted(client: Any) -> None:
    client.update(TREES["Patient"])
    observation = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    client.update({**observation, "subject": {"reference": "Patient/x"}})
    answer = client.delete("/Patient/x")
    said = {"severity": "error", "code": "conflict"}
    said["diagnostics"] = "The Patient cannot be deleted while other resources refer to it"
    assert (answer.status_code, answer.json()) == (409, {"resourceType": "OperationOutcome", "issue": [said]})
    assert client.get("/Patient/x").headers["etag"] == 'W/"1"'
    client.delete("/Observation/o")
    assert client.delete("/Patient/x").status_code == 204


def test_r_112_a_patient_that_resources_without_a_table_need_is_not_deleted_either(client: Any) -> None:
    client.update(TREES["Patient"])
    client.update({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/x"}})
    assert client.delete("/Patient/x").status_code == 409
    client.delete("/Condition/c")
    assert client.delete("/Patient/x").status_code == 204


@KINDS
def test_r_113_a_delete_is_a_version_and_a_revival_goes_on(client: Any, kind: str) -> None:
    for _ in range(2):
        client.update(TREES[kind])
    assert client.delete(f"/{kind}/x").headers["etag"] == 'W/"3"'
    revived = client.update(TREES[kind])
    assert (revived.status_code, revived.headers["etag"]) == (201, 'W/"4"')
    versions = [client.get(f"/{kind}/x/_history/{number}").status_code for number in (1, 2, 3, 4, 5)]
    assert versions == [200, 200, 410, 200, 404]
    assert client.matches(f"/{kind}") == [f"{kind}/x"]


def test_r_114_what_was_entered_in_error_stays_searchable(client: Any) -> None:
    tree = {"resourceType": "Observation", "id": "o", "status": "entered-in-error", "code": {"text": "x"}}
    client.update(tree)
    assert client.matches("/Observation?status=entered-in-error") == ["Observation/o"]


@KINDS
def test_r_115_if_match_guards_a_delete(client: Any, kind: str) -> None:
    client.update(TREES[kind])
    assert client.delete(f"/{kind}/x", headers={"If-Match": 'W/"2"'}).status_code == 412
    assert client.delete(f"/{kind}/x", headers={"If-Match": "2"}).status_code == 400
    assert client.delete(f"/{kind}/never", headers={"If-Match": "*"}).status_code == 412
    assert client.get(f"/{kind}/x").headers["etag"] == 'W/"1"'
    assert client.delete(f"/{kind}/x", headers={"If-Match": 'W/"1"'}).status_code == 204
    assert client.delete(f"/{kind}/x", headers={"If-Match": 'W/"2"'}).status_code == 412
