"""Every interaction leaves an audit row that names the versions returned or written, and nothing of their content.

https://hl7.org/fhir/R4/security.html#audit
"""

from __future__ import annotations

from typing import Any

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Verysecretname"}], "active": True}
OFF = [{"op": "replace", "path": "/active", "value": False}]
COLUMNS = "operation, resource_type, resource_id, outcome, status, entities"


def last(portal: Any) -> dict[str, Any]:
    """The newest row; there must be one more than the call before saw."""
    return dict(portal.execute(f"SELECT {COLUMNS} FROM fhir_audit_logs ORDER BY id DESC LIMIT 1").fetchone())


def row(operation: str, kind: str, identity: str | None, *entities: str, status: int | None = None) -> dict[str, Any]:
    return {
        "operation": operation,
        "resource_type": kind,
        "resource_id": identity,
        "outcome": "success",
        "status": status,
        "entities": list(entities),
    }


def test_every_interaction_names_the_versions_it_returned_or_wrote(client: Any, portal: Any) -> None:
    def after(answer: Any) -> dict[str, Any]:
        assert answer.status_code < 400, answer.text
        return last(portal)

    made = client.create({"resourceType": "Patient"})
    identity = made.json()["id"]
    assert after(made) == row("create", "Patient", identity, f"Patient/{identity}/_history/1")
    assert after(client.update(PATIENT)) == row("update", "Patient", "p", "Patient/p/_history/1")
    assert after(client.patch_json("/Patient/p", OFF)) == row("patch", "Patient", "p", "Patient/p/_history/2")
    assert after(client.get("/Patient/p")) == row("read", "Patient", "p", "Patient/p/_history/2")
    assert after(client.get("/Patient/p/_history/1")) == row("vread", "Patient", "p", "Patient/p/_history/1")
    both = ("Patient/p/_history/2", "Patient/p/_history/1")
    assert after(client.get("/Patient/p/_history")) == row("history", "Patient", "p", *both)
    assert after(client.get("/Patient?_id=p")) == row("search", "Patient", None, "Patient/p/_history/2")
    assert after(client.get("/Patient?family=verysecretname&_id=none")) == row("search", "Patient", None)
    assert after(client.get("/Patient?_summary=count")) == row("search", "Patient", None)
    found = client.create(PATIENT, If_None_Exist="_id=p")
    assert after(found) == row("read", "Patient", "p", "Patient/p/_history/2", status=200)
    assert after(client.delete("/Patient/p")) == row("delete", "Patient", "p", "Patient/p/_history/3")
    assert after(client.delete("/Patient/p")) == row("delete", "Patient", "p", status=204)
    assert after(client.delete("/Patient?_id=none")) == row("delete", "Patient", None, status=204)
    (count,) = portal.execute("SELECT count(*) FROM fhir_audit_logs").fetchone().values()
    assert count == 13


def test_a_search_names_what_it_includes_and_not_what_is_on_the_next_page(client: Any, portal: Any) -> None:
    client.update({"resourceType": "Practitioner", "id": "doc"})
    for name in ("a", "b"):
        client.update(
            {"resourceType": "PractitionerRole", "id": name, "practitioner": {"reference": "Practitioner/doc"}}
        )
    client.get("/PractitionerRole?_include=PractitionerRole:practitioner&_count=1&_sort=_id")
    named = last(portal)["entities"]
    assert sorted(named) == ["Practitioner/doc/_history/1", "PractitionerRole/a/_history/1"]


FAILURES = {
    "read of nothing": ("GET", "/Patient/none", None, "read", "Patient", 404),
    "read of what is gone": ("GET", "/Patient/gone", None, "read", "Patient", 410),
    "vread of nothing": ("GET", "/Patient/p/_history/9", None, "vread", "Patient", 404),
    "history of nothing": ("GET", "/Patient/none/_history", None, "history", "Patient", 404),
    "search": ("GET", "/Patient?verysecretname=1", None, "search", "Patient", 400),
    "search by POST": ("POST", "/Patient/_search?verysecretname=1", None, "search", "Patient", 400),
    "system search": ("GET", "/?verysecretname=1", None, "search", "Resource", 400),
    "create": ("POST", "/Patient", {"resourceType": "Patient", "x": "verysecretname"}, "create", "Patient", 400),
    "update": ("PUT", "/Patient/p", {**PATIENT, "id": "q"}, "update", "Patient", 400),
    "patch": ("PATCH", "/Patient/none", OFF, "patch", "Patient", 404),
    "delete": ("DELETE", "/Patient", None, "delete", "Patient", 400),
    "bundle": ("POST", "/", {"resourceType": "Bundle"}, "transaction", "Bundle", 400),
    "unknown type": ("GET", "/Foo/1", None, "read", "Resource", 404),
    "unknown address": ("GET", "/Patient/p/x/y/z", None, "other", "Patient", 404),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_leave_a_row_too(client: Any, portal: Any, name: str) -> None:
    method, path, tree, operation, kind, status = FAILURES[name]
    client.update({"resourceType": "Patient", "id": "gone"})
    client.delete("/Patient/gone")
    before = portal.execute("SELECT max(id) FROM fhir_audit_logs").fetchone()["max"]
    content_type = "application/x-www-form-urlencoded" if "_search" in path else "application/json-patch+json"
    headers = {"Content_Type": content_type} if method == "PATCH" or "_search" in path else {}
    answer = (
        client.request(method, path)
        if tree is None and not headers
        else client.send_json(method, path, tree, **headers)
    )
    assert answer.status_code == status, answer.text
    query = f"SELECT {COLUMNS} FROM fhir_audit_logs WHERE id > %s"
    (told,) = portal.execute(query, (before,)).fetchall()
    assert (told["operation"], told["resource_type"], told["status"]) == (operation, kind, status)
    assert told["entities"] == []


def test_the_audit_knows_who_asked_and_holds_no_values(client: Any, portal: Any) -> None:
    client.update(PATIENT, X_Request_Id="request-7", User_Agent="tests")
    client.get("/Patient?family=verysecretname&name:exact=Verysecretname")
    client.post("/Patient/_search", data={"family": "verysecretname"})
    client.get("/Patient?birthdate=verysecretname")
    client.create({**PATIENT, "gender": "verysecretname"})
    rows = portal.execute("SELECT * FROM fhir_audit_logs ORDER BY id").fetchall()
    assert len(rows) == 5
    assert "verysecretname" not in str(rows).lower()
    assert (rows[0]["ip_address"], rows[0]["user_agent"]) == ("127.0.0.1", "tests")
    assert rows[0]["request_id"] == "request-7"
    assert all(one["created_at"] is not None for one in rows)


def test_a_read_that_is_not_modified_is_told_as_well(client: Any, portal: Any) -> None:
    client.update(PATIENT)
    assert client.get("/Patient/p", headers={"If-None-Match": "*"}).status_code == 304
    assert last(portal) == row("read", "Patient", "p", "Patient/p/_history/1")


def test_an_audit_that_cannot_be_written_does_not_hide_the_error(serve: Any, database: str, portal: Any) -> None:
    portal.execute("ALTER TABLE fhir_audit_logs RENAME TO elsewhere")
    with serve(database) as client:
        answer = client.get("/Patient?unknown=1")
        assert answer.status_code == 400
        assert "Unknown search parameter" in answer.text
        assert client.get("/Patient/p").status_code == 500


def test_a_database_that_is_gone_is_told_as_such(serve: Any, database: str) -> None:
    with serve(database.replace("dbname=", "dbname=gone_")) as client:
        for answer in (
            client.get("/Patient/p"),
            client.get("/Patient"),
            client.update(PATIENT),
            client.get("/_history"),
        ):
            issue = {
                "severity": "error",
                "code": "transient",
                "diagnostics": "The database cannot be reached; try again",
            }
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert answer.json() == {"resourceType": "OperationOutcome", "issue": [issue]}
        assert client.get("/metadata").status_code == 200
