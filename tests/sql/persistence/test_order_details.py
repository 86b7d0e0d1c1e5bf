"""What requests show of the products of their lines, shipments of orders, and roles of users, and who may write it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from sqlalchemy.dialects import postgresql

from business.statuses import status_map
from fhir_server.persistence import migrate
from fhir_server.resources.registry import registry
from tests.sql.persistence.test_order_projections import GRAPH, one

Session = Connection[dict[str, Any]]

SHOWN = "SELECT product_name, product_hcpcs_code, product_sku, has_several_products FROM product_requests WHERE id = 7"
SHIPMENT = "SELECT * FROM order_shipments WHERE source_id = 7"
OTHER = """INSERT INTO products (id, manufacturer_id, name, sku, hcpcs_code) VALUES (8, 7, 'Mesh', 'M-1', 'A6021');
    INSERT INTO orders (id, order_number, product_request_id, manufacturer_id) VALUES (8, 'O-2', 7, 7);"""
GRAFT, SEVERAL, NOTHING = ("Graft", "Q4101", "G-1", None), (None, None, None, True), (None, None, None, None)


def shown(session: Session) -> tuple[Any, ...]:
    return tuple(one(session, SHOWN).values())


def shipments(session: Session) -> list[tuple[Any, ...]]:
    rows = session.execute("SELECT order_number, deleted_at IS NULL AS is_there FROM order_shipments ORDER BY 1")
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def graph(portal: Session) -> Session:
    """One request with one order of two lines of the same product, and another product and order.

    What is copied follows a status wherever it comes from, so the session may set any (ADR 0016).
    """
    portal.execute("SET portal.repair = 'on'")
    portal.execute(GRAPH)
    portal.execute(OTHER)
    return portal


class TestProducts:
    def test_lines_of_one_product_are_that_product(self, graph: Session) -> None:
        assert shown(graph) == GRAFT

    @pytest.mark.parametrize(
        ("statements", "expected"),
        [
            (["INSERT INTO order_items (id, order_id, product_id) VALUES (9, 7, 8)"], SEVERAL),
            (["INSERT INTO order_items (id, order_id, product_id) VALUES (9, 8, 8)"], SEVERAL),
            (["INSERT INTO order_items (id, order_id, product_id) VALUES (9, 8, 7)"], GRAFT),
            (["UPDATE order_items SET product_id = 8"], ("Mesh", "A6021", "M-1", None)),
            (["UPDATE order_items SET product_id = 8 WHERE id = 7"], SEVERAL),
            (["UPDATE order_items SET product_id = 8 WHERE id = 7", "DELETE FROM order_items WHERE id = 7"], GRAFT),
            (["UPDATE order_items SET deleted_at = now()"], NOTHING),
            (["UPDATE orders SET deleted_at = now() WHERE id = 7"], NOTHING),
            (["DELETE FROM order_items"], NOTHING),
            (["DELETE FROM orders"], NOTHING),
            (["UPDATE products SET sku = NULL, name = 'G' WHERE id = 7"], ("G", "Q4101", None, None)),
            (["UPDATE product_requests SET product_name = 'forged', has_several_products = true"], GRAFT),
        ],
    )
    def test_the_request_follows_its_lines(
        self, graph: Session, statements: list[str], expected: tuple[Any, ...]
    ) -> None:
        for statement in statements:
            graph.execute(statement)
        assert shown(graph) == expected

    def test_what_changes_nothing_of_it_makes_no_version(self, graph: Session) -> None:
        graph.execute("INSERT INTO order_items (order_id, product_id) OVERRIDING USER VALUE VALUES (8, 7)")
        graph.execute("UPDATE order_items SET quantity = 4")
        assert one(graph, "SELECT version_id FROM product_requests") == {"version_id": 1}
        graph.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (99, 8, 8)")
        assert one(graph, "SELECT version_id FROM product_requests") == {"version_id": 2}
        before = one(graph, "SELECT product_name, has_several_products FROM history.product_requests")
        assert before == {"product_name": "Graft", "has_several_products": None}

    def test_an_order_that_moves_takes_its_products_along(self, graph: Session) -> None:
        graph.execute("INSERT INTO product_requests (id, request_number, user_id) VALUES (8, 'R-2', 7)")
        graph.execute("UPDATE orders SET product_request_id = 8 WHERE id = 7")
        assert shown(graph) == NOTHING
        assert one(graph, SHOWN.replace("id = 7", "id = 8"))["product_name"] == "Graft"

    def test_two_lines_added_at_once_are_both_counted(self, graph: Session, sessions: Callable[[], Session]) -> None:
        other, done = sessions(), threading.Event()
        graph.execute("DELETE FROM order_items")

        def insert() -> None:
            other.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (98, 8, 8)")
            done.set()

        thread = threading.Thread(target=insert)
        with graph.transaction():
            graph.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (99, 7, 7)")
            thread.start()
            assert not done.wait(0.3)
        thread.join()
        assert shown(graph) == SEVERAL

    def test_a_line_and_a_change_of_its_request_do_not_wait_for_each_other(
        self, graph: Session, sessions: Callable[[], Session]
    ) -> None:
        other, errors = sessions(), list[psycopg.Error]()

        def change() -> None:
            try:
                other.execute("UPDATE product_requests SET patient_fhir_id = 'pat2'")
            except psycopg.Error as error:
                errors.append(error)

        thread = threading.Thread(target=change)
        with graph.transaction():
            graph.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (99, 7, 8)")
            thread.start()
            thread.join(0.3)
            graph.execute("UPDATE orders SET status = 'shipped' WHERE id = 7")
        thread.join()
        assert errors == []
        assert one(graph, "SELECT patient_fhir_id FROM order_items WHERE id = 99") == {"patient_fhir_id": "pat2"}
        assert shown(graph) == SEVERAL

    def test_thousands_of_requests_follow_their_product_at_once(self, graph: Session) -> None:
        for table in ("product_requests", "orders", "order_items"):
            graph.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH 100")
        graph.execute(
            "INSERT INTO product_requests (request_number, user_id) SELECT 'B-' || n, 7 \
            FROM generate_series(1, 2000) n"
        )
        graph.execute(
            "INSERT INTO orders (order_number, product_request_id, manufacturer_id) \
            SELECT request_number, id, 7 FROM product_requests WHERE id >= 100"
        )
        graph.execute("INSERT INTO order_items (order_id, product_id) SELECT id, 7 FROM orders WHERE id >= 100")
        graph.execute("UPDATE products SET name = 'Graft 2' WHERE id = 7")
        counted = one(graph, "SELECT count(*) AS n FROM product_requests WHERE product_name = 'Graft 2'")
        assert counted == {"n": 2001}


class TestProductsAskedFor:
    def test_before_there_are_lines_it_is_what_the_details_name(self, graph: Session) -> None:
        graph.execute("""INSERT INTO product_requests (id, request_number, user_id, clinical_details)
            VALUES (9, 'R-9', 7, '{"products": [{"product_id": 7, "quantity": 2}]}')""")
        query = "SELECT product_name, has_several_products, version_id FROM product_requests WHERE id = 9"
        assert one(graph, query) == {"product_name": "Graft", "has_several_products": None, "version_id": 1}
        graph.execute("UPDATE products SET name = 'Grafts' WHERE id = 7")
        assert one(graph, query) == {"product_name": "Grafts", "has_several_products": None, "version_id": 2}
        products = '{"products": [{"product_id": "7"}, {"product_id": 8}, {"product_id": "x"}, 5, null]}'
        graph.execute("UPDATE product_requests SET clinical_details = %s WHERE id = 9", (products,))
        assert one(graph, query) == {"product_name": None, "has_several_products": True, "version_id": 3}

    def test_lines_say_better(self, graph: Session) -> None:
        graph.execute(
            """UPDATE product_requests SET clinical_details = '{"products": [{"product_id": 8}]}' WHERE id = 7"""
        )
        assert one(graph, "SELECT product_name FROM product_requests WHERE id = 7") == {"product_name": "Graft"}

    @pytest.mark.parametrize("details", ["[]", "5", '{"products": 5}', '{"products": {"product_id": 7}}', "null"])
    def test_odd_details_name_nothing(self, graph: Session, details: str) -> None:
        graph.execute(
            "INSERT INTO product_requests (id, request_number, user_id, clinical_details) VALUES (9, 'R-9', 7, %s)",
            (details,),
        )
        assert one(graph, "SELECT product_name FROM product_requests WHERE id = 9") == {"product_name": None}


class TestShipments:
    @pytest.mark.parametrize("text", [*status_map("shipment").codes, " Shipped ", "In-Transit", "OUT FOR DELIVERY"])
    def test_every_text_of_the_map_makes_a_shipment(self, graph: Session, text: str) -> None:
        graph.execute("UPDATE orders SET status = %s WHERE id = 7", (text,))
        assert shipments(graph) == [("O-1", True)]

    @pytest.mark.parametrize("text", sorted(status_map("order").codes.keys() - status_map("shipment").codes.keys()))
    def test_no_other_text_does(self, graph: Session, text: str) -> None:
        graph.execute("UPDATE orders SET status = %s WHERE id = 7", (text,))
        assert shipments(graph) == []

    def test_so_does_a_tracking_number(self, graph: Session) -> None:
        graph.execute("UPDATE orders SET tracking_number = ' \t'")
        assert shipments(graph) == []
        graph.execute("UPDATE orders SET tracking_number = '1Z' WHERE id = 7")
        assert shipments(graph) == [("O-1", True)]
        graph.execute("UPDATE orders SET tracking_number = NULL")
        assert shipments(graph) == [("O-1", False)]

    def test_it_shows_lines_order_and_where_the_goods_go(self, graph: Session) -> None:
        graph.execute("UPDATE orders SET status = 'shipped' WHERE id = 7")
        ids = [row["fhir_id"] for row in graph.execute("SELECT fhir_id FROM order_items ORDER BY line_number")]
        order = one(graph, "SELECT fhir_id FROM orders WHERE id = 7")["fhir_id"]
        row = one(graph, SHIPMENT)
        assert (row["order_fhir_id"], row["line_fhir_ids"], row["version_id"]) == (order, ids, 1)
        assert (row["facility_fhir_id"], row["patient_fhir_id"]) == ("clinic", "pat")
        graph.execute("UPDATE product_requests SET facility_id = NULL")
        graph.execute("DELETE FROM order_items WHERE id = 7")
        row = one(graph, SHIPMENT)
        assert (row["facility_fhir_id"], row["patient_fhir_id"], row["line_fhir_ids"]) == (None, "pat", ids[1:])
        assert row["version_id"] == 3

    def test_when_it_left_is_when_that_was_first_said(self, graph: Session) -> None:
        graph.execute("UPDATE orders SET status = 'label_created' WHERE id = 7")
        assert one(graph, SHIPMENT)["shipped_at"] is None
        graph.execute("UPDATE orders SET status = 'shipped' WHERE id = 7")
        left = one(graph, SHIPMENT)["shipped_at"]
        assert left is not None
        graph.execute("UPDATE orders SET status = 'delivered', tracking_number = '1Z' WHERE id = 7")
        assert one(graph, SHIPMENT)["shipped_at"] == left
        graph.execute("UPDATE order_shipments SET shipped_at = now(), order_fhir_id = 'forged', line_fhir_ids = '[]'")
        assert one(graph, SHIPMENT)["shipped_at"] == left
        assert one(graph, SHIPMENT)["version_id"] == 3

    def test_of_an_order_that_comes_as_delivered_nobody_knows_when_it_left(self, graph: Session) -> None:
        graph.execute(
            "INSERT INTO orders (id, order_number, product_request_id, manufacturer_id, status) "
            "VALUES (9, 'O-9', 7, 7, 'delivered')"
        )
        assert one(graph, SHIPMENT.replace("= 7", "= 9"))["shipped_at"] is None
        graph.execute("UPDATE orders SET status = 'returned' WHERE id = 9")
        assert one(graph, SHIPMENT.replace("= 7", "= 9"))["shipped_at"] is None

    def test_an_order_that_moves_is_sent_elsewhere(self, graph: Session) -> None:
        graph.execute("UPDATE orders SET status = 'shipped' WHERE id = 7")
        graph.execute("INSERT INTO product_requests (id, request_number, user_id, facility_id) VALUES (8, 'R-2', 7, 8)")
        graph.execute("UPDATE orders SET product_request_id = 8")
        assert one(graph, SHIPMENT)["facility_fhir_id"] == "clinic2"

    def test_a_deleted_order_takes_its_shipment_along(self, graph: Session) -> None:
        # One whose status changed has audit rows, which keep it (ADR 0006).
        graph.execute(
            "INSERT INTO orders (id, order_number, product_request_id, manufacturer_id, status) "
            "VALUES (9, 'O-9', 7, 7, 'shipped'), (10, 'O-10', 7, 7, 'shipped')"
        )
        graph.execute("DELETE FROM orders WHERE id = 9")
        assert shipments(graph) == [("O-10", True)]

    def test_what_is_copied_is_not_written_here(self, graph: Session) -> None:
        graph.execute("UPDATE orders SET status = 'shipped'")
        with pytest.raises(psycopg.errors.CheckViolation):
            graph.execute("UPDATE order_shipments SET status = 'delivered'")


class TestContacts:
    def test_a_role_shows_how_its_user_is_reached(self, graph: Session) -> None:
        graph.execute("INSERT INTO user_organizations (user_id, organization_id) VALUES (7, 7)")
        assert one(graph, "SELECT user_contact FROM user_organizations") == {"user_contact": {"email": "a"}}
        graph.execute("UPDATE users SET phone = '555', password = 'x' WHERE id = 7")
        row = one(graph, "SELECT user_contact, version_id FROM user_organizations")
        assert row == {"user_contact": {"email": "a", "phone": "555"}, "version_id": 2}
        graph.execute("UPDATE users SET password = 'y'")
        graph.execute('UPDATE user_organizations SET user_contact = \'{"phone": "forged"}\'')
        assert one(graph, "SELECT version_id FROM user_organizations") == {"version_id": 2}


def test_rows_that_were_there_before_get_products_and_shipments(empty_database: str) -> None:
    migrate.upgrade(empty_database, "0016_lifecycles")
    with psycopg.connect(empty_database) as connection:
        connection.execute("SET portal.repair = 'on'")
        connection.execute(GRAPH)
        connection.execute("""INSERT INTO product_requests (id, fhir_id, request_number, user_id, clinical_details,
            document_version) VALUES (9, 'said', 'R-9', 7, '{"diagnosis": "E11.9"}', 1)""")
        connection.execute("UPDATE orders SET status = 'shipped'")
        connection.execute("INSERT INTO user_organizations (user_id, organization_id) VALUES (7, 7)")
    migrate.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("SET portal.repair = 'on'")
        request = connection.execute(
            "SELECT product_name, product_sku, version_id FROM product_requests WHERE id = 7"
        ).fetchone()
        assert request == ("Graft", "G-1", 1)
        shipment = connection.execute(
            "SELECT jsonb_array_length(line_fhir_ids), facility_fhir_id, shipped_at, version_id FROM order_shipments"
        ).fetchone()
        assert shipment == (2, "clinic", None, 1)
        role = connection.execute("SELECT user_contact, version_id FROM user_organizations").fetchone()
        assert role == ({"email": "a"}, 1)
        # A document of before knows nothing of the details: they are to be merged into it.
        said = connection.execute("SELECT version_id, document_version FROM product_requests WHERE id = 9").fetchone()
        assert said == (2, 1)
        before = connection.execute("SELECT version_id, clinical_details FROM history.product_requests").fetchall()
        assert before == [(1, None)]
        connection.execute("UPDATE orders SET status = 'delivered'")
        assert connection.execute("SELECT status, shipped_at FROM order_shipments").fetchone() == ("delivered", None)
    migrate.downgrade(empty_database, "0016_lifecycles")
    with psycopg.connect(empty_database) as connection:
        connection.execute("UPDATE orders SET notes = 'x'")
        connection.execute("UPDATE product_requests SET notes = 'x'")
        connection.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (99, 7, 7)")
    migrate.upgrade(empty_database)


@pytest.mark.parametrize(
    ("resource_type", "parameter", "attribute", "value", "index"),
    [
        ("Task", "due", "low", "now()", "orders_due"),
        ("Task", "order-number", "column", "'x'", "orders_order_number_key"),
        ("Task", "tracking-number", "column", "'x'", "orders_tracking_number"),
        ("DeviceRequest", "request-number", "column", "'x'", "product_requests_request_number_key"),
        ("DeviceRequest", "code", "column", "'x'", "product_requests_product_hcpcs_code"),
        ("SupplyRequest", "order-number", "column", "'x'", "order_items_order_number"),
        ("SupplyDelivery", "order-number", "column", "'x'", "order_shipments_order_number"),
        ("SupplyDelivery", "tracking-number", "column", "'x'", "order_shipments_tracking_number"),
    ],
)
def test_what_is_searched_has_an_index(
    graph: Session, resource_type: str, parameter: str, attribute: str, value: str, index: str
) -> None:
    source = next(one for one in registry().sources(resource_type) if not one.generic)
    searched = getattr(source.columns[parameter][0], attribute)
    text = str(searched.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    graph.execute("SET enable_seqscan = off")
    plan = graph.execute(f"EXPLAIN SELECT 1 FROM {source.table.name} WHERE {text} = {value}").fetchall()
    assert index in str(plan)
