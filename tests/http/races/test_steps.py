"""Steps that meet: one order is shipped once, and units of an authorization are taken once, whoever does it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

PORTAL = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'b', 'Ann', 'Lee');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat');
    INSERT INTO products (id, manufacturer_id, name, requires_prior_auth) VALUES (7, 7, 'Graft', true);
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, patient_fhir_id, status)
        VALUES (7, 'req', 'R-1', 7, 'pat', 'approved');
    INSERT INTO prior_authorizations (product_request_id, auth_number, status, approved_units)
        VALUES (7, 'PA-1', 'approved', 5);
"""
ORDER = """
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id, status)
        VALUES (%(id)s, 'order-' || %(id)s, 'O-' || %(id)s, 7, 7, %(status)s);
    INSERT INTO order_items (order_id, product_id, quantity) VALUES (%(id)s, 7, 3);
"""


def with_orders(database: str, status: str, count: int) -> None:
    with psycopg.connect(database, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(PORTAL)
        for number in range(count):
            connection.execute(ORDER, {"id": 100 + number, "status": status})


def rows(database: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database) as connection:
        return connection.execute(query).fetchall()


def shipping(number: int) -> bytes:
    said = [{"name": "tracking-number", "valueString": f"T-{number}"}]
    return json.dumps({"resourceType": "Parameters", "parameter": said}).encode()


def test_of_32_who_ship_one_order_at_once_one_does(workers: Any, database: str) -> None:
    with_orders(database, "accepted", 1)

    def ship(number: int) -> Any:
        return lambda: workers.send("POST", "/Task/order-100/$ship", shipping(number))

    answers = workers.all_at_once([ship(number) for number in range(32)])
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * 31
    (shipped,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert rows(database, "SELECT status, tracking_number, version_id FROM orders") == [
        ("shipped", shipped["output"][0]["valueString"], 2)
    ]
    assert rows(database, "SELECT count(*) FROM order_audit_logs") == [(1,)]


def test_two_orders_do_not_take_the_same_units(workers: Any, database: str) -> None:
    with_orders(database, "draft", 8)

    def place(number: int) -> Any:
        return lambda: workers.send("POST", f"/Task/order-{100 + number}/$place")

    answers = workers.all_at_once([place(number) for number in range(8)])
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
    assert rows(database, "SELECT count(*) FROM orders WHERE status = 'pending'") == [(1,)]


def test_neither_do_they_when_the_portal_places_them(database: str) -> None:
    with_orders(database, "draft", 8)
    start = threading.Barrier(8)

    def place(number: int) -> bool:
        with psycopg.connect(database, autocommit=True) as connection:
            start.wait()
            try:
                connection.execute("UPDATE orders SET status = 'pending' WHERE id = %s", (100 + number,))
            except psycopg.errors.CheckViolation:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(place, range(8))) == 1
    assert rows(database, "SELECT count(*) FROM orders WHERE status = 'pending'") == [(1,)]


def test_who_changes_a_request_and_who_ships_its_order_do_not_hold_each_other_up(workers: Any, database: str) -> None:
    with_orders(database, "accepted", 1)
    stopped = threading.Event()
    failures: list[BaseException] = []

    def change() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            number = 0
            while not stopped.is_set():
                number += 1
                try:
                    connection.execute(
                        "UPDATE product_requests SET patient_fhir_id = %s", ("pat" if number % 2 else None,)
                    )
                except psycopg.Error as error:
                    failures.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for action in ("process", "ready", "ship", "deliver", "complete"):
            answer = workers.send("POST", f"/Task/order-100/${action}", shipping(1) if action == "ship" else None)
            assert answer.status_code == 200, answer.text
    finally:
        stopped.set()
        thread.join()
    assert failures == []
