"""What every answer has in common: addresses, errors, headers (https://hl7.org/fhir/R4/http.html#general)."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True}


def outcome(code: str, diagnostics: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


@pytest.fixture(scope="module")
def patient(shared: Any) -> Any:
    assert shared.update(PATIENT).status_code in (200, 201)
    return shared


def test_r_001_paths_ids_and_names_have_their_case(patient: Any) -> None:
    assert patient.get("/patient/p").status_code == 404
    assert patient.get("/Patient/P").status_code == 404
    assert patient.get("/Patient?Active=true").status_code == 400
    assert patient.get("/Patient/p/_History").status_code == 404
    assert patient.get("/Metadata").status_code == 404


@pytest.mark.parametrize(
    "path", ["/Foo/1", "/Foo", "/Foo/_history", "/Foo/1/_history/1", "/Resource/1", "/Element", "/Foo/_search"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_r_002_an_unknown_type_is_not_found_whatever_is_asked_of_it(patient: Any, method: str, path: str) -> None:
    content_type = "application/x-www-form-urlencoded" if path.endswith("_search") else "application/json"
    answer = patient.send_json(method, path, {"resourceType": "Foo"}, Content_Type=content_type)
    if answer.status_code != 415:  # a body of another type than the address takes is refused first
        assert answer.status_code == 404
        assert answer.json() == outcome("not-supported", "There is no such resource type on this server")


@pytest.mark.parametrize(
    "identity",
    ["x" * 65, "%00", "a%20b", "a_b", "ä", "%C3%A4", "%ff", "a'b", "..", "%2e%2e", "a%2Fb", "a;b", "-", "'--"],
)
@pytest.mark.parametrize(
    "form", ["/Patient/{}", "/Patient/{}/_history", "/Patient/{}/_history/1", "/Patient/{}/Observation"]
)
def test_r_003_what_is_no_id_is_no_address(patient: Any, form: str, identity: str) -> None:
    for method in ("GET", "DELETE"):
        answer = patient.request(method, form.format(identity))
        if answer.status_code not in (200, 204):
            assert answer.status_code in (400, 404, 405), answer.text
            assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Patient/", 404),
        ("GET", "/Patient/p/", 404),
        ("GET", "/Patient/p/_history/1/x", 404),
        ("GET", "/_search", 405),
        ("GET", "/Patient/_search", 405),
        ("POST", "/Patient/p", 405),
        ("PUT", "/", 405),
        ("PATCH", "/", 405),
        ("DELETE", "/", 405),
        ("DELETE", "/metadata", 405),
        ("PUT", "/Patient/p/_history/1", 405),
        ("DELETE", "/Patient/p/_history", 405),
        ("PUT", "/Patient/p/Observation", 405),
        ("TRACE", "/Patient/p", 405),
        ("OPTIONS", "/Patient/p", 405),
        ("BREW", "/Patient/p", 405),
    ],
)
def test_r_004_and_r_006_refusals_are_outcomes_and_405_says_what_is_allowed(
    patient: Any, method: str, path: str, status: int
) -> None:
    answer = patient.request(method, path, headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert ("allow" in answer.headers) == (status == 405)


def test_r_004_an_empty_part_of_a_path_is_not_found(patient: Any) -> None:
    for path in ("//Patient", "/Patient//p", "//"):
        answer = patient.get(f"{patient.base}{path}")
        assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")


def test_r_006_allow_lists_the_methods_of_the_address(patient: Any) -> None:
    assert patient.post("/Patient/p").headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"
    assert patient.delete("/").headers["allow"] == "GET, HEAD, POST"
    assert patient.put("/Patient/_search").headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/Patient/p/$foo", "/Patient/$foo", "/$foo", "/Patient/p/$match", "/Patient/$merge"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_r_196_an_unknown_operation_is_not_found(patient: Any, method: str, path: str) -> None:
    answer = patient.request(method, path)
    assert (answer.status_code, answer.json()) == (404, outcome("not-supported", "This server has no such operation"))


@pytest.mark.parametrize(
    "path",
    [
        "/Patient/p",
        "/Patient/p/_history/1",
        "/Patient/p/_history",
        "/Patient",
        "/",
        "/_history",
        "/metadata",
        "/Patient/none",
        "/Foo",
    ],
)
def test_r_007_head_is_get_without_the_body(patient: Any, path: str) -> None:
    own = {"date", "x-request-id"}
    get, head = patient.get(path), patient.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    told, known = ({name: value for name, value in one.headers.items() if name not in own} for one in (head, get))
    assert told == known


def test_r_008_every_answer_has_a_request_id_and_returns_the_clients(patient: Any) -> None:
    answer = patient.get("/Patient/p", headers={"X-Request-Id": "abc"})
    assert "abc" in (answer.headers["x-request-id"], answer.headers.get("x-correlation-id"))
    assert patient.get("/Foo/1").headers["x-request-id"] != patient.get("/Foo/1").headers["x-request-id"]


def test_r_009_a_long_request_id_is_not_returned(patient: Any) -> None:
    answer = patient.get("/Patient/p", headers={"X-Request-Id": "x" * 10_000})
    assert answer.status_code == 200
    assert len(answer.headers.get("x-correlation-id", "")) < 300


def test_r_010_answers_are_not_to_be_kept(patient: Any) -> None:
    for path in ("/Patient/p", "/Patient", "/Patient/none", "/Patient/p/_history"):
        headers = patient.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert {"Accept", "Authorization"} <= set(headers["vary"].split(", "))


def test_r_011_times_have_a_zone_and_never_go_back(patient: Any) -> None:
    seen = []
    for _ in range(5):
        answer = patient.update({**PATIENT, "id": "times"})
        seen.append(datetime.fromisoformat(answer.json()["meta"]["lastUpdated"]))
        assert parsedate_to_datetime(answer.headers["date"]) is not None
    assert seen == sorted(seen)
    assert all(moment.tzinfo is not None for moment in seen)


def test_r_012_both_schemes_of_the_base_name_the_same_resource(patient: Any) -> None:
    for scheme in ("http", "https"):
        subject = {"reference": f"{scheme}://{patient.base.partition('://')[2]}/Patient/p"}
        tree = {
            "resourceType": "Observation",
            "id": scheme,
            "status": "final",
            "code": {"text": "x"},
            "subject": subject,
        }
        assert patient.update(tree).json()["subject"] == subject
    assert {"Observation/http", "Observation/https"} <= set(patient.matches("/Observation?patient=p"))
    assert set(patient.matches(f"/Observation?subject={patient.base}/Patient/p")) >= {"Observation/http"}


def test_r_005_an_outcome_names_elements_and_hides_everything_else(patient: Any) -> None:
    tree = {**PATIENT, "gender": "secret-gender", "birthDate": "secret-date", "name": [{"family": ""}]}
    answer = patient.update(tree)
    issues = answer.json()["issue"]
    assert all({"severity", "code", "diagnostics", "expression"} <= set(issue) for issue in issues)
    named = {issue["expression"][0] for issue in issues}
    assert {"Patient.birthDate", "Patient.name[0].family"} <= named
    for secret in ("secret", "SELECT", "psycopg", "Traceback", "fhir_patients", "public."):
        assert secret not in answer.text


def test_r_195_respond_async_is_ignored(patient: Any) -> None:
    answer = patient.get("/Patient/p", headers={"Prefer": "respond-async"})
    assert (answer.status_code, answer.json()["id"]) == (200, "p")
    assert patient.update(PATIENT, Prefer="respond-async").status_code == 200
    assert patient.get("/Patient", headers={"Prefer": "respond-async"}).status_code == 200
