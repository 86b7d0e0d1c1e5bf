"""patch over HTTP (https://hl7.org/fhir/R4/http.html#patch)."""

from __future__ import annotations

from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True, "name": [{"family": "Smith"}]}
OFF = [{"op": "replace", "path": "/active", "value": False}]


@pytest.fixture
def patient(client: Any) -> Any:
    assert client.update(PATIENT).status_code == 201
    return client


def fhirpath(kind: str, path: str, value: dict[str, Any]) -> dict[str, Any]:
    parts = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}, {"name": "value", **value}]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


@pytest.mark.parametrize(
    ("content_type", "document"),
    [
        ("application/json-patch+json", OFF),
        ("application/fhir+json", fhirpath("replace", "Patient.active", {"valueBoolean": False})),
        ("application/merge-patch+json", {"active": False}),
    ],
)
def test_r_100_three_kinds_of_patches_are_read(patient: Any, content_type: str, document: Any) -> None:
    answer = patient.send_json("PATCH", "/Patient/p", document, Content_Type=content_type)
    assert (answer.status_code, answer.headers["etag"], answer.json()["active"]) == (200, 'W/"2"', False)
    assert patient.get("/Patient/p").content == answer.content
    assert content_type in patient.tree("/metadata")["patchFormat"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml-patch+xml", "application/xml", ""])
def test_r_100_other_patches_are_refused(patient: Any, content_type: str) -> None:
    answer = patient.send_json("PATCH", "/Patient/p", OFF, Content_Type=content_type)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (415, "not-supported")
    assert patient.request("PATCH", "/Patient/p").status_code == 415


@pytest.mark.parametrize(
    ("operations", "statuses"),
    [
        ([{"op": "test", "path": "/active", "value": False}], {422}),
        ([{"op": "replace", "path": "/none/0", "value": 1}], {422}),
        ([{"op": "explode", "path": "/active"}], {400}),
        ([{"op": "remove", "path": "active"}], {422}),
        ([{"op": "replace", "path": "/id", "value": "q"}], {422}),
        ([{"op": "replace", "path": "/resourceType", "value": "Basic"}], {422}),
        ([{"op": "remove", "path": "/id"}], {422}),
        ([{"op": "replace", "path": "/active", "value": "yes"}], {400}),
        ([{"op": "add", "path": "/gender", "value": "banana"}], {422}),
        ([{"op": "add", "path": "/unknown", "value": 1}], {400}),
        ({"op": "replace"}, {400}),
        ([], {200}),
    ],
)
def test_r_101_a_patch_that_fails_changes_nothing(patient: Any, operations: Any, statuses: set[int]) -> None:
    answer = patient.patch_json("/Patient/p", operations)
    assert answer.status_code in statuses, answer.text
    if answer.status_code != 200:
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert patient.get("/Patient/p").headers["etag"] == 'W/"1"'


def test_r_101_version_and_time_cannot_be_patched(patient: Any) -> None:
    operations = [
        {"op": "replace", "path": "/meta/versionId", "value": "77"},
        {"op": "replace", "path": "/meta/lastUpdated", "value": "2001-01-01T00:00:00Z"},
    ]
    answer = patient.patch_json("/Patient/p", operations)
    body = patient.get("/Patient/p").json()
    assert answer.status_code in (200, 400, 422)
    assert body["meta"]["versionId"] != "77"
    assert body["meta"]["lastUpdated"] > "2026"


def test_r_102_if_match_is_honoured_and_history_shows_a_put(patient: Any) -> None:
    assert patient.patch_json("/Patient/p", OFF, If_Match='W/"7"').status_code == 412
    assert patient.patch_json("/Patient/p", OFF, If_Match='W/"1"').headers["etag"] == 'W/"2"'
    assert patient.history("/Patient/p") == [("PUT", 'W/"2"'), ("PUT", 'W/"1"')]


def test_r_103_a_conditional_patch_needs_exactly_one_match(client: Any) -> None:
    for name in ("a", "b"):
        identifier = [{"system": "urn:x", "value": name}, {"system": "urn:x", "value": "both"}]
        client.update({"resourceType": "Patient", "id": name, "active": True, "identifier": identifier})
    assert client.patch_json("/Patient?identifier=urn:x|none", OFF).status_code == 404
    assert client.patch_json("/Patient?identifier=urn:x|both", OFF).status_code == 412
    answer = client.patch_json("/Patient?identifier=urn:x|a", OFF)
    assert (answer.status_code, answer.json()["id"], answer.json()["active"]) == (200, "a", False)
    assert client.tree("/Patient/b")["active"] is True
    for criteria in ("", "?", "?_count=1", "?unknown=1", "?identifier="):
        assert client.patch_json(f"/Patient{criteria}", OFF).status_code == 400


def test_r_104_a_deleted_resource_is_not_patched(patient: Any) -> None:
    patient.delete("/Patient/p")
    assert patient.patch_json("/Patient/p", OFF).status_code == 410
    assert patient.patch_json("/Patient/none", OFF).status_code == 404
    assert patient.get("/Patient/p").status_code == 410


def test_r_105_a_generated_narrative_does_not_outlive_the_data_it_told(client: Any) -> None:
    def text(status: str) -> dict[str, str]:
        return {"status": status, "div": '<div xmlns="http://www.w3.org/1999/xhtml">Smith</div>'}

    rename = [{"op": "replace", "path": "/name/0/family", "value": "Jones"}]
    client.update({**PATIENT, "text": text("generated")})
    assert client.patch_json("/Patient/p", rename).status_code == 200
    assert "Smith" not in client.get("/Patient/p").text
    client.update({**PATIENT, "text": text("additional")})
    # A person wrote this one: what it says beyond the data would be lost with it.
    assert client.patch_json("/Patient/p", rename).json()["text"] == text("additional")


def test_patch_keeps_what_has_no_column_and_the_text_of_numbers(client: Any) -> None:
    extension = [{"url": "http://x/n", "valueDecimal": 1}]
    body = b'{"resourceType":"Patient","id":"p","extension":[{"url":"http://x/n","valueDecimal":1.50}],"active":true}'
    headers = {"Content-Type": "application/fhir+json"}
    client.put("/Patient/p", content=body, headers=headers)
    client.patch_json("/Patient/p", OFF)
    assert b'"valueDecimal":1.50' in client.get("/Patient/p").content
    assert client.get("/Patient/p").json()["extension"] == [{**extension[0], "valueDecimal": 1.5}]


def test_a_row_that_only_the_portal_wrote_can_be_patched(client: Any, portal: Any) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id, gender, phone) VALUES ('x', 'male', '555')")
    answer = client.patch_json("/Patient/x", OFF)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"'), answer.text
    row = portal.execute("SELECT active, phone, gender FROM fhir_patients").fetchone()
    assert row == {"active": False, "phone": "555", "gender": "male"}
