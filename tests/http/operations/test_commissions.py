"""Commissions by operations: calculated once however often, corrected when an order comes back, and stated by month."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

PORTAL = """
    INSERT INTO users (id, email, password, first_name, last_name)
        VALUES (7, 'a@x', 'b', 'Ann', 'Lee'), (8, 'c@x', 'd', 'Sal', 'Rep'), (9, 'e@x', 'f', 'Max', 'Boss');
    INSERT INTO organizations (id, fhir_id, name, sales_rep_id) VALUES (7, 'org', 'Acme', 8);
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('sal', 8), ('nobody', NULL);
    INSERT INTO products (id, manufacturer_id, name) VALUES (7, 7, 'Graft');
    INSERT INTO product_requests (id, request_number, user_id, organization_id, patient_fhir_id, status)
        VALUES (7, 'R-1', 7, 7, 'pat', 'approved');
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id, status, total_amount) VALUES
        (7, 'one', 'O-1', 7, 7, 'shipped', 1000.10), (8, 'two', 'O-2', 7, 7, 'shipped', 500.00),
        (9, 'three', 'O-3', 7, 7, 'shipped', NULL);
    INSERT INTO order_items (order_id, product_id, quantity, unit_price) VALUES (9, 7, 2, 50.00);
    INSERT INTO commission_plans (name, valid_from, tiers, overrides) VALUES ('plan', '2020-01-01',
        '[{"name": "base", "from": 0, "rate": 0.05}, {"name": "gold", "from": 1200, "rate": 0.06, "bonus": 0.01}]',
        '{"8": [{"receiver": 9, "rate": 0.005}]}');
"""
MONTH = datetime.now(UTC).strftime("%Y-%m")


@pytest.fixture
def sales(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has three orders of one representative on their way."""
    portal.execute(PORTAL)
    return client


def calculate(client: Any, **said: Any) -> dict[str, Any]:
    listed = [{"name": name.replace("_", "-"), **value} for name, value in said.items()]
    answer = client.send_json(
        "POST", "/Basic/$commission-calculate", {"resourceType": "Parameters", "parameter": listed}
    )
    assert answer.status_code == 200, answer.text
    return {one["name"]: one.get("valueInteger") for one in answer.json()["parameter"] if one["name"] != "change"}


def of_order(order: str) -> dict[str, Any]:
    return {"order": {"valueReference": {"reference": f"Task/{order}"}}}


def ledger(portal: Any) -> list[tuple[Any, ...]]:
    rows = portal.execute("SELECT * FROM commission_records ORDER BY order_id, sales_rep_id, commission_type, id")
    return [
        (row["order_id"], row["sales_rep_id"], row["commission_type"], str(row["commission_amount"]), row["status"])
        for row in rows
    ]


def test_what_is_delivered_earns_by_the_tier_of_its_month(sales: Any, portal: Any) -> None:
    portal.execute("UPDATE orders SET status = 'delivered' WHERE id = 7")
    assert calculate(sales, **of_order("one")) == {"added": 2, "changed": 0, "voided": 0}
    assert ledger(portal) == [(7, 8, "order", "50.00", "calculated"), (7, 9, "override", "5.00", "calculated")]
    assert calculate(sales, **of_order("one")) == {"added": 0, "changed": 0, "voided": 0}
    portal.execute("UPDATE orders SET status = 'delivered' WHERE id IN (8, 9)")
    rep = {"sales_rep": {"valueReference": {"reference": "Practitioner/sal"}}, "period": {"valueDate": MONTH}}
    assert calculate(sales, **rep) == {"added": 7, "changed": 1, "voided": 0}
    assert ledger(portal)[:3] == [
        (7, 8, "bonus", "10.00", "calculated"),
        (7, 8, "order", "60.01", "calculated"),
        (7, 9, "override", "5.00", "calculated"),
    ]
    assert (9, 8, "order", "6.00", "calculated") in ledger(portal)


def test_what_comes_back_is_taken_back(sales: Any, portal: Any) -> None:
    portal.execute("UPDATE orders SET status = 'delivered' WHERE id IN (7, 8)")
    calculate(sales, **of_order("one"))
    portal.execute("UPDATE commission_records SET status = 'paid', paid_at = now() WHERE order_id = 8")
    portal.execute("UPDATE orders SET status = 'returned', status_reason = 'torn' WHERE id = 8")
    calculate(sales, **of_order("two"))
    found = ledger(portal)
    assert (8, 8, "order", "30.00", "paid") in found
    assert (8, 8, "order", "-30.00", "clawback") in found
    assert (7, 8, "order", "50.00", "calculated") in found, "the month has a lower tier without the other order"
    assert calculate(sales, **of_order("two")) == {"added": 0, "changed": 0, "voided": 0}


def test_many_who_calculate_at_once_make_one_set_of_records(sales: Any, portal: Any, clients: Any) -> None:
    portal.execute("UPDATE orders SET status = 'delivered'")

    def run(_: int) -> int:
        with clients() as client:
            return int(calculate(client, **of_order("one"))["added"])

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(run, range(8))) == [0] * 7 + [9]
    assert len(ledger(portal)) == 9


def test_a_statement_has_the_sums_and_the_records(sales: Any, portal: Any) -> None:
    portal.execute("UPDATE orders SET status = 'delivered'")
    calculate(sales, **of_order("one"))
    portal.execute("UPDATE commission_records SET status = 'approved' WHERE order_id = 7")
    portal.execute(
        "UPDATE commission_records SET commission_amount = 31 WHERE order_id = 8 AND commission_type = 'order'"
    )
    answer = sales.get("/Basic/$commission-statement", params={"sales-rep": "Practitioner/sal", "period": MONTH})
    assert answer.status_code == 200, answer.text
    said = answer.json()["parameter"]
    sums = {
        one["part"][0]["valueString"]: one["part"][1]["valueDecimal"] for one in said if one["name"].startswith("by-")
    }
    assert '"total","valueDecimal":113.01' in answer.text
    assert sums == {"order": 97.01, "bonus": 16.0, "open": 43.0, "payable": 70.01, "gold": 113.01}
    records = [{part["name"]: part for part in one["part"]} for one in said if one["name"] == "record"]
    assert len(records) == 6
    (wrong,) = [one for one in records if "problem" in one]
    assert wrong["problem"]["valueString"] == "The amount is 31.00, base times rate is 30.00."


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"sales-rep": "Practitioner/sal"}, 400),
        ({"sales-rep": "Practitioner/sal", "period": "2025-13"}, 400),
        ({"sales-rep": "Patient/pat", "period": "2025-01"}, 400),
        ({"period": "2025-01"}, 400),
        ({"sales-rep": "Practitioner/none", "period": "2025-01"}, 404),
        ({"sales-rep": "Practitioner/nobody", "period": "2025-01"}, 404),
        ({"sales-rep": "Practitioner/sal", "period": "2025-01", "x": "y"}, 400),
        ({"sales-rep": "Practitioner/sal", "period": "2025-01"}, 200),
    ],
)
def test_a_statement_is_asked_for_by_representative_and_month(sales: Any, query: Any, status: int) -> None:
    assert sales.get("/Basic/$commission-statement", params=query).status_code == status


def test_what_cannot_be_calculated_is_told(sales: Any, portal: Any) -> None:
    def status(**said: Any) -> int:
        listed = [{"name": name, **value} for name, value in said.items()]
        body = {"resourceType": "Parameters", "parameter": listed}
        return int(sales.send_json("POST", "/Basic/$commission-calculate", body).status_code)

    assert status(**of_order("one")) == 422, "not delivered"
    assert status(**of_order("none")) == 422
    assert sales.post("/Basic/$commission-calculate").status_code == 400
    portal.execute("UPDATE orders SET status = 'delivered'")
    portal.execute("""UPDATE commission_plans SET tiers = '[{"name": "x"}]'""")
    assert status(**of_order("one")) == 422, "a plan that cannot be read"
    portal.execute("DELETE FROM commission_plans")
    assert status(**of_order("one")) == 422, "no plan"
    assert ledger(portal) == []
