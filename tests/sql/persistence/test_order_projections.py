"""What products, requests, orders and lines copy of each other, and which versions a change of one makes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from fhir_server.persistence import migrate

Session = Connection[dict[str, Any]]

GRAPH = """
    INSERT INTO users (id, email, password, first_name, last_name)
        VALUES (7, 'a', 'b', 'Ann', 'Lee'), (8, 'c', 'd', 'Bo', 'Ng');
    INSERT INTO organizations (id, fhir_id, name) VALUES (7, 'org', 'Acme'), (8, 'org2', 'Other');
    INSERT INTO fhir_facilities (id, fhir_id, name) VALUES (7, 'clinic', 'Clinic'), (8, 'clinic2', 'Other');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker'), (8, 'maker2', 'Other');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('pat2');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7);
    INSERT INTO products (id, manufacturer_id, name, sku, hcpcs_code, unit_of_measure, base_price)
        VALUES (7, 7, 'Graft', 'G-1', 'Q4101', 'each', 12.50);
    INSERT INTO product_requests (id, request_number, user_id, organization_id, facility_id, patient_fhir_id)
        VALUES (7, 'R-1', 7, 7, 7, 'pat');
    INSERT INTO orders (id, order_number, product_request_id, manufacturer_id) VALUES (7, 'O-1', 7, 7);
    INSERT INTO order_items (id, order_id, product_id, quantity) VALUES (7, 7, 7, 2), (8, 7, 7, 3);
"""


def one(session: Session, query: str) -> dict[str, Any]:
    row = session.execute(query).fetchone()
    assert row is not None
    return row


def versions(session: Session) -> dict[str, int]:
    tables = {"product": "products", "request": "product_requests", "order": "orders", "line": "order_items"}
    query = " UNION ALL ".join(
        f"SELECT '{name}' AS name, version_id FROM {table} WHERE id = 7" for name, table in tables.items()
    )
    return {row["name"]: row["version_id"] for row in session.execute(query)}


@pytest.fixture
def graph(portal: Session) -> Session:
    """One request with one order of two lines, written with the portal's columns only."""
    portal.execute(GRAPH)
    return portal


def test_a_new_graph_has_one_version_of_each(graph: Session) -> None:
    assert versions(graph) == {"product": 1, "request": 1, "order": 1, "line": 1}
    assert one(graph, "SELECT manufacturer_fhir_id FROM products") == {"manufacturer_fhir_id": "maker"}
    request = one(graph, "SELECT * FROM product_requests")
    assert (request["requester_fhir_id"], request["organization_fhir_id"], request["facility_fhir_id"]) == (
        "doc",
        "org",
        "clinic",
    )
    order = one(graph, "SELECT * FROM orders")
    assert (order["product_request_fhir_id"], order["manufacturer_fhir_id"]) == (request["fhir_id"], "maker")
    assert (order["patient_fhir_id"], order["requester_fhir_id"]) == ("pat", "doc")
    line = one(graph, "SELECT * FROM order_items WHERE id = 8")
    assert line["product_snapshot"] == {"name": "Graft", "sku": "G-1", "hcpcs_code": "Q4101", "unit_of_measure": "each"}
    assert (line["order_fhir_id"], line["order_number"], line["line_number"]) == (order["fhir_id"], "O-1", 2)
    assert (line["order_status"], line["order_created_at"]) == ("pending", order["created_at"])
    copies = ("manufacturer_fhir_id", "patient_fhir_id", "requester_fhir_id", "facility_fhir_id")
    assert [line[name] for name in copies] == ["maker", "pat", "doc", "clinic"]


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("UPDATE orders SET status = 'received'", {"order", "line"}),
        ("UPDATE orders SET order_number = 'O-2'", {"order", "line"}),
        ("UPDATE orders SET tracking_number = '1Z'", {"order"}),
        ("UPDATE orders SET manufacturer_id = 8", {"order", "line"}),
        ("UPDATE product_requests SET patient_fhir_id = 'pat2'", {"request", "order", "line"}),
        ("UPDATE product_requests SET patient_fhir_id = NULL", {"request", "order", "line"}),
        ("UPDATE product_requests SET user_id = 8", {"request", "order", "line"}),
        ("UPDATE product_requests SET facility_id = 8", {"request", "line"}),
        ("UPDATE product_requests SET organization_id = 8, status = 'submitted'", {"request"}),
        ("UPDATE products SET name = 'Graft 2'", {"product", "request", "line"}),
        ("UPDATE products SET base_price = 99", {"product"}),
        ("UPDATE products SET manufacturer_id = 8", {"product"}),
        ("INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc0', 8)", set()),
        ("UPDATE fhir_practitioners SET user_id = 8", {"request", "order", "line"}),
        ("UPDATE fhir_practitioners SET npi_number = '1'", set()),
        ("DELETE FROM fhir_practitioners", {"request", "order", "line"}),
        ("UPDATE order_items SET quantity = 5", {"line"}),
        ("UPDATE orders SET status = status", set()),
    ],
)
def test_a_change_makes_one_version_of_all_that_show_it(graph: Session, statement: str, changed: set[str]) -> None:
    graph.execute(statement)
    assert {name for name, version in versions(graph).items() if version == 2} == changed
    assert max(versions(graph).values()) <= 2


def test_one_transaction_makes_one_version_however_much_it_changes(graph: Session) -> None:
    with graph.transaction():
        graph.execute("UPDATE orders SET status = 'received'")
        graph.execute("UPDATE product_requests SET patient_fhir_id = 'pat2', facility_id = 8")
        graph.execute("UPDATE products SET name = 'Graft 2'")
        graph.execute("UPDATE orders SET status = 'accepted'")
    assert versions(graph) == {"product": 2, "request": 2, "order": 2, "line": 2}
    line = one(graph, "SELECT * FROM order_items WHERE id = 7")
    assert (line["order_status"], line["patient_fhir_id"], line["facility_fhir_id"]) == ("accepted", "pat2", "clinic2")
    before = one(graph, "SELECT * FROM history.order_items WHERE id = 7")
    assert (before["order_status"], before["patient_fhir_id"]) == ("pending", "pat")


def test_a_requester_follows_the_link_of_the_practitioner(graph: Session) -> None:
    graph.execute("UPDATE product_requests SET user_id = 8")
    assert one(graph, "SELECT requester_fhir_id FROM orders") == {"requester_fhir_id": None}
    graph.execute("INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('late', 8)")
    for table in ("product_requests", "orders", "order_items"):
        assert one(graph, f"SELECT requester_fhir_id FROM {table}") == {"requester_fhir_id": "late"}


def test_an_order_that_moves_to_another_request_takes_its_lines_along(graph: Session) -> None:
    graph.execute(
        "INSERT INTO product_requests (id, request_number, user_id, patient_fhir_id) VALUES (8, 'R-2', 7, 'pat2')"
    )
    graph.execute("UPDATE orders SET product_request_id = 8")
    line = one(graph, "SELECT * FROM order_items WHERE id = 7")
    assert (line["patient_fhir_id"], line["facility_fhir_id"], line["version_id"]) == ("pat2", None, 2)


def test_lines_keep_their_numbers_when_others_go(graph: Session) -> None:
    graph.execute("DELETE FROM order_items WHERE id = 7")
    graph.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (9, 7, 7), (10, 7, 7)")
    numbers = {row["id"]: row["line_number"] for row in graph.execute("SELECT id, line_number FROM order_items")}
    assert numbers == {8: 2, 9: 3, 10: 4}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("products", "manufacturer_fhir_id"),
        ("orders", "patient_fhir_id"),
        ("orders", "requester_fhir_id"),
        ("orders", "manufacturer_fhir_id"),
        ("orders", "product_request_fhir_id"),
        ("order_items", "order_fhir_id"),
        ("order_items", "order_status"),
        ("order_items", "patient_fhir_id"),
    ],
)
def test_a_copy_cannot_be_given_a_value_that_is_not_true(graph: Session, table: str, column: str) -> None:
    before = one(graph, f"SELECT {column}, version_id FROM {table}")
    graph.execute(f"UPDATE {table} SET {column} = 'forged'")
    assert one(graph, f"SELECT {column}, version_id FROM {table}") == before


def test_a_deleted_order_takes_its_lines_with_it_and_leaves_their_history(graph: Session) -> None:
    graph.execute("DELETE FROM orders")
    assert graph.execute("SELECT FROM order_items").fetchall() == []
    kinds = [row["resource_type"] for row in graph.execute("SELECT resource_type FROM fhir_tombstones ORDER BY 1")]
    assert kinds == ["SupplyRequest", "SupplyRequest", "Task"]


def test_a_fhir_write_names_the_requester_and_finds_the_user(graph: Session) -> None:
    graph.execute(
        "INSERT INTO product_requests (fhir_id, request_number, requester_fhir_id, organization_fhir_id, "
        "document_version) "
        "VALUES ('said', 'R-9', 'doc', 'org2', 1)"
    )
    row = one(graph, "SELECT user_id, organization_id FROM product_requests WHERE fhir_id = 'said'")
    assert row == {"user_id": 7, "organization_id": 8}


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        (
            (
                "INSERT INTO product_requests (fhir_id, request_number, requester_fhir_id, document_version) "
                "VALUES ('x', 'R-9', 'nobody', 1)"
            ),
            "requester_fhir_id",
        ),
        (
            (
                "INSERT INTO orders (fhir_id, order_number, product_request_fhir_id, manufacturer_fhir_id, "
                "document_version) "
                "VALUES ('x', 'O-9', 'nothing', 'maker', 1)"
            ),
            "product_request_fhir_id",
        ),
        (
            (
                "INSERT INTO orders (fhir_id, order_number, product_request_fhir_id, manufacturer_fhir_id, "
                "patient_fhir_id, document_version) "
                "SELECT 'x', 'O-9', fhir_id, 'nobody', 'pat', 1 FROM product_requests"
            ),
            "manufacturer_fhir_id",
        ),
        (
            (
                "INSERT INTO orders (fhir_id, order_number, product_request_fhir_id, manufacturer_fhir_id, "
                "patient_fhir_id, document_version) "
                "SELECT 'x', 'O-9', fhir_id, 'maker', 'pat2', 1 FROM product_requests"
            ),
            "patient_fhir_id",
        ),
        ("UPDATE orders SET fhir_id = fhir_id, patient_fhir_id = 'pat2', document_version = 2", "patient_fhir_id"),
    ],
)
def test_a_fhir_write_that_cannot_be_a_row_is_refused_by_column(graph: Session, statement: str, column: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as told:
        graph.execute(statement)
    assert told.value.diag.column_name == column
    assert told.value.diag.constraint_name == "fhir_written"


def test_an_order_made_while_the_patient_of_its_request_changes_has_the_new_one(
    graph: Session, sessions: Callable[[], Session]
) -> None:
    other = sessions()
    done = threading.Event()

    def insert() -> None:
        other.execute(
            "INSERT INTO orders (id, order_number, product_request_id, manufacturer_id) VALUES (9, 'O-9', 7, 7)"
        )
        done.set()

    thread = threading.Thread(target=insert)
    with graph.transaction():
        graph.execute("UPDATE product_requests SET patient_fhir_id = 'pat2'")
        thread.start()
        assert not done.wait(0.3)
    thread.join()
    assert one(graph, "SELECT patient_fhir_id FROM orders WHERE id = 9") == {"patient_fhir_id": "pat2"}


def test_thousands_of_lines_follow_their_product_at_once(graph: Session) -> None:
    for table in ("orders", "order_items"):
        graph.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH 100")
    graph.execute(
        "INSERT INTO orders (order_number, product_request_id, manufacturer_id) \
        SELECT 'B-' || n, 7, 7 FROM generate_series(1, 500) n"
    )
    graph.execute("INSERT INTO order_items (order_id, product_id) SELECT id, 7 FROM orders, generate_series(1, 4)")
    graph.execute("UPDATE products SET name = 'Graft 2'")
    graph.execute("UPDATE product_requests SET patient_fhir_id = 'pat2'")
    row = one(
        graph,
        "SELECT count(*) AS n, min(version_id) AS v FROM order_items \
        WHERE product_snapshot ->> 'name' = 'Graft 2' AND patient_fhir_id = 'pat2'",
    )
    assert row == {"n": 2006, "v": 3}


def test_rows_that_were_there_before_get_ids_and_copies_as_version_one(empty_database: str) -> None:
    migrate.upgrade(empty_database, "0010_identity")
    with psycopg.connect(empty_database) as connection:
        connection.execute(GRAPH)
        connection.execute("UPDATE orders SET updated_at = '2020-01-01T00:00:00.123456Z'")
    migrate.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        line = connection.execute(
            "SELECT line_number, order_number, patient_fhir_id, facility_fhir_id, requester_fhir_id, "
            "product_snapshot ->> 'sku', version_id, document_version FROM order_items WHERE id = 8"
        ).fetchone()
        assert line == (2, "O-1", "pat", "clinic", "doc", "G-1", 1, None)
        (order,) = connection.execute("SELECT updated_at, length(fhir_id), patient_fhir_id FROM orders").fetchall()
        assert (order[0].year, order[0].microsecond, *order[1:]) == (2020, 123000, 36, "pat")
        queued = connection.execute("SELECT table_name, count(*) FROM phi.text_queue GROUP BY 1 ORDER BY 1").fetchall()
        assert queued == [("fhir_patients", 2), ("order_items", 2), ("orders", 1), ("product_requests", 1)]
        assert connection.execute("SELECT count(*) FROM history.order_items").fetchone() == (0,)
    migrate.downgrade(empty_database, "0010_identity")
    with psycopg.connect(empty_database) as connection:
        connection.execute("UPDATE orders SET status = 'x'")
        assert connection.execute("SELECT status FROM orders").fetchone() == ("x",)
    migrate.upgrade(empty_database)
