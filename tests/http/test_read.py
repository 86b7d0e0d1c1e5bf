"""read, vread and conditional read over HTTP (https://hl7.org/fhir/R4/http.html#read)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True, "name": [{"family": "Müller", "given": ["Anna"]}]}


def outcome(code: str, diagnostics: str, severity: str = "error") -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": diagnostics}],
    }


@pytest.fixture
def patient(client: Any) -> Any:
    assert client.update(PATIENT).status_code == 201
    return client


def test_r_040_a_read_gives_the_resource_with_etag_and_last_modified(patient: Any) -> None:
    answer = patient.get("/Patient/p")
    body = answer.json()
    meta = body.pop("meta")
    assert (answer.status_code, body) == (200, PATIENT)
    assert answer.headers["etag"] == 'W/"1"'
    updated = datetime.fromisoformat(meta["lastUpdated"])
    assert parsedate_to_datetime(answer.headers["last-modified"]) == updated.replace(microsecond=0)
    assert answer.headers["last-modified"] == format_datetime(updated.replace(microsecond=0), usegmt=True)


def test_r_041_the_etag_is_the_weak_form_of_meta_version_id(patient: Any) -> None:
    for _ in range(3):
        patient.update(PATIENT)
    answer = patient.get("/Patient/p")
    assert re.fullmatch(r'W/"[A-Za-z0-9\-.]{1,64}"', answer.headers["etag"])
    assert answer.headers["etag"] == f'W/"{answer.json()["meta"]["versionId"]}"' == 'W/"4"'


@pytest.mark.parametrize("path", ["/Patient/none", "/Observation/p", "/Condition/none"])
def test_r_042_a_resource_that_never_was_is_not_found(patient: Any, path: str) -> None:
    answer = patient.get(path)
    assert (answer.status_code, answer.json()) == (404, outcome("not-found", "There is no such resource"))
    assert "etag" not in answer.headers


@pytest.mark.parametrize("kind", ["Patient", "Basic"])
def test_r_042_a_deleted_resource_is_gone(client: Any, kind: str) -> None:
    client.update({"resourceType": kind, "id": "p", **({"code": {"text": "x"}} if kind == "Basic" else {})})
    assert client.delete(f"/{kind}/p").status_code == 204
    answer = client.get(f"/{kind}/p")
    assert (answer.status_code, answer.json()) == (410, outcome("deleted", "The resource was deleted"))


def test_r_043_vread_gives_each_version_as_it_was(patient: Any) -> None:
    first = patient.get("/Patient/p")
    patient.update({**PATIENT, "active": False})
    again = patient.get("/Patient/p/_history/1")
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, 'W/"1"')
    assert again.headers["last-modified"] == first.headers["last-modified"]
    second = patient.get("/Patient/p/_history/2")
    assert (second.json()["active"], second.headers["etag"]) == (False, 'W/"2"')


def test_r_043_vread_of_a_deletion_is_gone(patient: Any) -> None:
    patient.delete("/Patient/p")
    answer = patient.get("/Patient/p/_history/2")
    assert (answer.status_code, answer.json()) == (
        410,
        outcome("deleted", "This version is the deletion of the resource"),
    )
    assert patient.get("/Patient/p/_history/1").status_code == 200


@pytest.mark.parametrize("version", ["2", "0", "01", "x", "1.0", "9" * 18, "9" * 64])
def test_r_043_a_version_that_never_was_is_not_found(patient: Any, version: str) -> None:
    answer = patient.get(f"/Patient/p/_history/{version}")
    assert (answer.status_code, answer.json()) == (404, outcome("not-found", "There is no such version"))


@pytest.mark.parametrize("path", ["/Patient/p", "/Patient/p/_history/1"])
@pytest.mark.parametrize("tags", ['W/"1"', '"1"', 'W/"7", W/"1"', "*"])
def test_r_044_a_version_that_the_client_holds_is_not_sent_again(patient: Any, path: str, tags: str) -> None:
    answer = patient.get(path, headers={"If-None-Match": tags})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", 'W/"1"')


@pytest.mark.parametrize("tags", ['W/"2"', "1", "W/1", '"', "", '"x'])
def test_r_044_other_or_unreadable_tags_give_the_resource(patient: Any, tags: str) -> None:
    assert patient.get("/Patient/p", headers={"If-None-Match": tags}).status_code == 200


def test_r_045_a_resource_that_has_not_changed_since_is_not_sent_again(patient: Any) -> None:
    modified = parsedate_to_datetime(patient.get("/Patient/p").headers["last-modified"])

    def status(moment: datetime | str, **headers: str) -> int:
        text = moment if isinstance(moment, str) else format_datetime(moment, usegmt=True)
        answer = patient.get("/Patient/p", headers={"If-Modified-Since": text, **headers})
        return int(answer.status_code)

    assert status(modified) == 304
    assert status(modified + timedelta(seconds=1)) == 304
    assert status(modified - timedelta(seconds=1)) == 200
    assert status("yesterday") == 200
    assert status(modified, **{"If-None-Match": 'W/"2"'}) == 200


def test_r_046_what_is_absent_or_gone_is_never_not_modified(patient: Any) -> None:
    assert patient.get("/Patient/none", headers={"If-None-Match": "*"}).status_code == 404
    patient.delete("/Patient/p")
    assert patient.get("/Patient/p", headers={"If-None-Match": "*"}).status_code == 410


def test_r_047_a_part_of_a_resource_is_tagged_and_has_no_etag(patient: Any) -> None:
    answer = patient.get("/Patient/p?_elements=active")
    body = answer.json()
    assert (body["active"], "name" in body) == (True, False)
    assert [tag["code"] for tag in body["meta"]["tag"]] == ["SUBSETTED"]
    assert "etag" not in answer.headers
    assert patient.get("/Patient/p?_elements=active", headers={"If-None-Match": "*"}).status_code == 200
    assert "name" in patient.get("/Patient/p?_summary=true").json()
    assert patient.get("/Patient/p?_summary=false").json()["name"] == PATIENT["name"]


@pytest.mark.parametrize(
    "query", ["_summary=count", "_summary=some", "_count=1", "name=x", "_elements=a&_summary=true"]
)
def test_r_047_a_read_refuses_parameters_that_it_does_not_have(patient: Any, query: str) -> None:
    answer = patient.get(f"/Patient/p?{query}")
    assert (answer.status_code, answer.json()["issue"][0]["severity"]) == (400, "error")


def test_r_048_a_row_of_the_portal_has_one_id_in_every_read_and_search(client: Any, portal: Any) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id, gender) VALUES ('x1', 'male')")
    portal.execute("INSERT INTO manufacturers (name) VALUES ('Maker')")
    assert [client.tree("/Patient/x1")["id"] for _ in range(2)] == ["x1", "x1"]
    (maker,) = client.matches("/Organization")
    assert client.tree(f"/{maker}")["id"] == maker.partition("/")[2]
    assert client.matches("/Organization") == [maker]
