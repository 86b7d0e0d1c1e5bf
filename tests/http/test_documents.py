"""The portal's episodes, submissions and signed files as FHIR: Task, DocumentReference and Binary."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

BASE = "https://fhir.wound-care-portal.example"
SUBMISSION = f"{BASE}/identifier/submission"
EPISODE_NUMBER = f"{BASE}/identifier/episode-number"
TASKS = f"{BASE}/CodeSystem/task"
PDF = b"%PDF-1.7 a signed form"
PORTAL = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'b', 'Ann', 'Lee');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('pat2');
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, patient_fhir_id)
        VALUES (7, 'req', 'R-1', 7, 'pat');
"""
SEED_ONLY = """
    INSERT INTO patient_manufacturer_ivr_episodes (id, episode_number, patient_fhir_id, manufacturer_id,
        product_request_id, status, template_id, docuseal_submission_id, completion_status, completed_at, expires_at,
        created_at)
    VALUES (7, 'E-1', 'pat', 7, 7, 'Awaiting Signature', 'harbor-ivr', 'S-1', 'pages missing', NULL,
        '2026-06-01T00:00:00Z', '2026-01-02T03:04:05Z');
    INSERT INTO docuseal_submissions (id, submission_id, template_id, episode_id, status, submission_url, download_url,
        audit_trail, metadata, created_at)
    VALUES (7, 'S-1', 'harbor-ivr', 7, 'sent', 'https://provider.example/SECRET1', 'https://provider.example/SECRET2',
        '{"ip": "SECRET3"}', '{"token": "SECRET4"}', '2026-01-03T00:00:00Z');
"""


@pytest.fixture
def forms(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has one episode with one submission."""
    portal.execute(PORTAL)
    portal.execute(SEED_ONLY)
    return client


def only(client: Any, kind: str, query: str = "") -> dict[str, Any]:
    """The one resource of a type."""
    entries = client.tree(f"/{kind}{query}")["entry"]
    assert len(entries) == 1
    resource: dict[str, Any] = entries[0]["resource"]
    return resource


def sign(portal: Any, content: bytes = PDF, content_type: str = "application/pdf") -> str:
    """The portal stores a signed file; gives the Binary's id."""
    row = portal.execute(
        "INSERT INTO docuseal_files (submission_id, content, content_type, sha1) VALUES (7, %s, %s, %s) "
        "RETURNING fhir_id",
        (content, content_type, hashlib.sha1(content, usedforsecurity=False).digest()),
    ).fetchone()
    return str(row["fhir_id"])


def episode_of(number: str = "E-9", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "identifier": [{"system": EPISODE_NUMBER, "value": number}],
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": TASKS, "code": "insurance-verification"}]},
        "for": {"reference": "Patient/pat"},
        "owner": {"reference": "Organization/maker"},
        **members,
    }


def form_of(episode: str, number: str = "S-9", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": SUBMISSION, "value": number},
        "status": "current",
        "docStatus": "preliminary",
        "type": {"coding": [{"system": f"{BASE}/CodeSystem/document-template", "code": "harbor-ivr"}]},
        "category": [{"coding": [{"system": f"{BASE}/CodeSystem/document-category", "code": "insurance-form"}]}],
        "subject": {"reference": "Patient/pat"},
        "content": [{"attachment": {"title": "to come"}}],
        "context": {"related": [{"reference": f"Task/{episode}"}]},
        **members,
    }


class TestReading:
    def test_an_episode_is_a_verification_of_insurance(self, forms: Any) -> None:
        task = only(forms, "Task")
        assert [one["value"] for one in task["identifier"]] == ["E-1"]
        assert (task["status"], task["intent"]) == ("requested", "order")
        assert task["_status"]["extension"][0]["valueString"] == "Awaiting Signature"
        assert task["businessStatus"] == {"text": "pages missing"}
        assert task["code"]["coding"] == [{"system": TASKS, "code": "insurance-verification"}]
        assert (task["for"], task["owner"]) == ({"reference": "Patient/pat"}, {"reference": "Organization/maker"})
        assert task["focus"] == {"reference": "DeviceRequest/req"}
        assert (task["authoredOn"], task["restriction"]) == (
            "2026-01-02T03:04:05Z",
            {"period": {"end": "2026-06-01T00:00:00Z"}},
        )
        assert [one["valueString"] for one in task["input"]] == ["harbor-ivr", "S-1"]
        assert "executionPeriod" not in task

    def test_a_submission_waits_for_its_file(self, forms: Any) -> None:
        document = only(forms, "DocumentReference")
        assert document["masterIdentifier"] == {"system": SUBMISSION, "value": "S-1"}
        assert (document["status"], document["docStatus"]) == ("current", "preliminary")
        assert document["_docStatus"]["extension"][0]["valueString"] == "sent"
        assert document["type"]["coding"][0]["code"] == "harbor-ivr"
        assert document["subject"] == {"reference": "Patient/pat"}
        assert document["date"] == "2026-01-03T00:00:00Z"
        assert "_date" not in document
        attachment = document["content"][0]["attachment"]
        assert set(attachment) == {"_url"}
        assert attachment["_url"]["extension"][0]["valueCode"] == "temp-unknown"
        assert document["context"] == {"related": [{"reference": f"Task/{only(forms, 'Task')['id']}"}]}

    def test_a_signed_file_is_shown_by_our_own_address(self, forms: Any, portal: Any) -> None:
        binary = sign(portal)
        portal.execute("UPDATE docuseal_submissions SET status = 'completed', completed_at = '2026-01-04T00:00:00Z'")
        document = only(forms, "DocumentReference")
        assert document["docStatus"] == "final"
        assert document["date"] == "2026-01-04T00:00:00Z"
        assert document["_date"]["extension"][0]["valueCode"] == "completed"
        digest = base64.b64encode(hashlib.sha1(PDF, usedforsecurity=False).digest()).decode()
        assert document["content"] == [
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "url": f"Binary/{binary}",
                    "size": len(PDF),
                    "hash": digest,
                }
            }
        ]
        assert forms.matches("/DocumentReference?contenttype=application/pdf") != []
        assert forms.delete(f"/Binary/{binary}").status_code == 204
        assert "_url" in only(forms, "DocumentReference")["content"][0]["attachment"]

    def test_a_submission_without_an_episode_says_that_its_patient_is_unknown(self, forms: Any, portal: Any) -> None:
        portal.execute("UPDATE docuseal_submissions SET episode_id = NULL")
        document = only(forms, "DocumentReference")
        assert document["subject"]["extension"][0]["valueCode"] == "unknown"
        assert "context" not in document
        assert forms.matches("/Patient/pat/DocumentReference") == []

    @pytest.mark.parametrize("text", ["awaiting the moon", "", None])
    def test_m_104_a_state_that_nobody_has_listed_is_never_taken_for_done(
        self, forms: Any, portal: Any, text: str | None
    ) -> None:
        portal.execute("UPDATE docuseal_submissions SET status = %s", (text,))
        portal.execute("UPDATE patient_manufacturer_ivr_episodes SET status = %s", (text,))
        assert only(forms, "Task")["status"] == "on-hold"
        document = only(forms, "DocumentReference")
        assert document["status"] == "current"
        assert "docStatus" not in document
        assert ("_docStatus" in document) == bool(text)

    def test_states_that_no_document_has(self, forms: Any, portal: Any) -> None:
        for text, status, state in (
            ("archived", "superseded", None),
            ("void", "entered-in-error", "entered-in-error"),
            ("declined", "current", "preliminary"),
            ("Re-Signed", "current", "amended"),
        ):
            portal.execute("UPDATE docuseal_submissions SET status = %s", (text,))
            document = only(forms, "DocumentReference")
            assert (document["status"], document.get("docStatus")) == (status, state)
            assert forms.matches(f"/DocumentReference?status={status}") != []

    def test_the_providers_addresses_and_notes_are_in_no_answer(self, forms: Any, portal: Any) -> None:
        sign(portal)
        document = only(forms, "DocumentReference")
        assert forms.update(document).status_code == 200
        portal.execute("UPDATE docuseal_submissions SET submission_url = submission_url || 'x', status = 'viewed'")
        for path in (
            "/DocumentReference",
            f"/DocumentReference/{document['id']}",
            f"/DocumentReference/{document['id']}/_history",
            "/DocumentReference?_revinclude=Provenance:target&_include=*",
            "/Task?_revinclude=DocumentReference:related",
            "/Binary",
            "/_history",
            "/Patient/pat/$everything",
        ):
            answer = forms.get(path)
            assert answer.status_code == 200, path
            assert "SECRET" not in answer.text, path
            assert "provider.example" not in answer.text, path


class TestHistory:
    def test_what_the_portal_changes_is_a_version_of_what_shows_it(self, forms: Any, portal: Any) -> None:
        task, document = only(forms, "Task")["id"], only(forms, "DocumentReference")["id"]
        portal.execute("UPDATE patient_manufacturer_ivr_episodes SET patient_fhir_id = 'pat2', status = 'completed'")
        portal.execute("UPDATE product_requests SET patient_fhir_id = 'pat2'")
        for path in (f"/Task/{task}", f"/DocumentReference/{document}"):
            versions = [one["resource"]["meta"]["versionId"] for one in forms.tree(f"{path}/_history")["entry"]]
            assert versions == ["2", "1"]
        assert forms.tree(f"/DocumentReference/{document}/_history/1")["subject"] == {"reference": "Patient/pat"}
        assert forms.matches("/Patient/pat2/DocumentReference") == [f"DocumentReference/{document}"]
        assert forms.matches("/Patient/pat/DocumentReference") == []

    def test_a_file_that_comes_later_takes_the_place_of_its_absence(self, forms: Any, portal: Any) -> None:
        document = only(forms, "DocumentReference")
        assert forms.update({**document, "description": "the form"}).status_code == 200
        binary = sign(portal)
        after = forms.tree(f"/DocumentReference/{document['id']}")
        assert after["description"] == "the form"
        assert [one["attachment"].get("url") for one in after["content"]] == [f"Binary/{binary}"]


class TestSearching:
    def test_m_101_a_state_finds_all_texts_that_mean_it(self, forms: Any, portal: Any) -> None:
        for place, text in enumerate(("pending", "Ready for Review", "sent", "AWAITING-SIGNATURE")):
            portal.execute(
                "INSERT INTO patient_manufacturer_ivr_episodes "
                "(episode_number, patient_fhir_id, manufacturer_id, status) VALUES (%s, 'pat', 7, %s)",
                (f"N{place}", text),
            )
        assert len(forms.matches("/Task?status=requested")) == 5
        assert forms.matches("/Task?status:not=requested") == []

    @pytest.mark.parametrize(
        "query",
        [
            "identifier=E-1",
            f"code={TASKS}|insurance-verification",
            "patient=pat&owner=maker&focus=DeviceRequest/req",
            "due=ge2026-06-01&due=lt2026-07-01",
            "authored-on=2026-01-02",
            "business-status:text=pages",
            "_has:DocumentReference:related:identifier=S-1",
        ],
    )
    def test_an_episode_is_found_by_what_it_says(self, forms: Any, query: str) -> None:
        assert len(forms.matches(f"/Task?{query}")) == 1

    def test_an_episode_is_found_by_the_time_of_its_end(self, forms: Any, portal: Any) -> None:
        assert forms.matches("/Task?period=le2026-02-01") == []
        portal.execute("UPDATE patient_manufacturer_ivr_episodes SET completed_at = '2026-01-20T00:00:00Z'")
        assert len(forms.matches("/Task?period=le2026-02-01")) == 1
        assert forms.matches("/Task?period=ge2026-02-01") == []

    @pytest.mark.parametrize(
        "query",
        [
            "identifier=S-1",
            f"identifier={SUBMISSION}|S-1",
            "type=harbor-ivr",
            "category=insurance-form",
            "patient=pat&status=current",
            "date=2026-01-03",
            "related:Task.identifier=E-1",
        ],
    )
    def test_a_submission_is_found_by_what_it_says(self, forms: Any, query: str) -> None:
        assert len(forms.matches(f"/DocumentReference?{query}")) == 1

    def test_an_order_is_found_by_when_it_should_ship(self, forms: Any, portal: Any) -> None:
        portal.execute(
            "INSERT INTO orders (fhir_id, order_number, product_request_id, manufacturer_id, expected_ship_date) "
            "VALUES ('ord', 'O-1', 7, 7, '2026-02-01')"
        )
        assert forms.matches("/Task?due=2026-02-01") == ["Task/ord"]


class TestWriting:
    def test_m_100_what_comes_back_unchanged_changes_nothing_in_the_row(self, forms: Any, portal: Any) -> None:
        sign(portal)
        portal.execute("UPDATE docuseal_submissions SET status = 'Signed', completed_at = now()")
        tables = {
            "Task": "patient_manufacturer_ivr_episodes",
            "DocumentReference": "docuseal_submissions",
            "Binary": "docuseal_files",
        }
        for kind, table in tables.items():
            own = "'{version_id,version_xid,updated_at,document_version}'::text[]"
            query = f"SELECT to_jsonb(r) - {own} AS row FROM {table} r"
            before = portal.execute(query).fetchone()
            answer = forms.update(only(forms, kind))
            assert answer.status_code == 200, answer.text
            assert portal.execute(query).fetchone() == before

    def test_an_episode_and_its_form_may_come_from_fhir(self, forms: Any, portal: Any) -> None:
        made = forms.create(
            episode_of(
                focus={"reference": "DeviceRequest/req"},
                executionPeriod={"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"},
            )
        )
        assert made.status_code == 201, made.text
        episode = made.json()["id"]
        row = portal.execute(
            "SELECT * FROM patient_manufacturer_ivr_episodes WHERE fhir_id = %s", (episode,)
        ).fetchone()
        assert (row["episode_number"], row["status"], row["manufacturer_id"], row["product_request_id"]) == (
            "E-9",
            "pending",
            7,
            7,
        )
        assert row["completed_at"].isoformat() == "2026-01-02T00:00:00+00:00"
        portal.execute("UPDATE patient_manufacturer_ivr_episodes SET completed_at = '2025-01-01T00:00:00Z'")
        assert forms.tree(f"/Task/{episode}")["executionPeriod"] == {"end": "2025-01-01T00:00:00Z"}
        answer = forms.create(form_of(episode))
        assert answer.status_code == 201, answer.text
        row = portal.execute("SELECT * FROM docuseal_submissions WHERE submission_id = 'S-9'").fetchone()
        assert (row["template_id"], row["status"], row["patient_fhir_id"]) == ("harbor-ivr", "pending", "pat")
        assert row["episode_id"] is not None

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"owner": {"reference": "Organization/none"}}, "Task.owner"),
            ({"owner": None}, "Task.owner"),
            ({"focus": {"reference": "DeviceRequest/none"}}, "Task.focus"),
            ({"focus": {"reference": "ServiceRequest/x"}}, "Task.focus"),
            ({"for": None}, "Task.for"),
            ({"intent": "plan"}, "Task.intent"),
            ({"status": "ready"}, "Task.status"),
        ],
    )
    def test_an_episode_that_no_row_can_hold_is_refused_by_element(
        self, forms: Any, changes: dict[str, Any], element: str
    ) -> None:
        tree = {name: value for name, value in episode_of(**changes).items() if value is not None}
        answer = forms.create(tree)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"subject": {"reference": "Patient/pat2"}}, "DocumentReference.subject"),
            ({"subject": None}, "DocumentReference.subject"),
            ({"context": {"related": [{"reference": "Task/none"}]}}, "DocumentReference.context"),
            ({"type": {"text": "x" * 101}}, "DocumentReference.type"),
            ({"type": None}, "DocumentReference.type"),
            ({"category": None}, "DocumentReference.category"),
            ({"status": "superseded", "docStatus": "final"}, "DocumentReference.status"),
        ],
    )
    def test_a_form_that_no_row_can_hold_is_refused_by_element(
        self, forms: Any, changes: dict[str, Any], element: str
    ) -> None:
        task = only(forms, "Task")["id"]
        tree = {name: value for name, value in form_of(task, **changes).items() if value is not None}
        answer = forms.create(tree)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    def test_the_file_belongs_to_the_portal(self, forms: Any, portal: Any) -> None:
        sign(portal)
        document, binary = only(forms, "DocumentReference"), only(forms, "Binary")
        answer = forms.update({**document, "content": [{"attachment": {"url": "http://x.example/y"}}]})
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["DocumentReference.content"])
        answer = forms.update({**binary, "data": "AAAA"})
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Binary.data"])

    def test_others_are_kept_as_they_are(self, forms: Any, portal: Any) -> None:
        foreign = {**form_of("x"), "masterIdentifier": {"system": "urn:ehr", "value": "1"}}
        del foreign["context"], foreign["subject"]
        task = {**episode_of(), "identifier": [{"system": "urn:ehr", "value": "1"}]}
        for tree in (foreign, task):
            assert forms.create(tree).status_code == 201
        for table in ("docuseal_submissions", "patient_manufacturer_ivr_episodes"):
            assert portal.execute(f"SELECT count(*) AS n FROM {table}").fetchone() == {"n": 1}

    def test_what_others_need_is_not_deleted(self, forms: Any, portal: Any) -> None:
        sign(portal)
        task, document, binary = (only(forms, kind)["id"] for kind in ("Task", "DocumentReference", "Binary"))
        for path in ("/Patient/pat", "/Organization/maker", f"/Task/{task}", f"/DocumentReference/{document}"):
            assert forms.delete(path).status_code == 409, path
        for path in (f"/Binary/{binary}", f"/DocumentReference/{document}", f"/Task/{task}"):
            assert forms.delete(path).status_code == 204, path
            assert forms.get(path, headers={"Accept": "application/fhir+json"}).status_code == 410


class TestAnswers:
    DATA = """UPDATE patient_manufacturer_ivr_episodes SET form_data = '{"name": "Rosa", "wound": {"area": 1.50,
        "sites": ["left", "right"]}, "draining": true, "visits": 3, "none": null}', mapped_data = '[1]'"""

    def test_the_data_of_a_form_are_answers(self, forms: Any, portal: Any) -> None:
        assert forms.matches("/QuestionnaireResponse") == []
        portal.execute(self.DATA)
        found = only(forms, "QuestionnaireResponse")
        assert (found["status"], found["subject"]) == ("in-progress", {"reference": "Patient/pat"})
        assert found["extension"][0]["valueReference"] == {"reference": f"Task/{only(forms, 'Task')['id']}"}
        (group,) = found["item"]
        assert group["linkId"] == "form"
        items = {one["linkId"]: one for one in group["item"]}
        assert items["form.name"] == {"linkId": "form.name", "text": "name", "answer": [{"valueString": "Rosa"}]}
        assert items["form.draining"]["answer"] == [{"valueBoolean": True}]
        assert items["form.visits"]["answer"] == [{"valueInteger": 3}]
        nested = {one["linkId"]: one["answer"] for one in items["form.wound"]["item"]}
        assert [str(one["valueDecimal"]) for one in nested["form.wound.area"]] == ["1.50"]
        assert nested["form.wound.sites"] == [{"valueString": "left"}, {"valueString": "right"}]
        assert "form.none" not in items
        assert len(forms.matches("/Patient/pat/QuestionnaireResponse")) == 1

    def test_they_end_with_the_episode_and_are_changed_there_only(self, forms: Any, portal: Any) -> None:
        portal.execute(self.DATA)
        portal.execute("UPDATE patient_manufacturer_ivr_episodes SET status = 'approved', completed_at = '2026-02-01Z'")
        found = only(forms, "QuestionnaireResponse")
        assert (found["status"], found["authored"]) == ("completed", "2026-02-01T00:00:00Z")
        assert len(forms.matches("/QuestionnaireResponse?status=completed&authored=2026-02-01&patient=pat")) == 1
        answer = forms.update({**found, "item": [{"linkId": "form"}]})
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["QuestionnaireResponse.item"])
        portal.execute("UPDATE patient_manufacturer_ivr_episodes SET form_data = NULL")
        assert forms.get(f"/QuestionnaireResponse/{found['id']}").status_code == 410
        assert len(forms.tree(f"/QuestionnaireResponse/{found['id']}/_history")["entry"]) == 3


class TestBytes:
    @pytest.mark.parametrize("accept", ["application/pdf", "application/*", "*/*", "text/html, application/pdf;q=0.5"])
    def test_a_file_is_read_as_itself(self, forms: Any, portal: Any, accept: str) -> None:
        binary = sign(portal)
        answer = forms.get(f"/Binary/{binary}", headers={"Accept": accept})
        assert (answer.status_code, answer.content) == (200, PDF)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"] == "attachment"
        document = only(forms, "DocumentReference")["id"]
        assert answer.headers["x-security-context"] == f"DocumentReference/{document}"
        assert answer.headers["etag"] == 'W/"1"'

    @pytest.mark.parametrize(
        ("accept", "query"),
        [
            ("application/fhir+json", ""),
            ("application/json, */*", ""),
            ("application/fhir+json, application/pdf;q=0.1", ""),
            ("application/pdf", "?_format=json"),
        ],
    )
    def test_it_is_read_as_fhir_where_fhir_is_asked_for(self, forms: Any, portal: Any, accept: str, query: str) -> None:
        binary = sign(portal)
        answer = forms.get(f"/Binary/{binary}{query}", headers={"Accept": accept})
        assert answer.status_code == 200
        tree = answer.json()
        document = only(forms, "DocumentReference")["id"]
        assert base64.b64decode(tree["data"]) == PDF
        assert tree["contentType"] == "application/pdf"
        assert tree["securityContext"] == {"reference": f"DocumentReference/{document}"}

    def test_another_type_is_not_acceptable_and_errors_are_fhir(self, forms: Any, portal: Any) -> None:
        binary = sign(portal)
        answer = forms.get(f"/Binary/{binary}", headers={"Accept": "image/png"})
        assert (answer.status_code, answer.json()["resourceType"]) == (406, "OperationOutcome")
        answer = forms.get("/Binary/none", headers={"Accept": "application/pdf"})
        assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")
        assert forms.get("/Patient/pat", headers={"Accept": "application/pdf"}).status_code == 406

    def test_a_replaced_file_is_another_version(self, forms: Any, portal: Any) -> None:
        binary = sign(portal)
        portal.execute("UPDATE docuseal_files SET content = %s", (b"%PDF-2",))
        assert forms.get(f"/Binary/{binary}", headers={"Accept": "*/*"}).content == b"%PDF-2"
        assert forms.get(f"/Binary/{binary}/_history/1", headers={"Accept": "*/*"}).content == PDF
        assert only(forms, "DocumentReference")["content"][0]["attachment"] == {
            "contentType": "application/pdf",
            "url": f"Binary/{binary}",
            "size": 6,
        }

    def test_a_file_may_be_created_and_replaced_as_itself(self, forms: Any) -> None:
        content = bytes(range(256)) * 9000
        answer = forms.request(
            "POST",
            "/Binary",
            content=content,
            headers={"Content-Type": "image/png", "X-Security-Context": "Patient/pat", "Prefer": "return=minimal"},
        )
        assert answer.status_code == 201, answer.text
        path = f"/Binary/{answer.headers['location'].split('/Binary/')[1].split('/')[0]}"
        read = forms.get(path, headers={"Accept": "image/*"})
        assert (read.content, read.headers["content-type"]) == (content, "image/png")
        assert read.headers["x-security-context"] == "Patient/pat"
        answer = forms.request("PUT", path, content=b"hello", headers={"Content-Type": "text/plain; charset=utf-8"})
        assert answer.status_code == 200, answer.text
        read = forms.get(path, headers={"Accept": "*/*"})
        assert (read.text, read.headers["content-type"]) == ("hello", "text/plain; charset=utf-8")
        assert forms.get(path, headers={"Accept": "*/*", "If-None-Match": read.headers["etag"]}).status_code == 304
        assert forms.request("POST", "/Binary", content=b"x", headers={"Content-Type": "nonsense"}).status_code == 415
