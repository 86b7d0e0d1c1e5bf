"""The logs as AuditEvent and Provenance: who did what is read, searched and paged, and never written.

https://hl7.org/fhir/R4/auditevent.html and https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

from typing import Any

PATIENT = {"resourceType": "Patient", "id": "p", "active": True}


def resources(client: Any, path: str) -> list[dict[str, Any]]:
    """The matches of a search, all pages."""
    found: list[dict[str, Any]] = []
    while path:
        bundle = client.tree(path)
        found += [one["resource"] for one in bundle.get("entry", ()) if one["search"]["mode"] == "match"]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        path = links.get("next", "")
    return found


def test_a_read_is_an_audit_event_that_names_the_version(client: Any, portal: Any) -> None:
    client.update(PATIENT)
    client.get("/Patient/p", headers={"User-Agent": "browser", "X-Request-Id": "abc"})
    (event,) = resources(client, "/AuditEvent?subtype=read")
    identity = event.pop("id")
    assert event.pop("meta")["versionId"] == "1"
    assert event.pop("recorded")
    print(event)
    assert event["entity"][0]["what"] == {"reference": "Patient/p/_history/1"}
    assert client.tree(f"/AuditEvent/{identity}")["entity"] == event["entity"]
    for path in (
        "/AuditEvent?patient=p",
        "/AuditEvent?entity=Patient/p&action=R",
        "/AuditEvent?outcome=0",
        "/Patient/p/AuditEvent",
        "/AuditEvent?date=gt2020&_sort=-date",
        "/AuditEvent?agent=Practitioner/x",
        f"/AuditEvent/{identity}/_history",
        f"/AuditEvent/{identity}/_history/1",
        "/AuditEvent/_history",
        "/AuditEvent?_summary=count",
        "/AuditEvent?_id=" + identity,
        "/AuditEvent?entity-type=1&entity-role=4&type=rest&address=127",
        "/AuditEvent?_include=AuditEvent:entity",
        "/Patient?_revinclude=AuditEvent:entity",
        "/Provenance?target=Patient/p",
        "/Patient?_revinclude=Provenance:target",
        "/Provenance",
        "/Provenance/_history",
        "/Patient/p/Provenance",
        "/Provenance?target=Patient/p&_include=Provenance:target",
    ):
        answer = client.get(path)
        print(
            path,
            answer.status_code,
            len(answer.json().get("entry", [])),
            answer.text[:300] if answer.status_code != 200 else "",
        )
    print(client.get("/Provenance?target=Patient/p").json())
    portal.execute("UPDATE fhir_patients SET active = false")
    print(client.get("/Provenance?target=Patient/p").json())
    print(client.get("/Patient?_revinclude=Provenance:target").json())
    assert 0
