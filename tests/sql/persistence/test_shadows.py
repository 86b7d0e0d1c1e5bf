"""A shadow is a second resource of a row: it follows the row, and nothing else can change it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

Session = Connection[dict[str, Any]]

MADE = """SELECT fhir_make_shadow('orders', 'order_echoes', 'SupplyDelivery', 'phi',
    ARRAY['order_number', 'tracking_number', 'total_amount'], 'n.tracking_number IS NOT NULL')"""
ROWS = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a', 'b', 'Ann', 'Lee');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO product_requests (id, request_number, user_id) VALUES (7, 'R-1', 7);
    INSERT INTO orders (id, order_number, product_request_id, manufacturer_id, tracking_number)
        VALUES (7, 'O-7', 7, 7, 'T-7'), (8, 'O-8', 7, 7, NULL);
"""
ECHOES = "SELECT order_number, tracking_number, version_id, deleted_at IS NOT NULL AS gone FROM order_echoes ORDER BY 1"


def echoes(session: Session) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in session.execute(ECHOES)]


@pytest.fixture
def shadowed(portal: Session) -> Session:
    """Two orders, one of them with a tracking number and thus with a shadow."""
    portal.execute(ROWS)
    portal.execute(MADE)
    return portal


def test_rows_that_are_there_get_their_shadows(shadowed: Session) -> None:
    assert echoes(shadowed) == [("O-7", "T-7", 1, False)]


def test_new_and_changed_rows_get_theirs(shadowed: Session) -> None:
    shadowed.execute("""INSERT INTO orders (order_number, product_request_id, manufacturer_id, tracking_number)
        VALUES ('O-9', 7, 7, 'T-9'), ('O-99', 7, 7, NULL)""")
    shadowed.execute("UPDATE orders SET tracking_number = 'T-8' WHERE id = 8")
    assert echoes(shadowed) == [("O-7", "T-7", 1, False), ("O-8", "T-8", 1, False), ("O-9", "T-9", 1, False)]


def test_what_is_not_copied_makes_no_version_of_the_shadow(shadowed: Session) -> None:
    shadowed.execute("UPDATE orders SET notes = 'x', status = 'accepted'")
    assert echoes(shadowed) == [("O-7", "T-7", 1, False)]


def test_a_shadow_goes_with_its_condition_and_comes_back_with_its_id_and_history(shadowed: Session) -> None:
    before = shadowed.execute("SELECT fhir_id FROM order_echoes").fetchall()
    shadowed.execute("UPDATE orders SET tracking_number = NULL WHERE id = 7")
    assert echoes(shadowed) == [("O-7", "T-7", 2, True)]
    shadowed.execute("UPDATE orders SET tracking_number = 'T-77' WHERE id = 7")
    assert echoes(shadowed) == [("O-7", "T-77", 3, False)]
    assert shadowed.execute("SELECT fhir_id FROM order_echoes").fetchall() == before
    assert len(shadowed.execute("SELECT FROM history.order_echoes").fetchall()) == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE orders SET deleted_at = now() WHERE id = 7", "DELETE FROM orders WHERE id = 7"]
)
def test_a_shadow_goes_with_its_row(shadowed: Session, statement: str) -> None:
    shadowed.execute(statement)
    assert [row[3] for row in echoes(shadowed)] in ([], [True])
    tombs = shadowed.execute("SELECT FROM fhir_tombstones WHERE resource_type = 'SupplyDelivery'").fetchall()
    assert len(tombs) == 1 - len(echoes(shadowed))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE order_echoes SET tracking_number = 'forged'",
        "UPDATE order_echoes SET total_amount = 1",
        "UPDATE order_echoes SET deleted_at = now()",
        "UPDATE order_echoes SET source_id = 8",
        "DELETE FROM order_echoes",
        "INSERT INTO order_echoes (source_id, order_number) VALUES (8, 'forged')",
    ],
)
def test_nobody_writes_what_is_copied(shadowed: Session, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="is copied from a record in orders"):
        shadowed.execute(statement)
    assert echoes(shadowed) == [("O-7", "T-7", 1, False)]


def test_what_fhir_says_beside_the_copies_is_a_version_of_its_own(shadowed: Session) -> None:
    shadowed.execute("UPDATE order_echoes SET document_version = version_id + 1")
    assert echoes(shadowed) == [("O-7", "T-7", 2, False)]


def test_a_column_that_the_source_does_not_have_is_refused(portal: Session) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn, match="not all of"):
        portal.execute(MADE.replace("'order_number'", "'order_nmber'"))


def test_a_shadow_can_be_taken_away_again(shadowed: Session) -> None:
    shadowed.execute("SELECT fhir_drop_shadow('orders', 'order_echoes', 'SupplyDelivery', 'phi')")
    shadowed.execute("UPDATE orders SET tracking_number = 'T-78' WHERE id = 7")
    assert shadowed.execute("SELECT to_regclass('order_echoes') AS it").fetchall() == [{"it": None}]
