"""history over HTTP (https://hl7.org/fhir/R4/http.html#history)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True}
BASIC = {"resourceType": "Basic", "id": "p", "code": {"text": "x"}}
OFF = [{"op": "replace", "path": "/active", "value": False}]


@pytest.fixture
def written(client: Any) -> Any:
    """A patient that was created, updated, patched and deleted, and something of another type."""
    client.update(PATIENT)
    client.update({**PATIENT, "gender": "male"})
    client.patch_json("/Patient/p", OFF)
    client.delete("/Patient/p")
    client.update(BASIC)
    return client


def seen(bundle: Any) -> list[str]:
    return [
        f"{one['request']['method']} {one['request']['url']} {one['response']['etag']}"
        for one in bundle.get("entry", [])
    ]


ALL = ['DELETE Patient/p W/"4"', 'PUT Patient/p W/"3"', 'PUT Patient/p W/"2"', 'PUT Patient/p W/"1"']


def test_r_140_histories_are_newest_first_and_count_deletions(written: Any) -> None:
    for path, expected in (
        ("/Patient/p/_history", ALL),
        ("/Patient/_history", ALL),
        ("/_history", ['PUT Basic/p W/"1"', *ALL]),
    ):
        bundle = written.tree(path)
        assert (bundle["resourceType"], bundle["type"], bundle["total"]) == ("Bundle", "history", len(expected))
        assert seen(bundle) == expected
        assert bundle["link"] == [{"relation": "self", "url": f"{written.base}{path}"}]


def test_r_141_an_entry_tells_request_response_and_resource(written: Any) -> None:
    entries = written.tree("/Patient/p/_history")["entry"]
    assert {entry["fullUrl"] for entry in entries} == {f"{written.base}/Patient/p"}
    statuses = [entry["response"]["status"] for entry in entries]
    assert statuses == ["204 No Content", "200 OK", "200 OK", "201 Created"]
    assert ["resource" in entry for entry in entries] == [False, True, True, True]
    for entry in entries[1:]:
        meta = entry["resource"]["meta"]
        assert entry["response"]["etag"] == f'W/"{meta["versionId"]}"'
        assert entry["response"]["lastModified"] == meta["lastUpdated"]


def test_r_142_creates_show_their_type_and_conditional_writes_look_like_plain_ones(client: Any) -> None:
    identity = client.create(PATIENT, If_None_Exist="identifier=urn:x|1").json()["id"]
    client.send_json("PUT", f"/Patient?_id={identity}", {**PATIENT, "id": identity})
    client.patch_json(f"/Patient?_id={identity}", OFF)
    client.delete(f"/Patient?_id={identity}")
    full = f"Patient/{identity}"
    assert seen(client.tree(f"/{full}/_history")) == [
        f'DELETE {full} W/"4"',
        f'PUT {full} W/"3"',
        f'PUT {full} W/"2"',
        'POST Patient W/"1"',
    ]


def times(client: Any) -> dict[str, str]:
    entries = client.tree("/Patient/p/_history")["entry"]
    return {entry["response"]["etag"][3:-1]: entry["response"]["lastModified"] for entry in entries}


def spaced(client: Any, portal: Any) -> list[str]:
    """A patient with three versions at least three milliseconds apart; gives their times."""
    for gender in ("male", "female", "other"):
        client.update({**PATIENT, "gender": gender})
        portal.execute("SELECT pg_sleep(0.003)")
    found = times(client)
    return [found[number] for number in ("1", "2", "3")]


def test_r_143_since_is_inclusive(client: Any, portal: Any) -> None:
    first, second, third = spaced(client, portal)
    for since, count in (
        (first, 3),
        (second, 2),
        (third, 1),
        ("2999-01-01T00:00:00Z", 0),
        ("1999-01-01T00:00:00+05:30", 3),
    ):
        for path in ("/Patient/p", "/Patient", ""):
            bundle = client.tree(f"{path}/_history?_since={quote(since)}")
            assert (len(bundle.get("entry", [])), bundle["total"]) == (count, count)
    assert len(client.tree("/Patient/p/_history?_since=1999-01-01T00:00:00+05:30")["entry"]) == 3


def test_r_143_at_gives_what_was_current_then(client: Any, portal: Any) -> None:
    _, second, third = spaced(client, portal)

    def current(at: str) -> list[str]:
        return [line[-2] for line in seen(client.tree(f"/Patient/p/_history?_at={quote(at)}"))]

    before_third = datetime.fromisoformat(third) - timedelta(milliseconds=1)
    assert current(second) == ["2"]
    assert current(before_third.isoformat(timespec="milliseconds")) == ["2"]
    assert current(third) == ["3"]
    assert current(third[:10]) == ["3", "2", "1"]
    assert current("1999") == []
    assert current("2999-01-01") == ["3"]


def test_r_143_at_knows_when_a_deletion_and_a_revival_took_over(client: Any, portal: Any) -> None:
    client.update(PATIENT)
    portal.execute("SELECT pg_sleep(0.003)")
    client.delete("/Patient/p")
    portal.execute("SELECT pg_sleep(0.003)")
    client.update(PATIENT)
    found = times(client)
    for number, expected in (("1", "PUT"), ("2", "DELETE"), ("3", "PUT")):
        bundle = client.tree(f"/Patient/p/_history?_at={quote(found[number])}")
        assert [entry["request"]["method"] for entry in bundle["entry"]] == [expected]


def test_r_143_at_sees_moves_between_tables_and_hard_deletes(client: Any, portal: Any) -> None:
    location = {"resourceType": "Location", "id": "p"}
    for tree in (location, {**location, "name": "Clinic"}, location):
        client.update(tree)
        portal.execute("SELECT pg_sleep(0.003)")
    client.update({**location, "name": "Clinic"})
    for statement in ("DELETE FROM fhir_facilities", "INSERT INTO fhir_facilities (fhir_id, name) VALUES ('p', 'x')"):
        portal.execute("SELECT pg_sleep(0.003)")
        portal.execute(statement)
    entries = client.tree("/Location/p/_history")["entry"]
    assert [entry["request"]["method"] for entry in entries] == ["PUT", "DELETE", "PUT", "PUT", "PUT", "PUT"]
    for entry in entries:
        for path in ("/Location/p", "/Location", ""):
            bundle = client.tree(f"{path}/_history?_at={quote(entry['response']['lastModified'])}")
            assert seen(bundle) == seen({"entry": [entry]})


@pytest.mark.parametrize(
    "query",
    [
        "_since=2024-01-01",
        "_since=2024-01-01T00:00:00",
        "_since=x",
        "_since=",
        "_since=ge2024-01-01T00:00:00Z",
        "_since=2024-01-01T00:00:00Z&_since=2024-01-01T00:00:00Z",
        "_since:exact=2024-01-01T00:00:00Z",
        "_at=x",
        "_at=ge2024",
        "_count=-1",
        "_count=x",
        "_count=1&_count=1",
        "_list=List/1",
        "_summary=true",
        "_summary=count",
        "_elements=id",
        "unknown=1",
        "name=x",
        "_page=x",
        "_page=x&_count=1",
    ],
)
@pytest.mark.parametrize("path", ["/Patient/p/_history", "/_history"])
def test_r_143_what_a_history_cannot_do_is_refused(client: Any, path: str, query: str) -> None:
    client.update(PATIENT)
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["severity"] == "error"


def test_r_144_a_history_has_no_sort(client: Any) -> None:
    answer = client.get("/_history?_sort=_lastUpdated", headers={"Prefer": "handling=strict"})
    said = {"severity": "error", "code": "not-supported", "expression": ["_sort"]}
    said["diagnostics"] = "A history takes _since, _at, _count only"
    assert (answer.status_code, answer.json()) == (400, {"resourceType": "OperationOutcome", "issue": [said]})


@pytest.mark.parametrize("path", ["/Patient/p/_history", "/Patient/_history", "/_history"])
def test_r_145_pages_are_complete_and_writes_between_them_do_no_harm(client: Any, path: str) -> None:
    for number in range(7):
        client.update({**PATIENT, "gender": ("male", "female")[number % 2]})
    bundle = client.tree(f"{path}?_count=3")
    found = [seen(bundle)]
    while any(link["relation"] == "next" for link in bundle["link"]):
        client.update(PATIENT)
        client.update({**PATIENT, "id": f"new-{len(found)}"})
        (url,) = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        assert "_count" not in url
        bundle = client.tree(url)
        found.append(seen(bundle))
    assert [len(page) for page in found] == [3, 3, 1]
    assert [line for page in found for line in page] == [f'PUT Patient/p W/"{number}"' for number in range(7, 0, -1)]


def test_r_145_a_page_token_is_of_its_own_history_only(client: Any) -> None:
    for number in range(3):
        client.update({**PATIENT, "id": f"p{number}"})
    bundle = client.tree("/Patient/_history?_count=1")
    token = bundle["link"][1]["url"].partition("?")[2]
    assert client.get(f"/_history?{token}").status_code == 400
    assert client.get(f"/Patient/_history?{token[:-2]}").status_code == 400
    assert client.get(f"/Patient?{token}").status_code in (400, 404)


def test_r_145_a_count_of_nothing_gives_nothing_but_the_total(client: Any) -> None:
    client.update(PATIENT)
    bundle = client.tree("/Patient/p/_history?_count=0")
    assert "entry" not in bundle
    assert all(link["relation"] == "self" for link in bundle["link"])


def test_r_146_a_deleted_resource_has_a_history_and_one_that_never_was_has_none(written: Any) -> None:
    assert seen(written.tree("/Patient/p/_history")) == ALL
    for path in (
        "/Patient/never/_history",
        "/Basic/never/_history",
        "/Patient/never/_history?_since=2999-01-01T00:00:00Z",
    ):
        answer = written.get(path)
        said = {"severity": "error", "code": "not-found", "diagnostics": "There is no such resource"}
        assert (answer.status_code, answer.json()) == (404, {"resourceType": "OperationOutcome", "issue": [said]})
    assert "entry" not in written.tree("/Observation/_history")


def test_r_147_every_entry_is_what_vread_gives(written: Any) -> None:
    for entry in written.tree("/_history")["entry"]:
        url = f"{entry['fullUrl']}/_history/{entry['response']['etag'][3:-1]}"
        if "resource" in entry:
            assert written.tree(url) == entry["resource"]
        else:
            assert written.get(url).status_code == 410
