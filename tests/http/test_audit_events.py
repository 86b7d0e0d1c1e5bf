"""The logs as AuditEvent and Provenance: who did what is read, searched and paged, and never written.

https://hl7.org/fhir/R4/auditevent.html and https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True}
ORDER = """
    INSERT INTO users (id, email, password, first_name, last_name)
        VALUES (7, 'a@x', 'b', 'Ann', 'Lee'), (8, 'c@x', 'd', 'Bo', 'Ng');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7);
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, patient_fhir_id)
        VALUES (7, 'req', 'R-1', 7, 'pat');
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id) VALUES (7, 'ord', 'O-1', 7, 7);
    INSERT INTO order_audit_logs (order_id, user_id, action, old_values, new_values, ip_address, user_agent, created_at)
        VALUES (7, 7, 'status_changed', '{"status": "pending", "notes": "SECRET wound", "SECRET Name": 1}',
                '{"status": "shipped", "patient": {"name": "SECRET"}}', '10.1.2.3', 'portal',
                '2026-01-05T00:00:00.123456Z'),
            (7, 8, 'created', NULL, '["SECRET"]', NULL, NULL, '2026-01-04Z'),
            (7, NULL, 'exported', NULL, NULL, NULL, NULL, '2026-01-06Z');
"""


def matches(client: Any, path: str) -> list[dict[str, Any]]:
    """The matches of a search, all pages."""
    found: list[dict[str, Any]] = []
    while path:
        bundle = client.tree(path)
        found += [one["resource"] for one in bundle.get("entry", ()) if one["search"]["mode"] == "match"]
        path = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    return found


def modes(client: Any, path: str, mode: str) -> list[dict[str, Any]]:
    return [one["resource"] for one in client.tree(path).get("entry", ()) if one["search"]["mode"] == mode]


def test_a_read_is_an_event_that_names_the_version(client: Any) -> None:
    client.update(PATIENT)
    client.get("/Patient/p", headers={"User-Agent": "browser", "X-Request-Id": "abc"})
    (event,) = matches(client, "/AuditEvent?subtype=read")
    assert event["type"]["code"] == "rest"
    assert [one["code"] for one in event["subtype"]] == ["read"]
    assert (event["action"], event["outcome"]) == ("R", "0")
    assert event["agent"][0]["network"] == {"address": "127.0.0.1", "type": "2"}
    assert event["agent"][0]["extension"][0]["valueString"] == "browser"
    assert [one["requestor"] for one in event["agent"]] == [True, False]
    assert event["entity"][0]["what"] == {"reference": "Patient/p/_history/1"}
    assert event["entity"][0]["role"]["code"] == "1"
    assert event["entity"][1]["what"] == {"identifier": {"value": "abc"}}
    assert event["recorded"] == event["meta"]["lastUpdated"]
    read = client.tree(f"/AuditEvent/{event['id']}")
    assert read == event
    assert client.tree(f"/AuditEvent/{event['id']}/_history/1") == event
    assert client.history(f"/AuditEvent/{event['id']}") == [("POST", 'W/"1"')]
    assert client.get(f"/AuditEvent/{event['id']}/_history/2").status_code == 404
    other = event["id"][:-1] + ("1" if event["id"].endswith("0") else "0")
    assert client.get(f"/AuditEvent/{other}").status_code == 404
    assert client.get(f"/AuditEvent/{other}/_history").status_code == 404


SEARCHES = {
    "patient=p": 2,
    "patient=p&action=R": 1,
    "patient=nobody": 0,
    "entity=Patient/p": 2,
    "entity=Patient/p/_history/1": 2,
    "entity=Patient/p/_history/2": 0,
    "entity=Observation/p": 0,
    "entity=p": 2,
    "entity:missing=true&subtype=search-type": 1,
    "patient:missing=false": 2,
    "action=C": 0,
    "action=U": 1,
    "action=E": 1,
    "outcome=0": 3,
    "outcome=4": 1,
    "outcome=8": 0,
    "type=rest": 4,
    "type=other": 0,
    "subtype=http://hl7.org/fhir/restful-interaction|update": 1,
    "subtype=search-type": 1,
    "entity-type=1": 2,
    "entity-type=2": 0,
    "entity-role=1": 2,
    "address=127.0": 4,
    "date=ge2020": 4,
    "date=lt2020": 0,
    "_lastUpdated=gt2020&_sort=_lastUpdated": 4,
    "_sort=-date": 4,
    "site=x": 0,
    "subtype:not=read": 2,
    "_tag=x": 0,
}


@pytest.fixture
def accessed(client: Any) -> Any:
    """A client of a server where a patient was written, read, searched in vain, and misread."""
    client.update(PATIENT)
    client.get("/Patient/p")
    client.get("/Patient?_id=none")
    client.get("/Patient/none")
    return client


def test_events_are_searched(accessed: Any) -> None:
    before = [one["id"] for one in matches(accessed, "/AuditEvent?_sort=date")]
    assert len(before) == 4
    for query, count in SEARCHES.items():
        found = {one["id"] for one in matches(accessed, f"/AuditEvent?{query}")} & set(before)
        assert len(found) == count, query
    failure = matches(accessed, "/AuditEvent?outcome=4")[-1]
    assert failure["outcomeDesc"] == "HTTP status 404"


def test_a_search_of_events_is_one_event_and_not_in_its_own_answer(accessed: Any, portal: Any) -> None:
    def rows() -> int:
        return int(portal.execute("SELECT count(*) FROM fhir_audit_logs").fetchone()["count"])

    before = rows()
    assert len(accessed.tree("/AuditEvent")["entry"]) == before
    assert rows() == before + 1


def test_pages_go_through_the_months_newest_first(client: Any, portal: Any) -> None:
    portal.execute("""
        INSERT INTO fhir_audit_logs (resource_type, operation, outcome, created_at)
        SELECT 'Patient', 'search', 'success', date_trunc('month', now()) + n * interval '9 days'
            + (n % 3) * interval '1 microsecond' FROM generate_series(-20, 9) n
    """)
    until = "date=lt2999"
    for sort, backwards in (
        ("", True),
        ("&_sort=date", False),
        ("&_sort=-_lastUpdated", True),
        ("&_sort=date,_id", False),
    ):
        found = matches(client, f"/AuditEvent?subtype=search-type&{until}&_count=7{sort}")
        ids = [one["id"] for one in found]
        assert len(ids) == len(set(ids)) >= 30
        times = [one["recorded"] for one in found]
        assert times == sorted(times, reverse=backwards)


def test_an_order_says_who_did_what_and_nothing_of_the_patient_but_his_name_as_reference(
    client: Any, portal: Any
) -> None:
    portal.execute(ORDER)
    events = matches(client, "/AuditEvent?entity=Task/ord")
    assert [one["subtype"][0]["code"] for one in events] == ["exported", "status_changed", "created"]
    assert [one["action"] for one in events] == ["E", "U", "C"]
    assert all("outcome" not in one for one in events)
    changed = events[1]
    assert changed["agent"][0]["who"] == {"reference": "Practitioner/doc"}
    assert events[2]["agent"][0]["who"]["identifier"]["value"] == "8"
    assert "extension" in events[0]["agent"][0]["who"]
    assert changed["agent"][0]["network"]["address"] == "10.1.2.3"
    assert [one["what"]["reference"] for one in changed["entity"]] == ["Task/ord", "Patient/pat"]
    old, new = (json.loads(b64decode(one["valueBase64Binary"])) for one in changed["entity"][0]["detail"])
    assert old == {"status": "pending", "notes": "[redacted]"}
    assert new == {"status": "shipped", "patient": "[redacted]"}
    assert all(
        b"SECRET" not in b64decode(detail["valueBase64Binary"])
        for event in events
        for detail in event["entity"][0].get("detail", ())
    )
    ids = [one["id"] for one in events]
    for query, expected in {
        "agent=Practitioner/doc": ids[1:2],
        "patient=pat": ids,
        "action=U": ids[1:2],
        "action=E&type=110100": ids[:1],
        "subtype=created": ids[2:],
        "date=2026-01-05T00:00:00.123Z": ids[1:2],
        "date=gt2026-01-05T00:00:00.123Z&date=lt2026-02": ids[:1],
        "entity=Task/ord&_sort=date": ids[::-1],
        "_id=" + ids[0]: ids[:1],
        "_id=" + ",".join(ids): ids,
    }.items():
        found = [one["id"] for one in matches(client, f"/AuditEvent?{query}")]
        assert [one for one in found if one in ids] == expected, query
    assert ids[1] in [one["id"] for one in matches(client, "/Patient/pat/AuditEvent")]
    included = modes(
        client, "/AuditEvent?entity=Task/ord&_include=AuditEvent:entity&_include=AuditEvent:agent", "include"
    )
    assert sorted(one["resourceType"] for one in included) == ["Patient", "Practitioner", "Task"]


def test_logs_are_read_only(accessed: Any, portal: Any) -> None:
    (event,) = matches(accessed, "/AuditEvent?subtype=read&outcome=0")
    (written,) = matches(accessed, "/Provenance?target=Patient/p")
    for one in (event, written):
        path = f"/{one['resourceType']}/{one['id']}"
        answers = [
            accessed.update(one),
            accessed.delete(path),
            accessed.patch_json(path, [{"op": "remove", "path": "/recorded"}]),
            accessed.delete(f"/{one['resourceType']}?_id={one['id']}"),
            accessed.send_json("PUT", f"/{one['resourceType']}?_id={one['id']}", one),
        ]
        assert [answer.status_code for answer in answers] == [405] * 5, [answer.text for answer in answers]
        assert answers[0].headers["allow"] == "GET, HEAD"
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "DELETE", "url": path[1:]}}],
        }
        assert accessed.send_json("POST", "/", bundle).status_code == 405
        assert accessed.tree(path) == one
    assert portal.execute("SELECT count(*) FROM phi.fhir_resources").fetchone()["count"] == 0


def test_events_of_clients_stand_beside_those_of_the_logs(accessed: Any) -> None:
    event = {
        "resourceType": "AuditEvent",
        "id": "mine",
        "type": {"code": "mine"},
        "recorded": "2020-01-01T00:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": {"display": "me"}},
        "entity": [{"what": {"reference": "Patient/p"}}],
    }
    assert accessed.update(event).status_code == 201
    assert accessed.matches("/AuditEvent?type=mine") == ["AuditEvent/mine"]
    found = matches(accessed, "/AuditEvent?entity=Patient/p&_sort=date&_count=1")
    assert found[0]["id"] == "mine"
    assert len(found) == 3
    assert accessed.delete("/AuditEvent/mine").status_code == 204


def test_logs_are_no_part_of_searches_over_many_types(accessed: Any) -> None:
    assert accessed.matches("/?_lastUpdated=gt2020") == ["Patient/p"]
    assert accessed.history("") == [("PUT", 'W/"1"')]
    assert accessed.matches("/Patient/p/*") == ["Patient/p"]
    assert [one["resourceType"] for one in modes(accessed, "/Patient/p/$everything", "match")] == ["Patient"]
    (said,) = modes(accessed, "/?_type=Patient,AuditEvent", "outcome")
    assert "searched alone" in said["issue"][0]["diagnostics"]


def test_every_version_has_a_provenance(client: Any, portal: Any) -> None:
    portal.execute("INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'b', 'A', 'L')")
    client.update(PATIENT)
    portal.execute("UPDATE fhir_patients SET active = false WHERE fhir_id = 'p'")
    client.update({**PATIENT, "gender": "male"})
    portal.execute("UPDATE fhir_patients SET deleted_at = now() WHERE fhir_id = 'p'")
    found = matches(client, "/Provenance?target=Patient/p&_sort=recorded")
    targets = [one["target"][0]["reference"] for one in found]
    assert targets == [f"Patient/p/_history/{number}" for number in (1, 2, 3, 4)]
    assert [one["activity"]["coding"][0]["code"] for one in found] == ["CREATE", "UPDATE", "UPDATE", "DELETE"]
    who = [one["agent"][0]["who"].get("display") for one in found]
    assert who == [None, "The portal", None, "The portal"]
    for one in found:
        assert client.tree(f"/Provenance/{one['id']}") == one
        assert client.history(f"/Provenance/{one['id']}") == [("POST", 'W/"1"')]
    assert len(matches(client, "/Provenance?target=Patient/p/_history/2")) == 1
    assert len(matches(client, "/Patient/p/Provenance")) == 4
    assert len(matches(client, "/Provenance?patient=p&_count=2")) == 4
    assert len(matches(client, "/Provenance?recorded=ge2020")) == 2
    (said,) = modes(client, "/Provenance", "outcome")
    assert "target" in said["issue"][0]["diagnostics"]


def test_provenance_comes_with_what_it_is_about(client: Any, portal: Any) -> None:
    two = [{"request": {"method": "PUT", "url": f"Patient/{one}"}, "resource": {**PATIENT, "id": one}} for one in "pq"]
    assert (
        client.send_json("POST", "/", {"resourceType": "Bundle", "type": "transaction", "entry": two}).status_code
        == 200
    )
    portal.execute("UPDATE fhir_patients SET active = false WHERE fhir_id = 'q'")
    included = modes(client, "/Patient?_revinclude=Provenance:target", "include")
    targets = sorted(sorted(target["reference"] for target in one["target"]) for one in included)
    assert targets == [["Patient/p/_history/1", "Patient/q/_history/1"], ["Patient/q/_history/2"]]
    back = modes(client, "/Provenance?target=Patient/q&_include=Provenance:target", "include")
    assert sorted(one["id"] for one in back) == ["p", "q"]


def test_ids_that_fhir_forbids_are_named_by_those_it_allows(client: Any, portal: Any) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a/b')")
    (patient,) = client.matches("/Patient")
    assert client.get(f"/{patient}").status_code == 200
    assert len(matches(client, f"/AuditEvent?entity={patient}&subtype=read")) == 1
    (made,) = matches(client, f"/Provenance?target={patient}")
    assert made["target"] == [{"reference": f"{patient}/_history/1"}]
    assert client.tree(f"/Provenance/{made['id']}") == made


def test_a_step_of_a_request_is_an_event_about_the_request(client: Any, portal: Any) -> None:
    portal.execute(ORDER)
    portal.execute("""
        INSERT INTO fhir_facilities (id, fhir_id, name) VALUES (7, 'clinic', 'Clinic');
        INSERT INTO products (id, manufacturer_id, name, requires_prior_auth) VALUES (7, 7, 'Dressing', false);
        INSERT INTO product_requests
            (id, fhir_id, request_number, user_id, patient_fhir_id, facility_id, clinical_details)
            VALUES (8, 'alone', 'R-8', 7, 'pat', 7, '{"products": [{"product_id": 7}]}');
    """)
    answer = client.send_json("POST", "/DeviceRequest/alone/$submit", {"resourceType": "Parameters"})
    assert answer.status_code == 200, answer.text
    (event,) = matches(client, "/AuditEvent?entity=DeviceRequest/alone&subtype=status_changed")
    assert event["entity"][0]["what"] == {"reference": "DeviceRequest/alone"}
    assert event["entity"][1]["what"] == {"reference": "Patient/pat"}
    assert event["entity"][0]["detail"][1]["type"] == "new"
    (access,) = matches(client, "/AuditEvent?subtype=submit")
    assert access["entity"][0]["what"] == {"reference": "DeviceRequest/alone/_history/2"}
    (made,) = matches(client, "/Provenance?target=DeviceRequest/alone/_history/2")
    assert made["agent"][0]["who"].get("display") != "The portal"
