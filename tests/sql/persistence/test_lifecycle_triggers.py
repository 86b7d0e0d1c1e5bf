"""What the portal's SQL may do with a status, and what becomes of it in the audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from fhir_server.persistence import migrate

Session = Connection[dict[str, Any]]

GRAPH = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a', 'b', 'Ann', 'Lee');
    INSERT INTO fhir_facilities (id, fhir_id, name) VALUES (7, 'clinic', 'Clinic');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat');
    INSERT INTO products (id, manufacturer_id, name) VALUES (7, 7, 'Graft');
    INSERT INTO product_requests (id, request_number, user_id, facility_id, patient_fhir_id, notes)
        VALUES (7, 'R-1', 7, 7, 'pat', 'secret');
    INSERT INTO orders (id, order_number, product_request_id, manufacturer_id, notes) VALUES (7, 'O-1', 7, 7, 'secret');
    INSERT INTO order_items (id, order_id, product_id, quantity) VALUES (7, 7, 7, 2);
"""


@pytest.fixture
def graph(portal: Session) -> Session:
    """A draft request with a pending order of one line, written with the portal's columns only."""
    portal.execute(GRAPH)
    return portal


def refused(session: Session, statement: str) -> Any:
    with pytest.raises(psycopg.errors.CheckViolation) as told:
        session.execute(statement)
    return told.value.diag


def audit(session: Session) -> list[dict[str, Any]]:
    return session.execute("SELECT * FROM order_audit_logs ORDER BY id").fetchall()


def test_a_step_that_is_not_possible_is_refused_with_what_is(graph: Session) -> None:
    told = refused(graph, "UPDATE orders SET status = 'delivered', tracking_number = '1Z'")
    assert told.constraint_name == "lifecycle"
    assert told.column_name == "status"
    assert told.message_primary == (
        "The order is 'pending' and cannot become 'delivered'; possible is received, accepted, rejected, on_hold, "
        "cancelled, void."
    )
    assert graph.execute("SELECT tracking_number FROM orders").fetchone() == {"tracking_number": None}
    assert refused(graph, "UPDATE orders SET status = 'sent by owl'").message_primary == (
        "'sent_by_owl' is not a status of a order."
    )
    assert "taken away" in refused(graph, "UPDATE orders SET status = NULL").message_primary
    assert audit(graph) == []


def test_every_problem_is_told_at_once(graph: Session) -> None:
    graph.execute("UPDATE product_requests SET patient_fhir_id = NULL, facility_id = NULL")
    told = refused(graph, "UPDATE product_requests SET status = 'submitted'")
    assert told.column_name == "patient_fhir_id,facility_id"
    assert told.message_primary.split("\n") == [
        "The request does not say which patient it is for.",
        "The request does not say which facility it is for.",
    ]


def test_what_the_statement_itself_brings_is_seen(graph: Session) -> None:
    graph.execute("UPDATE product_requests SET patient_fhir_id = NULL")
    graph.execute("UPDATE product_requests SET patient_fhir_id = 'pat', status = 'submitted', submitted_at = now()")
    graph.execute("UPDATE orders SET status = 'accepted'")
    assert refused(graph, "UPDATE orders SET status = 'shipped'").column_name == "tracking_number"
    graph.execute("UPDATE orders SET status = 'shipped', shipping_carrier = 'UPS'")
    assert refused(graph, "UPDATE orders SET status = 'accepted'").column_name == "status"


def test_a_row_may_begin_anywhere_and_what_nobody_knows_may_be_corrected(graph: Session) -> None:
    graph.execute(
        "INSERT INTO orders (id, order_number, product_request_id, manufacturer_id, status) VALUES "
        "(8, 'O-2', 7, 7, 'delivered'), (9, 'O-3', 7, 7, 'awaiting customs'), (10, 'O-4', 7, 7, NULL)"
    )
    graph.execute("UPDATE orders SET notes = 'x', priority = 'rush' WHERE id IN (9, 10)")
    graph.execute("UPDATE orders SET status = 'AWAITING-customs' WHERE id = 9")
    assert refused(graph, "UPDATE orders SET status = 'shipped' WHERE id = 9").column_name == "status"
    graph.execute("UPDATE orders SET status = 'on hold' WHERE id IN (9, 10)")
    graph.execute("UPDATE orders SET status = 'Pending' WHERE id = 9")
    assert sorted(row["order_id"] for row in audit(graph)) == [9, 9, 9, 10]


def test_a_reason_is_one_of_its_own_step(graph: Session) -> None:
    assert refused(graph, "UPDATE orders SET status = 'rejected'").column_name == "status_reason"
    assert refused(graph, "UPDATE orders SET status = 'rejected', status_reason = ' '").column_name == "status_reason"
    graph.execute("UPDATE orders SET status = 'rejected', status_reason = 'no stock'")
    assert refused(graph, "UPDATE orders SET status = 'void'").column_name == "status_reason"
    graph.execute("UPDATE orders SET status = 'void', status_reason = 'made twice'")
    assert graph.execute("SELECT status_reason FROM orders").fetchone() == {"status_reason": "made twice"}


def test_an_old_reason_goes_with_the_next_step(graph: Session) -> None:
    graph.execute("UPDATE orders SET status = 'on_hold', status_reason = 'no stock'")
    graph.execute("UPDATE orders SET priority = 'rush'")
    assert graph.execute("SELECT status_reason FROM orders").fetchone() == {"status_reason": "no stock"}
    graph.execute("UPDATE orders SET status = 'pending'")
    assert graph.execute("SELECT status_reason FROM orders").fetchone() == {"status_reason": None}


def test_a_hold_is_no_way_around_the_guards(graph: Session) -> None:
    graph.execute("UPDATE orders SET status = 'accepted'")
    graph.execute("UPDATE orders SET status = 'on_hold'")
    assert refused(graph, "UPDATE orders SET status = 'ready_to_ship'").column_name == "status"
    graph.execute("UPDATE orders SET status = 'accepted'")
    graph.execute("UPDATE product_requests SET status = 'cancelled'")
    assert graph.execute("SELECT version_id FROM orders").fetchone() == {"version_id": 4}


def test_lines_of_a_request_are_those_of_its_orders_and_else_what_its_details_ask_for(graph: Session) -> None:
    lines = "SELECT lifecycle.request_facts(r, r.status) -> 'lines' AS lines FROM product_requests r"

    def found() -> list[tuple[str, int]]:
        (row,) = graph.execute(lines)
        return [(line["product"], line["quantity"]) for line in row["lines"]]

    assert found() == [("7", 2)]
    graph.execute("UPDATE orders SET status = 'cancelled'")
    assert found() == []
    for details in ("[]", '"x"', '{"products": 5}', '{"products": ["x", 7, null, {"product_id": 99}]}'):
        graph.execute("UPDATE product_requests SET clinical_details = %s", (details,))
        assert found() == []
    asked = '{"products": [{"product_id": 7, "quantity": 4}, {"product_id": "7"}, {"product_id": 7, "quantity": "x"}]}'
    graph.execute("UPDATE product_requests SET clinical_details = %s", (asked,))
    assert found() == [("7", 4), ("7", 1), ("7", 0)]


def test_one_change_is_one_audit_row_without_free_text(graph: Session) -> None:
    with graph.transaction():
        graph.execute("SET LOCAL portal.user_id = '7'")
        graph.execute("UPDATE orders SET status = 'received', notes = 'secret too', expected_ship_date = '2025-01-02'")
    graph.execute("SET portal.user_id = 'nobody'")
    graph.execute("UPDATE orders SET status = 'rejected', status_reason = 'secret'")
    graph.execute("SET portal.user_id = '99'")
    graph.execute("UPDATE product_requests SET status = 'withdrawn', notes = 'secret'")
    graph.execute("UPDATE product_requests SET status = status")
    first, second, third = audit(graph)
    assert (first["order_id"], first["user_id"], first["action"]) == (7, 7, "status_changed")
    assert first["old_values"] == {"status": "pending", "expected_ship_date": None}
    assert first["new_values"] == {"status": "received", "expected_ship_date": "2025-01-02"}
    assert (second["user_id"], second["new_values"]) == (None, {"status": "rejected"})
    assert (third["order_id"], third["product_request_id"], third["user_id"]) == (None, 7, None)


def test_all_rows_of_a_statement_are_watched_and_written_down(graph: Session) -> None:
    graph.execute(
        "INSERT INTO orders (id, order_number, product_request_id, manufacturer_id, status) "
        "SELECT n, 'O-' || n, 7, 7, 'pending' FROM generate_series(100, 599) n"
    )
    graph.execute("UPDATE orders SET status = 'received'")
    assert len(audit(graph)) == 501
    graph.execute("UPDATE orders SET status = 'on_hold' WHERE id = 300")
    told = refused(graph, "UPDATE orders SET status = 'accepted' WHERE id <> 300")
    assert told.message_primary == "No product is asked for."
    assert len(audit(graph)) == 502


def test_an_owner_may_repair_what_is_wrong_and_nobody_else(
    graph: Session, sessions: Callable[[], Session], database: str
) -> None:
    repair = "UPDATE orders SET status = 'delivered' WHERE id = 7"
    graph.execute("DROP ROLE IF EXISTS lifecycle_clerk")
    graph.execute("CREATE ROLE lifecycle_clerk LOGIN IN ROLE fhir_portal")
    try:
        with psycopg.connect(database, user="lifecycle_clerk", autocommit=True) as clerk:
            clerk.execute("SET portal.repair = 'on'")
            with pytest.raises(psycopg.errors.CheckViolation):
                clerk.execute(repair)
            clerk.execute("UPDATE orders SET status = 'accepted'")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                clerk.execute("UPDATE lifecycle.transitions SET guards = '{}'")
    finally:
        graph.execute("DROP ROLE lifecycle_clerk")
    with graph.transaction():
        graph.execute("SET LOCAL portal.repair = 'on'")
        graph.execute(repair)
    refused(graph, "UPDATE orders SET status = 'pending'")
    assert [row["action"] for row in audit(graph)] == ["status_changed", "status_repaired"]


def test_days_are_those_of_the_zone_that_the_portal_sets(graph: Session) -> None:
    graph.execute("SET TimeZone = 'UTC'")
    day = "SELECT lifecycle.day_of('2025-01-02T03:00:00Z')::text AS day"
    assert graph.execute(day).fetchone() == {"day": "2025-01-02"}
    graph.execute("SET portal.time_zone = 'America/Chicago'")
    assert graph.execute(day).fetchone() == {"day": "2025-01-01"}


def test_the_rules_go_and_come_with_their_revision(empty_database: str) -> None:
    migrate.upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as session:
        session.execute(GRAPH)
        session.execute("UPDATE product_requests SET status = 'cancelled', status_reason = 'x'")
        session.execute("UPDATE orders SET status = 'accepted'")
    migrate.downgrade(empty_database, "0015_documents")
    with psycopg.connect(empty_database, autocommit=True) as session:
        session.execute("UPDATE orders SET status = 'pending'")
        session.execute("UPDATE product_requests SET status = 'completed'")
        assert session.execute("SELECT order_id FROM order_audit_logs").fetchall() == [(7,)]
        assert session.execute("SELECT version_id FROM product_requests").fetchone() == (3,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("DELETE FROM order_audit_logs")
    migrate.upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as session, pytest.raises(psycopg.errors.CheckViolation):
        session.execute("UPDATE orders SET status = 'delivered'")
