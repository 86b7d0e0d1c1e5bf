"""$meta, $meta-add and $meta-delete (https://hl7.org/fhir/R4/resource-operation-meta.html)."""

from __future__ import annotations

from typing import Any

import pytest

TAG = {"system": "urn:t", "code": "a", "display": "A"}
OTHER = {"system": "urn:t", "code": "b"}
LABEL = {"system": "urn:s", "code": "R"}
PROFILE = "http://example.org/p"
PATIENT = {"resourceType": "Patient", "id": "p", "meta": {"tag": [TAG]}, "active": True}
KINDS = ("Patient", "Basic", "Practitioner")
TREES: dict[str, dict[str, Any]] = {
    "Patient": PATIENT,
    "Basic": {"resourceType": "Basic", "id": "p", "meta": {"tag": [TAG]}, "code": {"text": "x"}},
    "Practitioner": {"resourceType": "Practitioner", "id": "p", "meta": {"tag": [TAG]}},
}


def change(client: Any, path: str, meta: Any, **headers: str) -> Any:
    tree = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}
    return client.send_json("POST", path, tree, **headers)


def returned(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    (parameter,) = answer.json()["parameter"]
    assert parameter["name"] == "return"
    return parameter["valueMeta"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_meta_of_one_resource_is_returned(client: Any, kind: str) -> None:
    client.update(TREES[kind])
    answer = client.get(f"/{kind}/p/$meta")
    assert returned(answer) == client.get(f"/{kind}/p").json()["meta"]
    assert answer.headers["etag"] == 'W/"1"'
    assert returned(client.post(f"/{kind}/p/$meta"))["tag"] == [TAG]


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_added_and_found_and_taken_away(client: Any, kind: str) -> None:
    client.update(TREES[kind])
    path = f"/{kind}/p"
    more = {"tag": [TAG, OTHER], "security": [LABEL], "profile": [PROFILE]}
    found = returned(change(client, f"{path}/$meta-add", more))
    assert (found["tag"], found["security"], found["profile"]) == ([TAG, OTHER], [LABEL], [PROFILE])
    assert found["versionId"] == "2"
    assert client.get(path).json()["meta"] == found
    for query in ("_tag=urn:t|b", "_security=R", f"_profile={PROFILE}"):
        assert client.matches(f"/{kind}?{query}") == [f"{kind}/p"]
    left = returned(change(client, f"{path}/$meta-delete", {"tag": [OTHER], "security": [LABEL], "profile": [PROFILE]}))
    assert (left["tag"], left["versionId"]) == ([TAG], "3")
    assert "security" not in left
    assert "profile" not in left
    assert client.matches(f"/{kind}?_tag=b") == client.matches(f"/{kind}?_security=R") == []
    assert returned(change(client, f"{path}/$meta-delete", {"tag": [{"system": "urn:t", "code": "a"}]})).keys() == {
        "versionId",
        "lastUpdated",
    }
    plain = client.get(path).json()
    assert {**plain, "meta": None} == {**TREES[kind], "meta": None}


def test_what_changes_nothing_makes_no_version(client: Any, portal: Any) -> None:
    client.update(PATIENT)
    assert returned(change(client, "/Patient/p/$meta-add", {"tag": [TAG]}))["versionId"] == "1"
    assert returned(change(client, "/Patient/p/$meta-delete", {"tag": [OTHER]}))["versionId"] == "1"
    assert client.history("/Patient/p") == [("PUT", 'W/"1"')]
    query = "SELECT operation, resource_id, entities FROM fhir_audit_logs WHERE operation LIKE 'meta%' ORDER BY id"
    told = [tuple(one.values()) for one in portal.execute(query).fetchall()]
    assert told == [(name, "p", ["Patient/p/_history/1"]) for name in ("meta-add", "meta-delete")]


def test_a_change_is_audited_with_its_version(client: Any, portal: Any) -> None:
    client.update(PATIENT)
    change(client, "/Patient/p/$meta-add", {"tag": [OTHER]})
    told = portal.execute("SELECT operation, entities FROM fhir_audit_logs ORDER BY id DESC LIMIT 1").fetchone()
    assert told == {"operation": "meta-add", "entities": ["Patient/p/_history/2"]}


def test_the_labels_of_a_type_and_of_the_system_are_each_there_once(client: Any) -> None:
    assert client.get("/$meta").json() == {"resourceType": "Parameters"}
    for name in ("p", "q"):
        client.update({**PATIENT, "id": name, "meta": {"tag": [TAG], "profile": [PROFILE]}})
    client.update({"resourceType": "Basic", "id": "b", "code": {"text": "x"}, "meta": {"security": [LABEL]}})
    client.update({"resourceType": "Patient", "id": "gone", "meta": {"tag": [OTHER]}})
    client.delete("/Patient/gone")
    plain = {"system": "urn:t", "code": "a"}
    assert returned(client.get("/Patient/$meta")) == {"profile": [PROFILE], "tag": [plain]}
    assert returned(client.get("/Basic/$meta")) == {"security": [LABEL]}
    assert returned(client.get("/$meta")) == {"profile": [PROFILE], "security": [LABEL], "tag": [plain]}
    assert client.get("/Observation/$meta").json() == {"resourceType": "Parameters"}


def test_a_stale_writer_does_not_win(client: Any) -> None:
    client.update(PATIENT)
    client.update({**PATIENT, "active": False})
    assert change(client, "/Patient/p/$meta-add", {"tag": [OTHER]}, If_Match='W/"1"').status_code == 412
    assert change(client, "/Patient/p/$meta-add", {"tag": [OTHER]}, If_Match='W/"2"').status_code == 200


def test_labels_are_added_to_what_the_portal_wrote(client: Any, portal: Any) -> None:
    client.update({"resourceType": "Patient", "id": "p", "name": [{"family": "A"}], "meta": {"tag": [TAG]}})
    portal.execute("UPDATE fhir_patients SET active = false WHERE fhir_id = 'p'")
    found = returned(change(client, "/Patient/p/$meta-add", {"tag": [OTHER]}))
    assert found["tag"] == [TAG, OTHER]
    assert client.get("/Patient/p").json()["active"] is False


REFUSED: dict[str, tuple[str, str, Any, int]] = {
    "no such resource": ("POST", "/Patient/none/$meta-add", {"tag": [TAG]}, 404),
    "nothing to read": ("GET", "/Patient/none/$meta", None, 404),
    "a deleted resource": ("POST", "/Patient/gone/$meta-add", {"tag": [TAG]}, 410),
    "no meta": ("POST", "/Patient/p/$meta-add", None, 400),
    "GET of a change": ("GET", "/Patient/p/$meta-add", None, 405),
    "a change of a type": ("POST", "/Patient/$meta-add", {"tag": [TAG]}, 404),
    "an unknown parameter": ("GET", "/Patient/p/$meta?x=1", None, 400),
    "an unknown type": ("GET", "/Foo/$meta", None, 404),
    "an unknown operation": ("GET", "/Patient/p/$nothing", None, 404),
    "a bad profile": ("POST", "/Patient/p/$meta-add", {"profile": [1]}, 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused(client: Any, name: str) -> None:
    for one in ("p", "gone"):
        client.update({"resourceType": "Patient", "id": one})
    client.delete("/Patient/gone")
    method, path, meta, status = REFUSED[name]
    answer = client.request(method, path) if meta is None else change(client, path, meta)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_another_body_than_parameters_is_refused(client: Any) -> None:
    client.update(PATIENT)
    answer = client.send_json("POST", "/Patient/p/$meta-add", PATIENT)
    assert answer.status_code == 400
    assert "Parameters" in answer.json()["issue"][0]["diagnostics"]
