"""The portal's eligibility checks, authorizations and Medicare validations as FHIR: reads, searches, writes."""

from __future__ import annotations

from typing import Any

import pytest

from business.statuses import status_map

HOME = "https://fhir.wound-care-portal.example"
CHECK = f"{HOME}/identifier/eligibility-check"
AUTHORIZATION = f"{HOME}/identifier/authorization-number"
VALIDATION = f"{HOME}/identifier/mac-validation"
MEMBER = f"{HOME}/identifier/member-id"
PAYER = f"{HOME}/identifier/payer-id"

PEOPLE = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'b', 'Ann', 'Lee');
    INSERT INTO fhir_facilities (id, fhir_id, name) VALUES (7, 'clinic', 'Clinic');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('pat2');
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, patient_fhir_id)
        VALUES (7, 'req', 'R-1', 7, 'pat'), (8, 'nobody', 'R-2', 7, NULL);
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id) VALUES (7, 'ord', 'O-1', 7, 7);
"""
INSURANCE = """
    INSERT INTO eligibility_checks (id, patient_fhir_id, payer_name, payer_id, member_id, group_number,
        eligibility_status, coverage_active, coverage_details, check_date, expires_at, source, raw_response)
        VALUES (7, 'pat', 'Medicare', 'P-1', 'M-1', 'G-1', 'Eligible', true,
            '{"plan_name": "Part B", "coverage_type": "medical", "effective_date": "2026-01-01", "copay": 25.50,
              "secret": "x-secret"}',
            '2026-01-02T03:04:05Z', '2026-02-01T00:00:00Z', 'manual', '{"ssn": "x-raw"}');
    INSERT INTO prior_authorizations (id, auth_number, product_request_id, payer_name, member_id, status,
        requested_date, approved_date, expiry_date, approved_amount, approved_units, supporting_documents)
        VALUES (7, 'A-1', 7, 'Medicare', 'M-1', 'approved', '2026-01-03', '2026-01-05', '2026-04-05', 1150.00, 4,
            '["DocumentReference/d1", "letter.pdf"]');
    INSERT INTO medicare_mac_validations (id, validation_id, order_id, patient_fhir_id, facility_id, mac_contractor,
        mac_jurisdiction, patient_zip_code, validation_type, validation_status, validation_results, coverage_met,
        cpt_codes_validated, required_documentation, validated_at, next_validation_due)
        VALUES (7, 'V-1', 7, 'pat', 7, 'NGS', 'J6', '62704', 'wound_care', 'Not Met',
            '{"visits": 3, "ulcer": true}', false, '["15271", "Q4101"]', '["wound photo"]', '2026-01-06T00:00:00Z',
            '2026-07-06T00:00:00Z');
"""


@pytest.fixture
def insured(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has one check, one authorization and one validation."""
    portal.execute(PEOPLE)
    portal.execute(INSURANCE)
    return client


def the(client: Any, search: str) -> Any:
    """The only match of a search."""
    (found,) = client.matches(search)
    return client.tree(f"/{found}")


def check_of(number: str = "C-9", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "CoverageEligibilityResponse",
        "identifier": [{"system": CHECK, "value": number}],
        "status": "active",
        "purpose": ["validation"],
        "patient": {"reference": "Patient/pat"},
        "created": "2026-03-01T10:00:00Z",
        "request": {"identifier": {"system": "urn:trace", "value": "T-1"}},
        "outcome": "complete",
        "disposition": "eligible",
        "insurer": {"identifier": {"system": PAYER, "value": "P-2"}, "display": "Aetna"},
        "insurance": [{"coverage": {"identifier": {"system": MEMBER, "value": "M-9"}}, "inforce": True}],
        **members,
    }


def authorization_of(number: str = "A-9", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "ClaimResponse",
        "extension": [
            {
                "url": f"{HOME}/StructureDefinition/authorized-request",
                "valueReference": {"reference": "DeviceRequest/req"},
            }
        ],
        "identifier": [{"system": AUTHORIZATION, "value": number}],
        "status": "active",
        "type": {"text": "equipment"},
        "use": "preauthorization",
        "patient": {"reference": "Patient/pat"},
        "created": "2026-03-01",
        "insurer": {"display": "Aetna"},
        "outcome": "queued",
        "preAuthRef": number,
        **members,
    }


def validation_of(number: str = "V-9", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "identifier": [{"system": VALIDATION, "value": number}],
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": f"{HOME}/CodeSystem/portal-task", "code": "mac-validation"}]},
        "focus": {"reference": "Task/ord"},
        "for": {"reference": "Patient/pat"},
        **members,
    }


def without(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if value is not None}


class TestReading:
    def test_a_check_says_who_was_asked_about_whom_and_what_came_out(self, insured: Any) -> None:
        tree = the(insured, "/CoverageEligibilityResponse")
        assert (tree["status"], tree["outcome"], tree["disposition"]) == ("active", "complete", "Eligible")
        assert tree["patient"] == {"reference": "Patient/pat"}
        assert tree["created"] == "2026-01-02T03:04:05Z"
        assert tree["insurer"] == {"identifier": {"system": PAYER, "value": "P-1"}, "display": "Medicare"}
        assert tree["purpose"] == ["validation", "benefits"]
        assert tree["request"]["extension"][0]["valueCode"] == "unknown"
        assert tree["insurance"][0]["inforce"] is True
        reference = tree["insurance"][0]["coverage"]["reference"]
        assert insured.tree(f"/{reference}")["status"] == "active"
        extensions = {one["url"].rpartition("/")[2]: one for one in tree["extension"]}
        assert extensions["result-expires"]["valueDateTime"] == "2026-02-01T00:00:00Z"
        assert extensions["check-source"]["valueString"] == "manual"

    def test_a_coverage_shows_what_the_check_found(self, insured: Any) -> None:
        tree = the(insured, "/Coverage")
        assert (tree["status"], tree["subscriberId"]) == ("active", "M-1")
        assert tree["identifier"][0]["type"]["coding"][0]["code"] == "MB"
        assert tree["beneficiary"] == {"reference": "Patient/pat"}
        assert tree["payor"][0]["display"] == "Medicare"
        assert [(one["type"]["coding"][0]["code"], one["value"]) for one in tree["class"]] == [
            ("group", "G-1"),
            ("plan", "Part B"),
        ]
        assert tree["type"] == {"text": "medical"}
        assert tree["period"] == {"start": "2026-01-01"}
        assert '"valueMoney":{"value":25.50}' in insured.get(f"/Coverage/{tree['id']}").text

    def test_answers_of_payers_and_unknown_details_never_leave(self, insured: Any) -> None:
        for kind in ("CoverageEligibilityResponse", "Coverage"):
            for path in (f"/{kind}", f"/{kind}/_history"):
                text = insured.get(path).text
                assert "x-raw" not in text
                assert "x-secret" not in text

    def test_an_authorization_says_what_is_approved_until_when(self, insured: Any) -> None:
        tree = the(insured, "/ClaimResponse")
        assert (tree["status"], tree["outcome"], tree["disposition"]) == ("active", "complete", "approved")
        assert (tree["use"], tree["preAuthRef"], tree["identifier"][0]["value"]) == ("preauthorization", "A-1", "A-1")
        assert tree["patient"] == {"reference": "Patient/pat"}
        assert tree["created"] == "2026-01-03"
        assert tree["preAuthPeriod"] == {"start": "2026-01-05", "end": "2026-04-05"}
        assert '"amount":{"value":1150.00}' in insured.get(f"/ClaimResponse/{tree['id']}").text
        assert tree["insurance"][0]["coverage"]["identifier"]["value"] == "M-1"
        extensions = [(one["url"].rpartition("/")[2], one) for one in tree["extension"]]
        assert [name for name, _ in extensions] == [
            "authorized-request",
            "approved-units",
            "supporting-document",
            "supporting-document",
        ]
        assert extensions[0][1]["valueReference"] == {"reference": "DeviceRequest/req"}
        assert extensions[2][1]["valueReference"] == {"reference": "DocumentReference/d1"}
        assert extensions[3][1]["valueReference"] == {"display": "letter.pdf"}

    def test_a_denial_says_why_and_an_authorization_without_a_request_has_no_patient(
        self, insured: Any, portal: Any
    ) -> None:
        portal.execute(
            "UPDATE prior_authorizations SET status = 'denied', denial_reason = 'not covered', "
            "product_request_id = NULL, requested_date = NULL, created_at = '2026-01-04T00:00:00Z'"
        )
        tree = the(insured, "/ClaimResponse")
        assert (tree["disposition"], tree["processNote"]) == ("denied", [{"text": "not covered"}])
        assert tree["patient"]["extension"][0]["valueCode"] == "unknown"
        assert tree["created"] == "2026-01-04T00:00:00Z"
        assert insured.matches("/ClaimResponse?created=2026-01-04") != []
        assert insured.matches("/Patient/pat/ClaimResponse") == []

    def test_a_validation_is_a_task_with_its_findings(self, insured: Any) -> None:
        tree = the(insured, f"/Task?identifier={VALIDATION}|V-1")
        assert (tree["status"], tree["businessStatus"]) == ("completed", {"text": "Not Met"})
        assert tree["focus"] == {"reference": "Task/ord"}
        assert tree["for"] == {"reference": "Patient/pat"}
        assert tree["location"] == {"reference": "Location/clinic"}
        assert tree["executionPeriod"] == {"end": "2026-01-06T00:00:00Z"}
        said = [
            (one["type"]["coding"][0]["code"], next(value for name, value in one.items() if name.startswith("value")))
            for one in tree["output"]
        ]
        assert said[:4] == [
            ("coverage-met", False),
            ("documentation-complete", False),
            ("required-documentation", "wound photo"),
            ("cpt-code", {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "15271"}]}),
        ]
        assert ("cpt-code", "Q4101") in said
        assert {one["type"].get("text") for one in tree["output"]} == {None, "visits", "ulcer"}

    def test_what_is_unknown_is_not_false(self, insured: Any, portal: Any) -> None:
        portal.execute("UPDATE medicare_mac_validations SET coverage_met = NULL, documentation_complete = NULL")
        tree = the(insured, "/Task?jurisdiction=J6")
        assert {one["type"]["coding"][0]["code"] for one in tree["output"]}.isdisjoint(
            {"coverage-met", "documentation-complete"}
        )


class TestStates:
    @pytest.mark.parametrize("text", ["lost in the mail", "APPROVED?", "", None])
    def test_m_102_and_m_104_a_text_that_nobody_listed_never_means_anything_done(
        self, insured: Any, portal: Any, text: str | None
    ) -> None:
        portal.execute("UPDATE eligibility_checks SET eligibility_status = %s", (text,))
        portal.execute("UPDATE prior_authorizations SET status = %s", (text,))
        portal.execute("UPDATE medicare_mac_validations SET validation_status = %s", (text,))
        for kind in ("CoverageEligibilityResponse", "ClaimResponse"):
            tree = the(insured, f"/{kind}")
            assert (tree["status"], tree["outcome"], tree.get("disposition")) == ("draft", "queued", text or None)
            assert insured.matches(f"/{kind}?status=active") == []
            assert insured.matches(f"/{kind}?outcome=complete") == []
        task = the(insured, "/Task?jurisdiction=J6")
        assert (task["status"], task.get("businessStatus")) == ("on-hold", {"text": text} if text else None)

    @pytest.mark.parametrize(
        ("table", "column", "search", "name"),
        [
            ("prior_authorizations", "status", "ClaimResponse?outcome", "prior-authorization-outcome"),
            ("prior_authorizations", "status", "ClaimResponse?status", "prior-authorization-status"),
            ("eligibility_checks", "eligibility_status", "CoverageEligibilityResponse?outcome", "eligibility"),
            ("eligibility_checks", "eligibility_status", "CoverageEligibilityResponse?status", "eligibility-record"),
            ("medicare_mac_validations", "validation_status", "Task?jurisdiction=J9&status", "mac-validation"),
        ],
    )
    def test_m_101_a_state_finds_all_texts_that_mean_it(
        self, insured: Any, portal: Any, table: str, column: str, search: str, name: str
    ) -> None:
        portal.execute(f"UPDATE {table} SET {column} = 'nothing listed'")
        needed = {
            "prior_authorizations": "",
            "eligibility_checks": ", patient_fhir_id = 'pat'",
            "medicare_mac_validations": ", validation_id = t.text, mac_jurisdiction = 'J9'",
        }[table]
        names = "".join(f", {part.split(' = ')[0]}" for part in needed.split(", ")[1:])
        values = "".join(f", {part.split(' = ')[1]}" for part in needed.split(", ")[1:])
        texts = status_map(name).codes
        portal.execute(
            f"INSERT INTO {table} (id, fhir_id, {column}{names}) "
            f"SELECT 100 + t.place, replace(t.text, '_', '-'), upper(replace(t.text, '_', ' ')){values} "
            "FROM unnest(%s::text[]) WITH ORDINALITY AS t(text, place)",
            (list(texts),),
        )
        for code in set(texts.values()):
            found = {one.rpartition("/")[2] for one in insured.matches(f"/{search}={code}&_count=100")}
            assert found >= {text.replace("_", "-") for text, meant in texts.items() if meant == code}
            assert found.isdisjoint(text.replace("_", "-") for text, meant in texts.items() if meant != code)

    def test_m_100_what_comes_back_unchanged_changes_nothing_in_the_row(self, insured: Any, portal: Any) -> None:
        tables = {
            "CoverageEligibilityResponse": ("eligibility_checks", "eligibility_status", "eligibility"),
            "ClaimResponse": ("prior_authorizations", "status", "prior-authorization-outcome"),
            "Task": ("medicare_mac_validations", "validation_status", "mac-validation"),
        }
        for kind, (table, column, name) in tables.items():
            for text in (*list(status_map(name).codes)[::3], "Unheard Of"):
                portal.execute(f"UPDATE {table} SET {column} = %s", (text,))
                columns = "to_jsonb(r) - '{version_id,version_xid,updated_at,document_version}'::text[] AS row"
                before = portal.execute(f"SELECT {columns} FROM {table} r").fetchone()
                tree = the(insured, f"/{kind}?_id:not=ord")
                answer = insured.update(tree)
                assert answer.status_code == 200, (kind, text, answer.text)
                assert portal.execute(f"SELECT {columns} FROM {table} r").fetchone() == before
                assert {**insured.tree(f"/{kind}/{tree['id']}"), "meta": None} == {**tree, "meta": None}

    def test_a_change_of_the_portal_is_a_version_with_a_history(self, insured: Any, portal: Any) -> None:
        path = f"/ClaimResponse/{the(insured, '/ClaimResponse')['id']}"
        portal.execute("UPDATE prior_authorizations SET status = 'expired', approved_units = 0")
        assert len(insured.history(path)) == 2
        assert insured.tree(f"{path}/_history/1")["disposition"] == "approved"
        assert insured.tree(path)["disposition"] == "expired"
        task = the(insured, "/Task?jurisdiction=J6")
        portal.execute("UPDATE medicare_mac_validations SET validation_status = 'passed', coverage_met = true")
        assert insured.tree(f"/Task/{task['id']}/_history/1")["businessStatus"] == {"text": "Not Met"}
        assert insured.tree(f"/Task/{task['id']}")["output"][0]["valueBoolean"] is True

    def test_a_coverage_goes_when_nobody_knows_whether_it_is_active_and_comes_back(
        self, insured: Any, portal: Any
    ) -> None:
        path = f"/Coverage/{the(insured, '/Coverage')['id']}"
        portal.execute("UPDATE eligibility_checks SET coverage_active = NULL")
        assert insured.get(path).status_code == 410
        check = the(insured, "/CoverageEligibilityResponse")
        assert check["insurance"] == [{"coverage": {"identifier": check["insurance"][0]["coverage"]["identifier"]}}]
        portal.execute("UPDATE eligibility_checks SET coverage_active = false")
        assert insured.tree(path)["status"] == "cancelled"
        assert [method for method, _ in insured.history(path)] == ["PUT", "DELETE", "POST"]


class TestSearching:
    @pytest.mark.parametrize(
        "query",
        [
            "CoverageEligibilityResponse?patient=pat&outcome=complete&status=active",
            "CoverageEligibilityResponse?payer=medic",
            "CoverageEligibilityResponse?payer:exact=P-1",
            "CoverageEligibilityResponse?expires=lt2026-03-01&created=2026-01-02",
            "CoverageEligibilityResponse?disposition=eligible",
            "Coverage?beneficiary=Patient/pat&status=active",
            f"Coverage?identifier={MEMBER}|M-1",
            "Coverage?class-type=plan&class-value=part&type:text=medical",
            "Coverage?payer=P-1",
            "ClaimResponse?patient=pat&use=preauthorization",
            f"ClaimResponse?identifier={AUTHORIZATION}|A-1",
            "ClaimResponse?expires=ge2026-04-01&created=2026-01-03",
            "ClaimResponse?authorized-request=DeviceRequest/req&disposition=approved",
            "ClaimResponse?authorized-request.identifier=R-1&payer=medicare",
            "Task?code=mac-validation&subject=Patient/pat",
            "Task?focus=Task/ord&period=le2026-01-07",
            f"Task?jurisdiction={HOME}/CodeSystem/mac-jurisdiction|J6",
            "Task?status=completed&business-status:text=not",
        ],
    )
    def test_it_is_found_by_what_it_says(self, insured: Any, query: str) -> None:
        assert len(insured.matches(f"/{query}")) == 1

    @pytest.mark.parametrize(
        "query",
        [
            "CoverageEligibilityResponse?payer=aetna",
            "CoverageEligibilityResponse?expires=gt2026-03-01",
            "CoverageEligibilityResponse?patient=pat2",
            "Coverage?status=cancelled",
            "ClaimResponse?expires=gt2026-05-01",
            "ClaimResponse?use=claim",
            "Task?jurisdiction=JK",
            "Task?code=mac-validation&period=gt2026-02-01",
        ],
    )
    def test_it_is_not_found_by_what_it_does_not_say(self, insured: Any, query: str) -> None:
        assert insured.matches(f"/{query}") == []

    def test_the_compartment_of_the_patient_has_them(self, insured: Any) -> None:
        for kind in ("CoverageEligibilityResponse", "Coverage", "ClaimResponse"):
            assert len(insured.matches(f"/Patient/pat/{kind}")) == 1
            assert insured.matches(f"/Patient/pat2/{kind}") == []
        entries = insured.tree("/Patient/pat/$everything")["entry"]
        kinds = [one["resource"]["resourceType"] for one in entries]
        assert {"CoverageEligibilityResponse", "Coverage", "ClaimResponse", "DeviceRequest"} <= set(kinds)

    def test_the_request_brings_its_authorization_and_the_validation_of_its_order(self, insured: Any) -> None:
        query = "_revinclude=ClaimResponse:authorized-request&_revinclude:iterate=Task:focus"
        entries = insured.tree(f"/DeviceRequest?_id=req&{query}")["entry"]
        kinds = sorted(one["resource"]["resourceType"] for one in entries)
        assert kinds == ["ClaimResponse", "DeviceRequest", "Task", "Task"]


class TestWriting:
    def test_a_check_may_come_from_fhir_and_brings_its_coverage(self, insured: Any, portal: Any) -> None:
        made = insured.create(check_of())
        assert made.status_code == 201, made.text
        row = portal.execute("SELECT * FROM eligibility_checks WHERE check_number = 'C-9'").fetchone()
        assert (row["patient_fhir_id"], row["payer_name"], row["payer_id"], row["member_id"]) == (
            "pat",
            "Aetna",
            "P-2",
            "M-9",
        )
        assert (row["eligibility_status"], row["coverage_active"]) == ("eligible", True)
        assert the(insured, f"/Coverage?identifier={MEMBER}|M-9")["payor"][0]["display"] == "Aetna"
        assert (
            insured.tree(f"/CoverageEligibilityResponse/{made.json()['id']}")["request"]["identifier"]["value"] == "T-1"
        )
        again = insured.create(check_of())
        assert (again.status_code, again.json()["issue"][0]["expression"]) == (
            409,
            ["CoverageEligibilityResponse.identifier"],
        )

    def test_an_authorization_may_come_from_fhir_and_be_decided(self, insured: Any, portal: Any) -> None:
        made = insured.create(authorization_of())
        assert made.status_code == 201, made.text
        row = portal.execute("SELECT * FROM prior_authorizations WHERE auth_number = 'A-9'").fetchone()
        assert (row["product_request_id"], row["patient_fhir_id"], row["status"], str(row["requested_date"])) == (
            7,
            "pat",
            "pending",
            "2026-03-01",
        )
        tree = made.json()
        total = [
            {
                "category": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "benefit"}]
                },
                "amount": {"value": 99.5, "currency": "USD"},
            }
        ]
        decided = {**tree, "outcome": "complete", "disposition": "approved", "total": total}
        stale = insured.update(decided, If_Match='W/"9"')
        assert stale.status_code == 412
        answer = insured.update(decided, If_Match='W/"1"')
        assert answer.status_code == 200, answer.text
        row = portal.execute("SELECT status, approved_amount::text FROM prior_authorizations WHERE auth_number = 'A-9'")
        assert row.fetchone() == {"status": "approved", "approved_amount": "99.50"}
        assert insured.tree(f"/ClaimResponse/{tree['id']}")["total"][0]["amount"]["currency"] == "USD"

    def test_a_validation_may_come_from_fhir(self, insured: Any, portal: Any) -> None:
        made = insured.create(validation_of())
        assert made.status_code == 201, made.text
        row = portal.execute("SELECT * FROM medicare_mac_validations WHERE validation_id = 'V-9'").fetchone()
        assert (row["order_id"], row["patient_fhir_id"], row["validation_status"]) == (7, "pat", "pending")
        done = {**made.json(), "status": "completed", "businessStatus": {"text": "passed"}}
        assert insured.update(done).status_code == 200
        row = portal.execute("SELECT validation_status FROM medicare_mac_validations WHERE validation_id = 'V-9'")
        assert row.fetchone() == {"validation_status": "passed"}

    def test_a_portal_write_after_a_fhir_write_keeps_what_the_client_said(self, insured: Any, portal: Any) -> None:
        identity = insured.create(authorization_of(requestor={"display": "Dr. Lee"})).json()["id"]
        portal.execute("UPDATE prior_authorizations SET status = 'Approved', expiry_date = '2026-09-01'")
        tree = insured.tree(f"/ClaimResponse/{identity}")
        assert (tree["outcome"], tree["disposition"]) == ("complete", "Approved")
        assert tree["preAuthPeriod"] == {"end": "2026-09-01"}
        assert tree["requestor"] == {"display": "Dr. Lee"}
        assert f"ClaimResponse/{identity}" in insured.matches("/ClaimResponse?outcome=complete&expires=2026-09-01")

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"outcome": "complete", "disposition": None}, "outcome"),
            ({"disposition": "denied by nobody"}, "disposition"),
            ({"created": "2026-03"}, "created"),
            ({"patient": {"reference": "Patient/none"}}, "patient"),
            ({"insurance": [{"coverage": {"reference": "Coverage/ehr"}, "inforce": True}]}, "insurance"),
            ({"identifier": [{"system": CHECK, "value": "9" * 101}]}, "identifier"),
        ],
    )
    def test_a_check_that_no_row_can_hold_is_refused_by_element(
        self, insured: Any, changes: dict[str, Any], element: str
    ) -> None:
        answer = insured.create(without(check_of(**changes)))
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [f"CoverageEligibilityResponse.{element}"]

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"extension": None}, "ClaimResponse.extension"),
            ({"patient": {"reference": "Patient/pat2"}}, "ClaimResponse.patient"),
            ({"created": "2026-03-01T10:00:00Z"}, "ClaimResponse.created"),
            ({"outcome": "complete"}, "ClaimResponse.outcome"),
            ({"outcome": "complete", "disposition": "pending"}, "ClaimResponse.disposition"),
            ({"status": "entered-in-error"}, "ClaimResponse.status"),
            ({"preAuthRef": "A-10"}, "ClaimResponse.preAuthRef"),
            ({"preAuthRef": None}, "ClaimResponse.preAuthRef"),
        ],
    )
    def test_an_authorization_that_no_row_can_hold_is_refused_by_element(
        self, insured: Any, changes: dict[str, Any], element: str
    ) -> None:
        answer = insured.create(without(authorization_of(**changes)))
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"focus": {"reference": "Task/none"}}, "Task.focus"),
            ({"focus": {"reference": "DeviceRequest/req"}}, "Task.focus"),
            ({"for": {"reference": "Patient/none"}}, "Task.for"),
            ({"location": {"reference": "Location/none"}}, "Task.location"),
            ({"intent": "plan"}, "Task.intent"),
            ({"status": "completed"}, "Task.status"),
            ({"status": "draft"}, "Task.status"),
            ({"status": "failed", "businessStatus": {"text": "passed"}}, "Task.businessStatus"),
        ],
    )
    def test_a_validation_that_no_row_can_hold_is_refused_by_element(
        self, insured: Any, changes: dict[str, Any], element: str
    ) -> None:
        answer = insured.create(validation_of(**changes))
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    def test_what_a_coverage_shows_of_its_check_is_changed_there(self, insured: Any, portal: Any) -> None:
        tree = the(insured, "/Coverage")
        for changes, element in (
            ({"status": "cancelled"}, "Coverage.status"),
            ({"subscriberId": "M-2"}, "Coverage.subscriberId"),
            ({"payor": [{"display": "Aetna"}]}, "Coverage.payor"),
        ):
            answer = insured.update({**tree, **changes})
            assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, [element])
        assert insured.delete(f"/Coverage/{tree['id']}").status_code == 409
        assert insured.update({**tree, "dependent": "1"}).status_code == 200
        portal.execute("UPDATE eligibility_checks SET member_id = 'M-2'")
        changed = insured.tree(f"/Coverage/{tree['id']}")
        assert (changed["subscriberId"], changed["dependent"]) == ("M-2", "1")

    def test_a_check_that_is_deleted_takes_its_coverage_along(self, insured: Any) -> None:
        check, coverage = the(insured, "/CoverageEligibilityResponse"), the(insured, "/Coverage")
        assert insured.delete(f"/CoverageEligibilityResponse/{check['id']}").status_code == 204
        assert insured.get(f"/Coverage/{coverage['id']}").status_code == 410

    def test_what_the_portal_found_is_not_for_clients_to_change(self, insured: Any) -> None:
        tree = the(insured, "/Task?jurisdiction=J6")
        kept = [one for one in tree["output"] if one["type"].get("text") != "visits"]
        answer = insured.update({**tree, "output": kept})
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Task.output"])

    def test_resources_of_others_are_kept_as_they_are(self, insured: Any, portal: Any) -> None:
        coverage = {
            "resourceType": "Coverage",
            "status": "active",
            "beneficiary": {"reference": "Patient/pat"},
            "payor": [{"display": "Aetna"}],
        }
        claim = {**authorization_of(), "use": "claim", "created": "2026-03-01T10:00:00Z"}
        foreign = {**check_of(), "identifier": [{"system": "urn:ehr", "value": "1"}], "outcome": "error"}
        for tree in (coverage, claim, foreign):
            answer = insured.create(tree)
            assert answer.status_code == 201, answer.text
            kept = insured.tree(f"/{tree['resourceType']}/{answer.json()['id']}")
            assert {**kept, "meta": None} == {**tree, "id": kept["id"], "meta": None}
        for table in ("eligibility_checks", "eligibility_coverages", "prior_authorizations"):
            assert portal.execute(f"SELECT count(*) AS n FROM {table}").fetchone() == {"n": 1}

    def test_a_request_with_authorizations_is_not_deleted(self, insured: Any) -> None:
        authorization = the(insured, "/ClaimResponse")
        task = the(insured, "/Task?jurisdiction=J6")
        assert insured.delete("/Task/ord").status_code == 409
        assert insured.delete(f"/Task/{task['id']}").status_code == 204
        assert insured.delete("/Task/ord").status_code == 204
        assert insured.delete("/DeviceRequest/req").status_code == 409
        assert insured.delete(f"/ClaimResponse/{authorization['id']}").status_code == 204
        assert insured.delete("/DeviceRequest/req").status_code == 204
