"""What a transaction does and how it answers (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

PATIENT = {"resourceType": "Patient", "name": [{"family": "Ångström"}]}
NPI = "http://hl7.org/fhir/sid/us-npi"


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def observation(subject: str, **elements: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}
    subject_reference = {"reference": subject}
    return {"resourceType": "Observation", "status": "final", "code": code, "subject": subject_reference, **elements}


def identified(value: str, resource_type: str = "Patient", **elements: Any) -> dict[str, Any]:
    return {"resourceType": resource_type, "identifier": [{"system": "urn:x:ids", "value": value}], **elements}


@pytest.mark.parametrize("path", ["", "/"])
def test_r160_the_base_takes_bundles_with_and_without_a_slash(fhir: Any, path: str) -> None:
    body = {"resourceType": "Bundle", "type": "transaction", "entry": [fhir.entry("POST", "Patient", PATIENT)]}
    assert fhir.ask("POST", path, body).statuses == ["201"]


@pytest.mark.parametrize("kind", ["searchset", "collection", "document", "history", "message", "transaction-response"])
def test_r160_other_types_of_bundles_are_refused(fhir: Any, kind: str) -> None:
    answer = fhir.bundle(kind, [])
    assert answer.status == 400
    assert answer.expressions == ["Bundle.type"]


def test_r160_an_empty_transaction_has_an_empty_response(fhir: Any) -> None:
    answer = fhir.ask("POST", "", {"resourceType": "Bundle", "type": "transaction"})
    assert (answer.status, answer.json) == (200, {"resourceType": "Bundle", "type": "transaction-response"})


@pytest.mark.parametrize(
    ("broken", "element"),
    [
        ({"resource": PATIENT}, "request"),
        ({"resource": PATIENT, "request": {"url": "Patient"}}, "request.method"),
        ({"resource": PATIENT, "request": {"method": "POST"}}, "request.url"),
        ({"request": {"method": "POST", "url": "Patient"}}, "resource"),
        ({"request": {"method": "PUT", "url": "Patient/1"}}, "resource"),
    ],
)
def test_r161_an_entry_without_a_needed_part_fails_the_transaction(fhir: Any, broken: Any, element: str) -> None:
    answer = fhir.transaction(fhir.entry("POST", "Patient", PATIENT), broken)
    assert (answer.status, answer.expressions) == (400, [f"Bundle.entry[1].{element}"])
    assert fhir.total("Patient") == 0


def test_r162_the_response_has_the_order_of_the_request_whatever_is_done_first(fhir: Any) -> None:
    fhir.put(patient(id="old"))
    fhir.put(patient(id="kept"))
    answer = fhir.transaction(
        fhir.entry("GET", "Patient?_id=new,old"),
        fhir.entry("PUT", "Patient/new", patient(id="new")),
        fhir.entry("POST", "Patient", PATIENT),
        fhir.entry("GET", "Patient/kept"),
        fhir.entry("DELETE", "Patient/old"),
    )
    assert answer.json["type"] == "transaction-response"
    assert answer.statuses == ["200", "201", "201", "200", "204"]
    assert [one["resource"]["resourceType"] for one in answer.entries[:4]] == ["Bundle", *["Patient"] * 3]
    assert "resource" not in answer.entries[4]


def test_r163_a_write_says_where_it_is_which_version_and_when(fhir: Any) -> None:
    answer = fhir.transaction(fhir.entry("POST", "Patient", PATIENT), fhir.entry("PUT", "Patient/p", patient(id="p")))
    for one in answer.entries:
        said, stored = one["response"], one["resource"]
        assert said["location"] == f"{fhir.base}/Patient/{stored['id']}/_history/1"
        assert said["etag"] == 'W/"1"'
        assert said["lastModified"] == stored["meta"]["lastUpdated"]
        assert one["fullUrl"] == f"{fhir.base}/Patient/{stored['id']}"
        assert fhir.get(f"Patient/{stored['id']}").json == stored
    assert (
        fhir.transaction(fhir.entry("PUT", "Patient/p", patient(id="p", active=True))).entries[0]["response"]["etag"]
        == 'W/"2"'
    )


def test_r165_one_bad_entry_leaves_nothing_behind(fhir: Any) -> None:
    fhir.put(patient(id="p"))
    before = fhir.rows("SELECT count(*) FROM phi.documents")
    audited = fhir.rows("SELECT count(*) FROM fhir_audit_logs WHERE outcome = 'success'")
    answer = fhir.transaction(
        fhir.entry("POST", "Patient", PATIENT),
        fhir.entry("PUT", "Patient/p", patient(id="p", active=False)),
        fhir.entry("DELETE", "Observation/none"),
        fhir.entry("POST", "Observation", {"resourceType": "Observation", "status": "no such status"}),
    )
    assert answer.status == 422
    assert answer.json["resourceType"] == "OperationOutcome"
    assert set(answer.expressions) == {"Bundle.entry[3].resource.status", "Bundle.entry[3].resource.code"}
    assert fhir.total("Patient") == 1
    assert fhir.get("Patient/p").json["meta"]["versionId"] == "1"
    assert fhir.rows("SELECT count(*) FROM phi.documents") == before
    assert fhir.rows("SELECT count(*) FROM history.fhir_patients") == [(0,)]
    assert (
        fhir.rows("SELECT count(*) FROM fhir_audit_logs WHERE outcome = 'success' AND operation <> 'search'")[0][0]
        <= audited[0][0] + 1
    )  # the read above


def test_r165_a_reference_to_a_missing_patient_names_its_entry(fhir: Any) -> None:
    answer = fhir.transaction(
        fhir.entry("POST", "Patient", PATIENT),
        fhir.entry("POST", "Observation", observation("Patient/nobody")),
    )
    assert answer.status == 422
    assert answer.expressions == ["Bundle.entry[1].resource.subject"]
    assert fhir.total("Patient") == 0


def test_r165_deleting_what_others_need_names_its_entry(fhir: Any) -> None:
    fhir.put(patient(id="p"))
    fhir.put(patient(id="q"))
    fhir.put({**observation("Patient/q"), "id": "o"})
    answer = fhir.transaction(fhir.entry("DELETE", "Patient/p"), fhir.entry("DELETE", "Patient/q"))
    assert (answer.status, answer.expressions) == (409, ["Bundle.entry[1]"])
    assert fhir.get("Patient/p").status == 200
    together = fhir.transaction(fhir.entry("DELETE", "Patient/q"), fhir.entry("DELETE", "Observation/o"))
    assert together.statuses == ["204", "204"]
    assert fhir.get("Patient/q").status == 410


def test_r165_a_get_that_fails_fails_the_transaction(fhir: Any) -> None:
    answer = fhir.transaction(fhir.entry("POST", "Patient", PATIENT), fhir.entry("GET", "Patient/nobody"))
    assert (answer.status, answer.expressions) == (404, ["Bundle.entry[1]"])
    assert fhir.total("Patient") == 0


def test_r166_deletes_come_before_creates_and_reads_see_the_end(fhir: Any) -> None:
    fhir.put({**identified("1"), "id": "old"})
    answer = fhir.transaction(
        fhir.entry("GET", "Patient?identifier=urn:x:ids|1"),
        fhir.entry("POST", "Patient", identified("1"), ifNoneExist="identifier=urn:x:ids|1"),
        fhir.entry("DELETE", "Patient/old"),
    )
    assert answer.statuses == ["200", "201", "204"]
    [found] = answer.entries[0]["resource"]["entry"]
    assert f"Patient/{found['resource']['id']}" in answer.entries[1]["response"]["location"]


def test_r166_a_conditional_delete_comes_before_a_conditional_update(fhir: Any) -> None:
    fhir.put({**identified("1"), "id": "old"})
    answer = fhir.transaction(
        fhir.entry("PUT", "Patient?identifier=urn:x:ids|1", identified("1", active=True)),
        fhir.entry("DELETE", "Patient?identifier=urn:x:ids|1"),
    )
    assert answer.statuses == ["201", "204"]
    assert fhir.get("Patient/old").status == 410
    assert fhir.total("Patient?identifier=urn:x:ids|1") == 1


def test_r166_head_and_get_entries_see_what_the_bundle_wrote(fhir: Any) -> None:
    answer = fhir.transaction(
        fhir.entry("HEAD", "Patient/p"),
        fhir.entry("GET", "Patient/p"),
        fhir.entry("PUT", "Patient/p", patient(id="p", gender="female")),
    )
    assert "resource" not in answer.entries[0]
    assert answer.entries[0]["response"]["etag"] == 'W/"1"'
    assert answer.entries[1]["resource"]["gender"] == "female"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("PUT", "Patient/p"),
        ("DELETE", "Patient/p"),
        ("DELETE", "Patient?identifier=urn:x:ids|1"),
        ("PATCH", "Patient/p"),
    ],
)
def test_r167_one_resource_written_twice_is_refused_by_any_road(fhir: Any, method: str, url: str) -> None:
    fhir.put({**identified("1"), "id": "p"})
    resource = {"PUT": {**identified("1"), "id": "p"}, "PATCH": {"resourceType": "Parameters"}}.get(method)
    answer = fhir.transaction(
        fhir.entry("POST", "Patient", PATIENT),
        fhir.entry("PUT", "Patient/p" if "?" in url else "Patient?identifier=urn:x:ids|1", identified("1", id="p")),
        fhir.entry(method, url, resource),
    )
    if "?" in url:  # the delete comes first, but it deletes what the update writes
        assert answer.status == 400
    assert (answer.status, answer.expressions) == (400, ["Bundle.entry[1]", "Bundle.entry[2]"])
    assert fhir.get("Patient/p").json["meta"]["versionId"] == "1"


def test_r167_two_conditional_updates_that_match_nothing_are_one_resource(fhir: Any) -> None:
    one = fhir.entry("PUT", "Patient?identifier=urn:x:ids|1", identified("1"))
    answer = fhir.transaction(one, one)
    assert (answer.status, answer.expressions) == (400, ["Bundle.entry[0]", "Bundle.entry[1]"])


def test_r167_the_second_of_two_equal_conditional_creates_finds_the_first(fhir: Any) -> None:
    one = fhir.entry("POST", "Patient", identified("1"), "urn:uuid:1", ifNoneExist="identifier=urn:x:ids|1")
    other = {**one, "fullUrl": "urn:uuid:2"}
    answer = fhir.transaction(one, other, fhir.entry("POST", "Observation", observation("urn:uuid:2")))
    assert answer.statuses == ["201", "200", "201"]
    assert answer.ids[0] == answer.ids[1] == answer.entries[2]["resource"]["subject"]["reference"]
    assert fhir.total("Patient") == 1


def test_r174_a_stale_if_match_fails_the_whole(fhir: Any) -> None:
    fhir.put(patient(id="p"))
    fhir.put(patient(id="p", active=True))
    for stale in (
        fhir.entry("PUT", "Patient/p", patient(id="p"), ifMatch='W/"1"'),
        fhir.entry("DELETE", "Patient/p", ifMatch='W/"1"'),
        fhir.entry("PATCH", "Patient/p", {"resourceType": "Parameters"}, ifMatch='W/"1"'),
        fhir.entry("PUT", "Patient/p", patient(id="p"), ifNoneMatch="*"),
    ):
        answer = fhir.transaction(fhir.entry("POST", "Patient", PATIENT), stale)
        assert (answer.status, answer.expressions) == (412, ["Bundle.entry[1]"])
    assert fhir.total("Patient") == 1
    fresh = fhir.transaction(fhir.entry("PUT", "Patient/p", patient(id="p"), ifMatch='W/"2"'))
    assert fresh.entries[0]["response"]["etag"] == 'W/"3"'


def test_r174_a_read_of_what_the_client_has_is_304(fhir: Any) -> None:
    stored = fhir.put(patient(id="p")).json
    answer = fhir.transaction(
        fhir.entry("GET", "Patient/p", ifNoneMatch='W/"1"'),
        fhir.entry("GET", "Patient/p", ifNoneMatch='W/"7"'),
        fhir.entry("GET", "Patient/p", ifModifiedSince=stored["meta"]["lastUpdated"]),
        fhir.entry("GET", "Patient/p", ifModifiedSince="2001-01-01T00:00:00Z"),
    )
    assert answer.statuses == ["304", "200", "304", "200"]
    assert ["resource" in one for one in answer.entries] == [False, True, False, True]


@pytest.mark.parametrize(
    ("preference", "parts"),
    [("minimal", (False, False)), ("representation", (True, False)), ("OperationOutcome", (False, True))],
)
def test_r175_prefer_holds_for_the_entries(fhir: Any, preference: str, parts: tuple[bool, bool]) -> None:
    answer = fhir.transaction(fhir.entry("POST", "Patient", PATIENT), Prefer=f"return={preference}")
    assert ("resource" in answer.entries[0], "outcome" in answer.entries[0]["response"]) == parts


def test_r181_more_entries_than_allowed_are_refused(fhir: Any) -> None:
    answer = fhir.bundle("transaction", [fhir.entry("GET", "Patient/1")] * 10_001)
    assert answer.status == 413
    assert fhir.total("Patient") == 0


def test_conditional_entries_of_all_kinds_go_together(fhir: Any) -> None:
    for value in ("update", "delete", "patch", "create"):
        fhir.put({**identified(value), "id": value})
    patch = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "add"},
                    {"name": "path", "valueString": "Patient"},
                    {"name": "name", "valueString": "active"},
                    {"name": "value", "valueBoolean": True},
                ],
            }
        ],
    }
    answer = fhir.transaction(
        fhir.entry("PUT", "Patient?identifier=urn:x:ids|update", identified("update", gender="male")),
        fhir.entry("DELETE", "Patient?identifier=urn:x:ids|delete"),
        fhir.entry("PATCH", "Patient?identifier=urn:x:ids|patch", patch),
        fhir.entry("POST", "Patient", identified("create"), ifNoneExist="identifier=urn:x:ids|create"),
        fhir.entry("DELETE", "Patient?identifier=urn:x:ids|nobody"),
    )
    assert answer.statuses == ["200", "204", "200", "200", "204"]
    assert fhir.get("Patient/update").json["gender"] == "male"
    assert fhir.get("Patient/delete").status == 410
    assert fhir.get("Patient/patch").json["active"] is True
    assert answer.entries[3]["resource"]["id"] == "create"
    assert answer.entries[3]["response"]["etag"] == 'W/"1"'


def test_a_json_patch_comes_as_a_binary_and_may_name_other_entries(fhir: Any) -> None:
    fhir.put(patient(id="p"))
    operations = [
        {"op": "add", "path": "/managingOrganization", "value": {"reference": "urn:uuid:org"}},
    ]
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    organization = {"resourceType": "Organization", "name": "Clinic"}
    alone = fhir.transaction(fhir.entry("PATCH", "Patient/p", binary))
    assert (alone.status, alone.expressions) == (400, ["Bundle.entry[0].resource.managingOrganization.reference"])
    answer = fhir.transaction(
        fhir.entry("PATCH", "Patient/p", binary), fhir.entry("POST", "Organization", organization, "urn:uuid:org")
    )
    assert answer.entries[0]["resource"]["managingOrganization"]["reference"] == answer.ids[1]


def test_a_conditional_update_never_takes_over_another_resource(fhir: Any) -> None:
    fhir.put({**identified("1"), "id": "p"})
    answer = fhir.transaction(fhir.entry("PUT", "Patient?identifier=urn:x:ids|2", identified("2", id="p")))
    assert (answer.status, answer.expressions) == (409, ["Bundle.entry[0]"])
    odd = fhir.transaction(fhir.entry("PUT", "Patient?identifier=urn:x:ids|2", identified("2", id=7)))
    assert (odd.status, odd.expressions) == (400, ["Bundle.entry[0].resource.id"])
    several = fhir.transaction(
        fhir.entry("POST", "Patient", identified("3")),
        fhir.entry("PUT", "Patient?identifier=urn:x:ids|", identified("4")),
    )
    assert several.status in (200, 412)


def test_a_resource_moves_between_table_and_store_inside_a_bundle(fhir: Any) -> None:
    fhir.put(patient(id="p"))
    fhir.put({**observation("Patient/p"), "id": "o"})
    without = {name: value for name, value in observation("Patient/p").items() if name != "subject"}
    moved = fhir.transaction(
        fhir.entry("PUT", "Observation/o", {**without, "id": "o"}),
        fhir.entry("POST", "Observation", observation("Patient/p"), "urn:uuid:1"),
        fhir.entry("GET", "Observation?code=8302-2"),
    )
    assert moved.statuses == ["200", "201", "200"]
    assert moved.entries[0]["response"]["etag"] == 'W/"2"'
    assert len(moved.entries[2]["resource"]["entry"]) == 2
    assert fhir.total("Observation?subject=Patient/p") == 1
    back = fhir.transaction(fhir.entry("PUT", "Observation/o", {**observation("Patient/p"), "id": "o"}))
    assert back.entries[0]["response"]["etag"] == 'W/"3"'
    assert fhir.total("Observation?subject=Patient/p") == 2
    versions = fhir.get("Observation/o/_history").json["entry"]
    assert [one["resource"]["meta"]["versionId"] for one in versions] == ["3", "2", "1"]
    assert fhir.get("Observation/o/_history/2").status == 200


def test_two_hundred_creates_take_a_few_statements(fhir: Any) -> None:
    fhir.put(patient(id="p"))
    kinds = [
        lambda n: observation("Patient/p", note=[{"text": f"number {n}"}]),
        lambda n: {"resourceType": "Condition", "subject": {"reference": "Patient/p"}},
        lambda n: identified(f"new {n}"),
        lambda n: identified(str(n), "Organization", name=f"Organization {n}"),
    ]
    entries = []
    for number in range(200):
        resource = kinds[number % 4](number)
        criteria = {"ifNoneExist": f"identifier=urn:x:ids|{number}"} if number % 4 == 3 else {}
        entries.append(fhir.entry("POST", resource["resourceType"], resource, **criteria))
    for statuses in (["201"] * 4, ["201", "201", "201", "200"]):
        with count_statements() as count:
            answer = fhir.transaction(*entries)
        assert answer.statuses == statuses * 50
        assert len(count) <= 25, count.statements
    assert fhir.total("Organization") == 50


def test_two_hundred_updates_and_deletes_take_a_few_statements(fhir: Any) -> None:
    for number in range(2):
        entries = [fhir.entry("PUT", f"Patient/p{n}", patient(id=f"p{n}", active=bool(number))) for n in range(200)]
        with count_statements() as count:
            assert fhir.transaction(*entries).statuses == ["200" if number else "201"] * 200
        assert len(count) <= 25, count.statements
    with count_statements() as count:
        assert fhir.transaction(*[fhir.entry("DELETE", f"Patient/p{n}") for n in range(200)]).statuses == ["204"] * 200
    assert len(count) <= 25, count.statements
    assert fhir.total("Patient") == 0


def test_a_transaction_is_audited_with_all_that_it_wrote_or_found(fhir: Any) -> None:
    fhir.put({**identified("1"), "id": "p"})
    fhir.transaction(
        fhir.entry("POST", "Patient", identified("1"), ifNoneExist="identifier=urn:x:ids|1"),
        fhir.entry("PUT", "Patient/q", patient(id="q")),
    )
    [audited] = fhir.rows(
        "SELECT array_agg(entity ORDER BY entity) FROM fhir_audit_logs, unnest(entities) AS entity "
        "WHERE operation = 'transaction'"
    )
    said = audited[0]
    assert "Patient/p/_history/1" in said
