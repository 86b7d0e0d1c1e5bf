"""Steps of requests and orders by operations: what they change, what they refuse, what they leave in the audit."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

PORTAL = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'b', 'Ann', 'Lee');
    INSERT INTO fhir_facilities (id, fhir_id, name) VALUES (7, 'clinic', 'Clinic');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7);
    INSERT INTO products (id, fhir_id, manufacturer_id, name, requires_prior_auth)
        VALUES (7, 'graft', 7, 'Graft', true), (8, 'gauze', 7, 'Gauze', false);
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, facility_id, patient_fhir_id, status,
                                  clinical_details)
        VALUES (7, 'req', 'R-1', 7, 7, 'pat', 'draft', '{"wound": "left leg"}'),
            (8, 'bare', 'R-2', 7, NULL, NULL, 'draft', NULL);
    INSERT INTO prior_authorizations (product_request_id, auth_number, status, approved_units)
        VALUES (7, 'PA-1', 'approved', 5);
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id, status)
        VALUES (7, 'ord', 'O-1', 7, 7, 'pending'), (8, 'second', 'O-2', 7, 7, 'draft');
    INSERT INTO order_items (order_id, product_id, quantity) VALUES (7, 7, 3), (8, 7, 3);
"""


@pytest.fixture
def graph(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has a draft request with two orders of three units; five are authorized."""
    portal.execute(PORTAL)
    return client


def parameters(**texts: str) -> dict[str, Any]:
    listed = [{"name": name.replace("_", "-"), "valueString": text} for name, text in texts.items()]
    return {"resourceType": "Parameters", **({"parameter": listed} if listed else {})}


def do(client: Any, path: str, headers: Any = None, **texts: str) -> Any:
    return client.send_json("POST", path, parameters(**texts), **(headers or {}))


def audit(portal: Any) -> list[tuple[Any, ...]]:
    rows = portal.execute("SELECT * FROM order_audit_logs ORDER BY id").fetchall()
    return [
        (row["order_id"], row["product_request_id"], row["action"], row["old_values"], row["new_values"])
        for row in rows
    ]


def problems(answer: Any) -> list[tuple[str, list[str]]]:
    return [(one["diagnostics"], one["expression"]) for one in answer.json()["issue"]]


def test_an_order_is_accepted_shipped_and_delivered(graph: Any, portal: Any) -> None:
    accepted = do(graph, "/Task/ord/$accept")
    assert (accepted.status_code, accepted.headers["etag"]) == (200, 'W/"2"'), accepted.text
    assert accepted.json()["status"] == "accepted"
    assert accepted.content == graph.get("/Task/ord").content
    shipped = do(graph, "/Task/ord/$ship", tracking_number="1Z", carrier="UPS")
    assert (shipped.status_code, shipped.headers["etag"]) == (200, 'W/"3"'), shipped.text
    tree = shipped.json()
    assert (tree["status"], tree["businessStatus"]) == ("in-progress", {"text": "shipped"})
    assert [one["valueString"] for one in tree["output"]] == ["1Z", "UPS"]
    assert do(graph, "/Task/ord/$deliver").json()["status"] == "completed"
    assert audit(portal) == [
        (7, None, "status_changed", {"status": "pending"}, {"status": "accepted"}),
        (
            7,
            None,
            "status_changed",
            {"status": "accepted", "tracking_number": None, "shipping_carrier": None},
            {"status": "shipped", "tracking_number": "1Z", "shipping_carrier": "UPS"},
        ),
        (7, None, "status_changed", {"status": "shipped"}, {"status": "delivered"}),
    ]


def test_a_call_that_is_repeated_is_told_that_it_was_the_same(graph: Any) -> None:
    do(graph, "/Task/ord/$accept")
    assert do(graph, "/Task/ord/$ship", tracking_number="1Z").status_code == 200
    for number, told in (("1Z", "by this tracking number"), ("2Z", "by another tracking number")):
        again = do(graph, "/Task/ord/$ship", tracking_number=number)
        assert (again.status_code, again.json()["issue"][0]["code"]) == (409, "duplicate")
        assert told in again.text
    assert graph.get("/Task/ord").headers["etag"] == 'W/"3"'


def test_every_problem_is_told_with_the_place_where_it_can_be_mended(graph: Any, portal: Any) -> None:
    refused = do(graph, "/DeviceRequest/bare/$submit")
    assert refused.status_code == 422
    assert problems(refused) == [
        ("The request does not say which patient it is for.", ["DeviceRequest.subject"]),
        ("No product is asked for.", ["Parameters.parameter.where(name='product')"]),
        ("The request does not say which facility it is for.", ["DeviceRequest.extension"]),
    ]
    do(graph, "/Task/ord/$accept")
    assert problems(do(graph, "/Task/second/$place")) == [
        ("The prior authorization has 2 units left, the order needs 3.", ["Task"])
    ]
    assert problems(do(graph, "/Task/ord/$ship")) == [
        (
            "Shipping needs a tracking number or the name of the carrier.",
            ["Parameters.parameter.where(name='tracking-number')"],
        )
    ]
    (told, place), *others = problems(do(graph, "/Task/ord/$deliver"))
    assert (place, others) == (["Task.status"], [])
    assert "'deliver' is not possible for a order that is 'accepted'; possible is process" in told
    assert len(audit(portal)) == 1


def test_a_request_is_submitted_with_the_products_that_it_asks_for(graph: Any, portal: Any) -> None:
    portal.execute("UPDATE orders SET deleted_at = now()")
    assert do(graph, "/DeviceRequest/req/$submit").status_code == 422
    product = {
        "name": "product",
        "part": [
            {"name": "device", "valueReference": {"reference": "DeviceDefinition/gauze"}},
            {"name": "quantity", "valuePositiveInt": 2},
        ],
    }
    said = {"resourceType": "Parameters", "parameter": [product]}
    answer = graph.send_json("POST", "/DeviceRequest/req/$submit", said)
    assert answer.status_code == 200, answer.text
    tree = answer.json()
    assert (tree["status"], tree["intent"]) == ("active", "order")
    assert tree["authoredOn"]
    row = portal.execute("SELECT status, clinical_details, submitted_at FROM product_requests WHERE id = 7").fetchone()
    assert row["status"] == "submitted"
    assert row["clinical_details"] == {"wound": "left leg", "products": [{"product_id": 8, "quantity": 2}]}
    assert audit(portal)[0][:3] == (None, 7, "status_changed")
    product["part"][0]["valueReference"] = {"reference": "DeviceDefinition/nothing"}
    assert graph.send_json("POST", "/DeviceRequest/req/$submit", said).status_code == 422


def test_a_reason_becomes_the_reason_of_the_status_and_stays_out_of_the_audit(graph: Any, portal: Any) -> None:
    cancelled = do(graph, "/Task/ord/$cancel", reason="the patient moved")
    assert cancelled.json()["statusReason"] == {"text": "the patient moved"}
    assert "moved" not in str(audit(portal))
    held = do(graph, "/DeviceRequest/req/$cancel", reason="not needed")
    assert held.json()["extension"][-1]["valueString"] == "not needed"
    voided = do(graph, "/Task/ord/$void", reason="the patient moved")
    assert voided.status_code == 200, "the same reason may be given again"
    assert voided.json()["status"] == "entered-in-error"


def test_what_is_held_goes_on_where_it_was(graph: Any) -> None:
    do(graph, "/Task/ord/$accept")
    do(graph, "/Task/ord/$process")
    assert do(graph, "/Task/ord/$hold", reason="stock").json()["status"] == "on-hold"
    resumed = do(graph, "/Task/ord/$resume").json()
    assert resumed["status"] == "in-progress"
    assert "businessStatus" not in resumed
    assert "statusReason" not in resumed


def test_if_match_is_honoured(graph: Any) -> None:
    stale = do(graph, "/Task/ord/$accept", {"If_Match": 'W/"9"'})
    assert stale.status_code == 412
    assert do(graph, "/Task/ord/$accept", {"If_Match": 'W/"1"'}).status_code == 200


def test_who_asks_for_nonsense_is_told_so(graph: Any, portal: Any) -> None:
    assert do(graph, "/Task/none/$accept").status_code == 404
    assert do(graph, "/Task/ord/$accept", tracking_number="1").status_code == 400
    assert do(graph, "/Task/ord/$ship", carrier="x" * 51).status_code == 400
    assert graph.get("/Task/ord/$accept").status_code == 405
    assert do(graph, "/Task/ord/$submit").status_code == 404
    portal.execute("UPDATE orders SET deleted_at = now() WHERE id = 8")
    assert do(graph, "/Task/second/$accept").status_code == 410
    other = graph.create({"resourceType": "Task", "status": "ready", "intent": "plan"}).json()["id"]
    assert do(graph, f"/Task/{other}/$accept").status_code == 422
    assert audit(portal) == []
    failed = portal.execute(
        "SELECT count(*) AS n FROM fhir_audit_logs WHERE outcome = 'failure' AND operation = 'accept'"
    )
    assert failed.fetchone()["n"] == 4


def test_a_document_keeps_what_its_client_said(graph: Any) -> None:
    tree = graph.tree("/Task/ord")
    tree["note"] = [{"text": "careful", "authorString": "Bo"}]
    assert graph.update(tree).status_code == 200
    accepted = do(graph, "/Task/ord/$accept").json()
    assert (accepted["status"], accepted["note"]) == ("accepted", tree["note"])
    assert graph.tree("/Task/ord/_history/2")["status"] == "requested"


def test_a_step_takes_few_statements(graph: Any) -> None:
    with count_statements() as statements:
        assert do(graph, "/Task/ord/$accept").status_code == 200
    assert len(statements) <= 12, "\n====\n".join(statements.statements)
