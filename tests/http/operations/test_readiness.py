"""Whether an order may go out, and which Medicare contractor decides: from the rows of the portal to Parameters."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

PORTAL = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'b', 'Ann', 'Lee');
    INSERT INTO fhir_facilities (id, fhir_id, name, address)
        VALUES (7, 'clinic', 'Clinic', '{"state": "TX", "postalCode": "75201"}'), (8, 'plain', 'Plain', NULL);
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('other');
    INSERT INTO fhir_patient_addresses (patient_fhir_id, use, state, postal_code) VALUES ('pat', 'home', 'IL', '62704');
    INSERT INTO products (id, fhir_id, manufacturer_id, name, hcpcs_code, requires_prior_auth)
        VALUES (7, 'graft', 7, 'Graft', 'Q4101', true), (8, 'foam', 7, 'Foam', 'A6209', false);
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, facility_id, patient_fhir_id, status)
        VALUES (7, 'req', 'R-1', 7, 7, 'pat', 'submitted'), (8, 'bare', 'R-2', 7, NULL, NULL, 'draft');
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id) VALUES (7, 'ord', 'O-1', 7, 7);
    INSERT INTO order_items (order_id, product_id, quantity) VALUES (7, 7, 3);
    INSERT INTO eligibility_checks (id, patient_fhir_id, payer_name, eligibility_status, coverage_active, source,
                                    check_date, expires_at)
        VALUES (5, 'pat', 'Medicare Part B', 'eligible', true, 'availity', now(), now() + interval '9 days'),
            (6, 'other', 'Medicare', 'inactive', false, 'availity', now(), now() + interval '9 days');
    INSERT INTO prior_authorizations (id, product_request_id, auth_number, status, approved_units)
        VALUES (5, 7, 'PA-1', 'approved', 5), (6, 8, 'PA-2', 'denied', 5);
    INSERT INTO patient_manufacturer_ivr_episodes (id, episode_number, patient_fhir_id, manufacturer_id,
                                                   product_request_id, status)
        VALUES (5, 'E-1', 'pat', 7, 7, 'pending');
    INSERT INTO docuseal_submissions (submission_id, template_id, episode_id, status, metadata)
        VALUES ('D-1', 't', 5, 'completed', '{"document_code": "wound-assessment"}');
"""


@pytest.fixture
def request_of_portal(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has a request with an order, of which some conditions are met."""
    portal.execute(PORTAL)
    return client


def conditions(client: Any) -> dict[str, dict[str, Any]]:
    said = client.tree("/DeviceRequest/req/$order-readiness")["parameter"]
    found = [{part["name"]: part for part in one["part"]} for one in said if one["name"] == "condition"]
    return {one["name"]["valueCode"]: one for one in found}


def validate(client: Any, path: str = "/DeviceRequest/req", **texts: str) -> Any:
    listed = [{"name": name, "valueString": text} for name, text in texts.items()]
    body = {"resourceType": "Parameters", **({"parameter": listed} if listed else {})}
    return client.send_json("POST", f"{path}/$validate-mac", body)


def said(answer: Any) -> dict[str, Any]:
    return {
        one["name"]: next(value for name, value in one.items() if name.startswith("value"))
        for one in answer.json()["parameter"]
        if "part" not in one
    }


def test_each_condition_is_said_with_reason_and_evidence(request_of_portal: Any) -> None:
    found = conditions(request_of_portal)
    assert {name: one["state"]["valueCode"] for name, one in found.items()} == {
        "eligibility": "met",
        "mac": "unmet",
        "authorization": "met",
        "ivr": "unmet",
        "documents": "unmet",
    }
    evidence = {
        name: one["evidence"]["valueReference"]["reference"] for name, one in found.items() if "evidence" in one
    }
    assert {name: reference.partition("/")[0] for name, reference in evidence.items()} == {
        "eligibility": "CoverageEligibilityResponse",
        "authorization": "ClaimResponse",
        "ivr": "Task",
        "documents": "DocumentReference",
    }
    for reference in evidence.values():
        assert request_of_portal.get(f"/{reference}").status_code == 200, reference
    assert request_of_portal.tree(f"/{evidence['authorization']}")["preAuthRef"] == "PA-1"
    told = found["authorization"]["reason"]["valueString"]
    assert told == "There is a valid prior authorization with 5 units left."
    assert found["eligibility"]["due"]["valueDate"]
    assert found["documents"]["missing"]["valueString"]


def test_an_order_becomes_ready(request_of_portal: Any, portal: Any) -> None:
    portal.execute("UPDATE patient_manufacturer_ivr_episodes SET status = 'completed'")
    portal.execute(
        "INSERT INTO medicare_mac_validations (validation_id, order_id, validation_status, coverage_met, "
        "documentation_complete, validated_at, next_validation_due) "
        "VALUES ('V-1', 7, 'passed', true, true, now(), now() + interval '60 days')"
    )
    answer = request_of_portal.tree("/DeviceRequest/req/$order-readiness")["parameter"]
    assert answer[0] == {"name": "ready", "valueBoolean": True}
    assert answer[1]["name"] == "next-due"
    portal.execute("UPDATE eligibility_checks SET expires_at = now() - interval '1 hour' WHERE id = 5")
    answer = request_of_portal.tree("/DeviceRequest/req/$order-readiness")["parameter"]
    assert answer[0] == {"name": "ready", "valueBoolean": False}


def test_of_a_request_of_which_nothing_is_known_nothing_is_met(request_of_portal: Any) -> None:
    said = request_of_portal.tree("/DeviceRequest/bare/$order-readiness")["parameter"]
    states = [part["valueCode"] for one in said[1:] for part in one["part"] if part["name"] == "state"]
    assert states == ["unknown"] * 5


def test_only_requests_of_the_portal_are_asked_about(request_of_portal: Any) -> None:
    foreign = {
        "resourceType": "DeviceRequest",
        "status": "active",
        "intent": "order",
        "codeCodeableConcept": {"text": "x"},
        "subject": {"reference": "Patient/pat"},
    }
    made = request_of_portal.create(foreign).json()["id"]
    assert request_of_portal.get(f"/DeviceRequest/{made}/$order-readiness").status_code == 422
    assert request_of_portal.get("/DeviceRequest/none/$order-readiness").status_code == 404
    assert validate(request_of_portal, f"/DeviceRequest/{made}").status_code == 422
    assert request_of_portal.get("/DeviceRequest/req/$validate-mac").status_code == 405


def test_the_contractor_of_a_skin_substitute_is_that_of_the_clinic(request_of_portal: Any, portal: Any) -> None:
    answer = validate(request_of_portal)
    assert answer.status_code == 200, answer.text
    found = said(answer)
    assert (found["jurisdiction"], found["contractor"]) == ("JH", "Novitas Solutions")
    assert (found["status"], found["certain"], found["policy"]) == ("needs_documentation", True, "L35041")
    documents = [one["part"] for one in answer.json()["parameter"] if one["name"] == "document"]
    present = {parts[0]["valueCode"]: parts[2]["valueBoolean"] for parts in documents}
    assert present["wound-assessment"] is True
    assert present["circulation"] is False
    row = portal.execute("SELECT * FROM medicare_mac_validations").fetchone()
    assert (row["order_id"], row["patient_fhir_id"], row["facility_id"]) == (7, "pat", 7)
    assert (row["mac_jurisdiction"], row["patient_zip_code"], row["coverage_met"]) == ("JH", "62704", None)
    assert (row["procedures_validated"], row["coverage_policies"]) == (["Q4101"], ["L35041"])
    assert (row["next_validation_due"] - row["validated_at"]).days == 14
    assert conditions(request_of_portal)["mac"]["state"]["valueCode"] == "unmet"


def test_that_of_a_dressing_is_that_of_the_patient(request_of_portal: Any, portal: Any) -> None:
    portal.execute("UPDATE order_items SET product_id = 8")
    assert said(validate(request_of_portal))["jurisdiction"] == "B"
    assert said(validate(request_of_portal, state="Oregon"))["jurisdiction"] == "D"


def test_where_nobody_is_responsible_nothing_is_written(request_of_portal: Any, portal: Any) -> None:
    for path, texts in (("/DeviceRequest/bare", {}), ("/DeviceRequest/req", {"zip": "00000"})):
        answer = validate(request_of_portal, path, **texts)
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "business-rule"), answer.text
    assert portal.execute("SELECT count(*) AS n FROM medicare_mac_validations").fetchone() == {"n": 0}


def test_readiness_takes_three_statements(request_of_portal: Any) -> None:
    request_of_portal.tree("/DeviceRequest/req/$order-readiness")
    with count_statements() as statements:
        request_of_portal.tree("/DeviceRequest/req/$order-readiness")
    assert len(statements) <= 4, statements.statements


def test_what_was_deleted_proves_nothing(request_of_portal: Any) -> None:
    for condition in ("eligibility", "authorization"):
        evidence = conditions(request_of_portal)[condition]["evidence"]["valueReference"]["reference"]
        assert request_of_portal.delete(f"/{evidence}").status_code == 204
        assert conditions(request_of_portal)[condition]["state"]["valueCode"] != "met", condition
