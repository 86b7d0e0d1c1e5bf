"""The story of the demo is one that could have happened: sums are sums, and what is told of one order fits together."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import dict_row

from business.authorizations import Authorization, Use, remaining
from business.commissions import CommissionRecord, flaws
from business.statuses import status_map

Session = Connection[dict[str, Any]]
SCRIPTS = ("portal.sql", "portal_later.sql", "story.sql")


@pytest.fixture
def told(database: str) -> Iterator[Session]:
    """A database with the demo's rows of the portal."""
    with psycopg.connect(database, row_factory=dict_row, autocommit=True) as session:
        for name in SCRIPTS:
            script = importlib.resources.files("fhir_server.sample_data").joinpath(name).read_bytes()
            with session.transaction():
                session.execute(script, prepare=False)
        yield session


def rows(session: Session, query: str) -> list[dict[str, Any]]:
    return session.execute(query).fetchall()


def test_there_are_some_dozens_of_patients_with_wounds_that_heal_or_do_not(told: Session) -> None:
    assert len(rows(told, "SELECT FROM fhir_patients")) >= 36
    courses = rows(
        told,
        """
        SELECT (array_agg((value_data ->> 'value')::numeric ORDER BY effective_date_time))[1] AS first,
               (array_agg((value_data ->> 'value')::numeric ORDER BY effective_date_time DESC))[1] AS last
        FROM fhir_observations WHERE code = '89260-4' GROUP BY patient_fhir_id HAVING count(*) > 3
        """,
    )
    closed = [one for one in courses if one["last"] == 0]
    smaller = [one for one in courses if 0 < one["last"] < one["first"] / 2]
    larger = [one for one in courses if one["last"] > one["first"]]
    assert len(closed) >= 4
    assert len(smaller) >= 8
    assert len(larger) >= 4


@pytest.mark.parametrize(("table", "name"), [("orders", "order"), ("product_requests", "product-request")])
def test_requests_and_orders_are_in_every_state(told: Session, table: str, name: str) -> None:
    found = {one["status"] for one in rows(told, f"SELECT DISTINCT status FROM {table}")}
    codes = status_map(name).codes
    assert found <= set(codes)
    assert {codes[text] for text in found} == set(codes.values())


def test_totals_of_orders_are_the_sums_of_their_lines(told: Session) -> None:
    query = """
        SELECT o.order_number FROM orders o JOIN order_items i ON i.order_id = o.id
        GROUP BY o.id HAVING sum(i.total_price) <> o.total_amount OR bool_or(i.quantity * i.unit_price <> i.total_price)
    """
    assert rows(told, query) == []


def test_commissions_are_base_times_rate_over_several_months_and_states(told: Session) -> None:
    found = [
        CommissionRecord(
            str(row["id"]),
            str(row["sales_rep_id"]),
            str(row["order_id"]),
            row["commission_type"],
            row["base_amount"],
            row["commission_rate"],
            row["commission_amount"],
            year=row["period_year"],
            month=row["period_month"],
            status=row["status"],
        )
        for row in rows(told, "SELECT * FROM commission_records")
    ]
    assert [flaws(record) for record in found if flaws(record)] == []
    assert len({(record.year, record.month) for record in found}) >= 4
    assert {"paid", "calculated"} <= {record.status for record in found}
    taken_back = [record for record in found if record.amount is not None and record.amount < 0]
    assert {record.status for record in taken_back} <= {"reversed", "clawback"}
    assert taken_back


def test_nobody_ordered_more_than_was_authorized(told: Session) -> None:
    query = """
        SELECT a.id, a.status, a.approved_date, a.expiry_date, a.approved_units, a.approved_amount,
               o.order_number, o.status AS order_status, sum(i.quantity) AS units, sum(i.total_price) AS amount
        FROM prior_authorizations a JOIN orders o ON o.product_request_id = a.product_request_id
            JOIN order_items i ON i.order_id = o.id
        WHERE a.approved_units IS NOT NULL GROUP BY a.id, o.id
    """
    found = rows(told, query)
    assert len(found) > 10
    for row in found:
        authorization = Authorization(
            str(row["id"]),
            row["status"],
            approved_on=row["approved_date"],
            expires_on=row["expiry_date"],
            approved_units=row["approved_units"],
            approved_amount=row["approved_amount"],
        )
        use = Use(row["order_number"], row["order_status"], int(row["units"]), row["amount"])
        assert not remaining(authorization, [use]).overdrawn


def test_some_authorizations_are_denied_and_some_end_soon(told: Session) -> None:
    found = rows(told, "SELECT *, expiry_date - current_date AS days FROM prior_authorizations")
    assert all(row["denial_reason"] for row in found if row["status"] == "denied")
    assert [row for row in found if row["status"] == "denied"]
    soon = [row for row in found if row["days"] is not None and 0 <= row["days"] <= 21]
    assert len(soon) >= 2


def test_what_is_on_its_way_says_with_whom(told: Session) -> None:
    query = """
        SELECT FROM orders WHERE status IN ('shipped', 'in_transit', 'partially_shipped', 'delivered', 'completed')
            AND (tracking_number IS NULL OR shipping_carrier IS NULL)
    """
    assert rows(told, query) == []


def test_the_trail_of_an_order_ends_where_the_order_is(told: Session) -> None:
    query = """
        SELECT o.order_number, o.status,
               (array_agg(l.new_values ->> 'status' ORDER BY l.created_at DESC, l.id DESC))[1] AS told
        FROM orders o JOIN order_audit_logs l ON l.order_id = o.id WHERE o.status <> 'on_hold' GROUP BY o.id
    """
    found = rows(told, query)
    assert len(found) > 15
    assert [row for row in found if row["status"] != row["told"]] == []
