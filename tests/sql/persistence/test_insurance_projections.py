"""What authorizations and validations copy of requests, orders and clinics, and which versions a change makes."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

from fhir_server.persistence import migrate
from fhir_server.resources.insurance_numbers import coverage_id

Session = Connection[dict[str, Any]]

GRAPH = """
    INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a', 'b', 'Ann', 'Lee');
    INSERT INTO fhir_facilities (id, fhir_id, name) VALUES (7, 'clinic', 'Clinic'), (8, 'clinic2', 'Other');
    INSERT INTO manufacturers (id, name) VALUES (7, 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('pat2');
    INSERT INTO product_requests (id, request_number, user_id, patient_fhir_id) VALUES (7, 'R-1', 7, 'pat'),
        (8, 'R-2', 7, 'pat2');
    INSERT INTO orders (id, order_number, product_request_id, manufacturer_id)
        VALUES (7, 'O-1', 7, 7), (8, 'O-2', 8, 7);
    INSERT INTO eligibility_checks (id, patient_fhir_id, payer_name, member_id, eligibility_status, coverage_active)
        VALUES (7, 'pat', 'Medicare', 'M-1', 'eligible', true), (8, 'pat', 'Aetna', 'A-1', 'pending', NULL);
    INSERT INTO prior_authorizations (id, auth_number, product_request_id) VALUES (7, 'A-1', 7), (8, NULL, NULL);
    INSERT INTO medicare_mac_validations (id, validation_id, order_id, patient_fhir_id, facility_id)
        VALUES (7, 'V-1', 7, 'pat', 7), (8, 'V-2', NULL, NULL, NULL);
"""

TABLES = {
    "request": "product_requests",
    "order": "orders",
    "check": "eligibility_checks",
    "authorization": "prior_authorizations",
    "validation": "medicare_mac_validations",
}


def one(session: Session, query: str) -> dict[str, Any]:
    row = session.execute(query).fetchone()
    assert row is not None
    return row


def versions(session: Session) -> dict[str, int]:
    query = " UNION ALL ".join(
        f"SELECT '{name}' AS name, version_id FROM {table} WHERE id = 7" for name, table in TABLES.items()
    )
    query += " UNION ALL SELECT 'coverage', version_id FROM eligibility_coverages WHERE source_id = 7"
    return {row["name"]: row["version_id"] for row in session.execute(query)}


@pytest.fixture
def graph(portal: Session) -> Session:
    """A check, an authorization and a validation for one request, written with the portal's columns only."""
    portal.execute(GRAPH)
    return portal


def test_new_rows_have_one_version_and_their_copies(graph: Session) -> None:
    assert versions(graph) == dict.fromkeys((*TABLES, "coverage"), 1)
    authorization = one(graph, "SELECT * FROM prior_authorizations WHERE id = 7")
    request = one(graph, "SELECT fhir_id FROM product_requests WHERE id = 7")
    assert (authorization["product_request_fhir_id"], authorization["patient_fhir_id"]) == (request["fhir_id"], "pat")
    alone = one(graph, "SELECT * FROM prior_authorizations WHERE id = 8")
    assert (alone["product_request_fhir_id"], alone["patient_fhir_id"]) == (None, None)
    validation = one(graph, "SELECT * FROM medicare_mac_validations WHERE id = 7")
    order = one(graph, "SELECT fhir_id FROM orders WHERE id = 7")
    assert (validation["order_fhir_id"], validation["facility_fhir_id"]) == (order["fhir_id"], "clinic")
    check = one(graph, "SELECT fhir_id FROM eligibility_checks WHERE id = 7")
    coverage = one(graph, "SELECT * FROM eligibility_coverages")
    assert (coverage["source_id"], coverage["fhir_id"]) == (7, coverage_id(check["fhir_id"]))


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("UPDATE product_requests SET patient_fhir_id = 'pat2' WHERE id = 7", {"request", "order", "authorization"}),
        ("UPDATE product_requests SET patient_fhir_id = NULL WHERE id = 7", {"request", "order", "authorization"}),
        ("UPDATE product_requests SET notes = 'x' WHERE id = 7", {"request"}),
        ("UPDATE prior_authorizations SET product_request_id = 8 WHERE id = 7", {"authorization"}),
        ("UPDATE prior_authorizations SET status = 'approved' WHERE id = 7", {"authorization"}),
        ("UPDATE prior_authorizations SET status = status", set()),
        ("UPDATE medicare_mac_validations SET order_id = 8 WHERE id = 7", {"validation"}),
        ("UPDATE medicare_mac_validations SET facility_id = NULL WHERE id = 7", {"validation"}),
        ("UPDATE eligibility_checks SET eligibility_status = 'inactive' WHERE id = 7", {"check"}),
        ("UPDATE eligibility_checks SET payer_name = 'Medicare B' WHERE id = 7", {"check", "coverage"}),
        ("UPDATE eligibility_checks SET coverage_active = NULL WHERE id = 7", {"check", "coverage"}),
        ("UPDATE orders SET status = 'received' WHERE id = 7", {"order"}),
    ],
)
def test_a_change_makes_one_version_of_all_that_show_it(graph: Session, statement: str, changed: set[str]) -> None:
    graph.execute(statement)
    assert {name for name, version in versions(graph).items() if version == 2} == changed
    assert max(versions(graph).values()) <= 2


def test_the_patient_of_an_authorization_is_that_of_its_request(graph: Session) -> None:
    graph.execute("UPDATE product_requests SET patient_fhir_id = 'pat2' WHERE id = 7")
    patient = "SELECT patient_fhir_id FROM prior_authorizations WHERE id = 7"
    assert one(graph, patient) == {"patient_fhir_id": "pat2"}
    assert one(graph, "SELECT patient_fhir_id FROM history.prior_authorizations WHERE id = 7") == {
        "patient_fhir_id": "pat"
    }
    graph.execute("UPDATE prior_authorizations SET product_request_id = NULL WHERE id = 7")
    assert one(graph, patient) == {"patient_fhir_id": None}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("prior_authorizations", "patient_fhir_id"),
        ("prior_authorizations", "product_request_fhir_id"),
        ("medicare_mac_validations", "order_fhir_id"),
        ("medicare_mac_validations", "facility_fhir_id"),
    ],
)
def test_nobody_forges_a_copy(graph: Session, table: str, column: str) -> None:
    before = one(graph, f"SELECT {column} FROM {table} WHERE id = 7")
    graph.execute(f"UPDATE {table} SET {column} = 'pat2' WHERE id = 7")
    assert one(graph, f"SELECT {column} FROM {table} WHERE id = 7") == before
    assert max(versions(graph).values()) == 1


def test_a_coverage_lives_as_long_as_it_is_known_to_be_active_or_not(graph: Session) -> None:
    graph.execute("UPDATE eligibility_checks SET coverage_active = false WHERE id = 8")
    first = one(graph, "SELECT fhir_id, deleted_at FROM eligibility_coverages WHERE source_id = 8")
    assert first["deleted_at"] is None
    graph.execute("UPDATE eligibility_checks SET coverage_active = NULL WHERE id = 8")
    assert one(graph, "SELECT * FROM eligibility_coverages WHERE source_id = 8")["deleted_at"] is not None
    graph.execute("UPDATE eligibility_checks SET coverage_active = true WHERE id = 8")
    assert one(graph, "SELECT fhir_id, deleted_at FROM eligibility_coverages WHERE source_id = 8") == first


def test_nobody_changes_a_coverage_beside_its_check(graph: Session) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="eligibility_checks"):
        graph.execute("UPDATE eligibility_coverages SET member_id = 'M-2'")


def test_a_check_number_is_given_once(graph: Session) -> None:
    graph.execute("UPDATE eligibility_checks SET check_number = 'C-1' WHERE id = 7")
    with pytest.raises(psycopg.errors.UniqueViolation):
        graph.execute("UPDATE eligibility_checks SET check_number = 'C-1' WHERE id = 8")


def test_rows_that_were_there_before_get_their_copies_and_lose_nothing_on_the_way_back(empty_database: str) -> None:
    migrate.upgrade(empty_database, "0013_shadows")
    with psycopg.connect(empty_database) as session:
        session.execute(GRAPH)
        session.execute("UPDATE prior_authorizations SET updated_at = '2020-01-01T00:00:00.123456Z'")
        session.execute("UPDATE medicare_mac_validations SET updated_at = NULL")
        columns = session.execute("SELECT * FROM prior_authorizations ORDER BY id").fetchall()
    migrate.upgrade(empty_database, "0014_insurance")
    with psycopg.connect(empty_database) as session:
        found = session.execute(
            "SELECT version_id, document_version, patient_fhir_id, updated_at::text "
            "FROM prior_authorizations WHERE id = 7"
        ).fetchone()
        assert found is not None
        assert found[:3] == (1, None, "pat")
        assert found[3].startswith("2020-01-01 00:00:00.123")
        assert session.execute("SELECT count(*) FROM eligibility_coverages").fetchone() == (1,)
        assert session.execute("SELECT facility_fhir_id FROM medicare_mac_validations WHERE id = 7").fetchone() == (
            "clinic",
        )
        session.execute("UPDATE prior_authorizations SET status = 'denied' WHERE id = 8")
        session.execute("UPDATE prior_authorizations SET status = 'pending' WHERE id = 8")
    migrate.downgrade(empty_database, "0013_shadows")
    with psycopg.connect(empty_database) as session:
        again = session.execute("SELECT * FROM prior_authorizations ORDER BY id").fetchall()
        assert [row[:13] for row in again] == [row[:13] for row in columns]
        assert len(again[0]) == len(columns[0])
        session.execute("UPDATE prior_authorizations SET status = 'denied'")
