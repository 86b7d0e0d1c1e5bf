"""update over HTTP (https://hl7.org/fhir/R4/http.html#update)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True}
BASIC = {"resourceType": "Basic", "id": "p", "code": {"text": "x"}}
KINDS = pytest.mark.parametrize("tree", [PATIENT, BASIC], ids=["table", "generic"])


def issue(code: str, diagnostics: str, *expression: str) -> dict[str, Any]:
    said: dict[str, Any] = {"severity": "error", "code": code, "diagnostics": diagnostics}
    if expression:
        said["expression"] = list(expression)
    return {"resourceType": "OperationOutcome", "issue": [said]}


def test_r_080_the_id_of_the_body_must_be_that_of_the_url(client: Any) -> None:
    none = client.send_json("PUT", "/Patient/p", {"resourceType": "Patient"})
    assert (none.status_code, none.json()) == (400, issue("invalid", "The resource has no id", "Patient.id"))
    other = client.send_json("PUT", "/Patient/p", {**PATIENT, "id": "q"})
    said = issue("invalid", "The resource has another id than the URL", "Patient.id")
    assert (other.status_code, other.json()) == (400, said)
    assert client.get("/Patient/p").status_code == 404


@KINDS
def test_r_081_update_as_create_is_201_and_an_update_200(client: Any, tree: Any) -> None:
    first, second = client.update(tree), client.update(tree)
    url = f"{client.base}/{tree['resourceType']}/p/_history/1"
    assert (first.status_code, first.headers["location"], first.headers["etag"]) == (201, url, 'W/"1"')
    assert (second.status_code, second.headers["etag"]) == (200, 'W/"2"')
    assert "location" not in second.headers
    assert "last-modified" in first.headers
    assert "last-modified" in second.headers
    assert second.content == client.get(f"/{tree['resourceType']}/p").content


@KINDS
def test_r_081_a_revived_resource_is_201_and_goes_on_counting(client: Any, tree: Any) -> None:
    path = f"/{tree['resourceType']}/p"
    client.update(tree)
    client.delete(path)
    answer = client.update(tree)
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"3"')
    assert answer.headers["location"] == f"{client.base}{path}/_history/3"
    assert client.get(path).content == answer.content
    assert client.history(path) == [("PUT", 'W/"3"'), ("DELETE", 'W/"2"'), ("PUT", 'W/"1"')]


def test_r_082_the_statement_says_that_updates_create(client: Any) -> None:
    assert all(one["updateCreate"] is True for one in client.tree("/metadata")["rest"][0]["resource"])
    assert client.update({**PATIENT, "id": "a.B-9"}).status_code == 201
    assert client.update({**PATIENT, "id": "x" * 64}).status_code == 201


@pytest.mark.parametrize("identity", ["x" * 65, "a_b"])
def test_r_082_an_id_that_is_not_legal_is_never_created(client: Any, identity: str) -> None:
    answer = client.update({**PATIENT, "id": identity})
    assert answer.status_code in (400, 404, 422)
    assert client.matches("/Patient") == []


def test_r_083_an_id_belongs_to_one_type(client: Any) -> None:
    client.update(PATIENT)
    assert client.update(BASIC).status_code == 201
    assert client.get("/Patient/p").headers["etag"] == 'W/"1"'


@KINDS
def test_r_084_if_match_must_name_the_current_version(client: Any, tree: Any) -> None:
    client.update(tree)
    client.update(tree)
    stale = client.update(tree, If_Match='W/"1"')
    said = issue("conflict", "The resource is not at the version that If-Match names")
    assert (stale.status_code, stale.json()) == (412, said)
    assert client.update(tree, If_Match='W/"2"').status_code == 200
    assert client.update(tree, If_Match='"3"').status_code == 200
    assert client.update(tree, If_Match="*").status_code == 200
    for malformed in ("5", "W/5", "x", ""):
        answer = client.update(tree, If_Match=malformed)
        assert (answer.status_code, answer.json()) == (400, issue("invalid", 'If-Match must be W/"version" or *.'))
    assert client.get(f"/{tree['resourceType']}/p").headers["etag"] == 'W/"5"'


@KINDS
def test_r_084_if_match_fails_where_nothing_is_and_where_it_was_deleted(client: Any, tree: Any) -> None:
    assert client.update(tree, If_Match="*").status_code == 412
    assert client.update(tree, If_Match='W/"1"').status_code == 412
    client.update(tree)
    client.delete(f"/{tree['resourceType']}/p")
    assert client.update(tree, If_Match="*").status_code == 412
    assert client.update(tree, If_Match='W/"2"').status_code == 412


def test_r_085_if_match_is_not_required_and_the_statement_does_not_say_so(client: Any) -> None:
    listed = client.tree("/metadata")["rest"][0]["resource"]
    assert {one["versioning"] for one in listed} == {"versioned"}
    client.update(PATIENT)
    assert client.update(PATIENT).status_code == 200


def test_r_086_of_many_with_the_same_if_match_one_wins(client: Any, clients: Any) -> None:
    client.update(PATIENT)

    def write(number: int) -> int:
        with clients() as own:
            return int(own.update({**PATIENT, "language": f"x-{number}"}, If_Match='W/"1"').status_code)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(write, range(20))) == [200, *[412] * 19]
    assert client.history("/Patient/p") == [("PUT", 'W/"2"'), ("PUT", 'W/"1"')]


@KINDS
def test_r_087_parallel_updates_are_consecutive_versions(client: Any, clients: Any, tree: Any) -> None:
    def write(number: int) -> tuple[str, str]:
        with clients() as own:
            answer = own.update({**tree, "language": f"x-{number}"})
            return answer.headers["etag"], f"x-{number}"

    with ThreadPoolExecutor(8) as pool:
        written = dict(pool.map(write, range(20)))
    assert sorted(written) == sorted(f'W/"{number}"' for number in range(1, 21))
    entries = client.tree(f"/{tree['resourceType']}/p/_history")["entry"]
    assert [entry["response"]["etag"] for entry in entries] == [f'W/"{number}"' for number in range(20, 0, -1)]
    assert {entry["response"]["etag"]: entry["resource"]["language"] for entry in entries} == written


def test_r_088_what_has_no_column_is_kept(client: Any) -> None:
    extension = [{"url": "http://x/unknown", "valueDecimal": 1}]
    tree = {
        **PATIENT,
        "extension": extension,
        "_birthDate": {"extension": [{"url": "http://x/why", "valueString": "asked"}]},
        "contact": [{"name": {"family": "Smith"}, "telecom": [{"system": "phone", "value": "1", "use": "old"}]}],
        "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo="}],
    }
    client.update(PATIENT)
    client.update(tree)
    body = client.get("/Patient/p").json()
    body.pop("meta")
    assert body == tree


def test_r_089_meta_is_what_the_last_update_said(client: Any) -> None:
    meta = {"security": [{"system": "urn:s", "code": "R"}], "tag": [{"code": "t"}], "profile": ["http://x/p"]}
    client.update({**PATIENT, "meta": meta})
    assert client.update({**PATIENT, "meta": meta}).json()["meta"].items() >= meta.items()
    assert set(client.update(PATIENT).json()["meta"]) == {"versionId", "lastUpdated"}


@pytest.mark.parametrize("query", ["_summary=true", "_elements=active", "_summary=data"])
def test_r_090_a_part_of_a_resource_is_never_stored_as_the_whole(client: Any, query: str) -> None:
    client.update({**PATIENT, "name": [{"family": "x"}]})
    part = client.get(f"/Patient/p?{query}").json()
    answer = client.update(part)
    diagnostics = "Patient.meta.tag[0] says that parts were left out: that cannot be stored"
    said = issue("value", diagnostics, "Patient.meta.tag[0]")
    assert (answer.status_code, answer.json()) == (422, said)
    assert client.get("/Patient/p").headers["etag"] == 'W/"1"'


@KINDS
def test_r_091_the_same_content_again_is_a_new_version(client: Any, tree: Any) -> None:
    for number in (1, 2, 3):
        answer = client.update(tree)
        assert answer.headers["etag"] == f'W/"{number}"'
        assert client.get(f"/{tree['resourceType']}/p").headers["etag"] == f'W/"{number}"'
    assert client.history(f"/{tree['resourceType']}/p") == [("PUT", f'W/"{number}"') for number in (3, 2, 1)]


@pytest.mark.parametrize(
    ("preference", "expected"), [("return=minimal", None), ("return=OperationOutcome", "OperationOutcome")]
)
def test_r_062_updates_and_patches_honour_prefer_too(client: Any, preference: str, expected: str | None) -> None:
    client.update(PATIENT)
    change = [{"op": "replace", "path": "/active", "value": False}]
    for answer in (
        client.update(PATIENT, Prefer=preference),
        client.patch_json("/Patient/p", change, Prefer=preference),
    ):
        assert answer.status_code == 200
        assert (answer.json()["resourceType"] if expected else answer.content or None) == expected


def test_r_034_the_type_of_the_body_must_be_that_of_the_url(client: Any) -> None:
    for method, path in (("PUT", "/Patient/p"), ("POST", "/Patient"), ("PUT", "/Patient?identifier=x")):
        answer = client.send_json(method, path, BASIC)
        said = issue("invalid", "The body must be a resource of type Patient", "resourceType")
        assert (answer.status_code, answer.json()) == (400, said)
