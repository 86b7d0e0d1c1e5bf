"""What episodes, submissions, files, commissions and opportunities copy of other rows, and what versions that makes."""

from __future__ import annotations

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
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker'), (8, 'maker2', 'Other');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('pat2');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7);
    INSERT INTO product_requests (id, fhir_id, request_number, user_id)
        VALUES (7, 'req', 'R-1', 7), (8, 'req2', 'R-2', 7);
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id)
        VALUES (7, 'ord', 'O-1', 7, 7), (8, 'ord2', 'O-2', 7, 7);
"""
PAPERS = """
    INSERT INTO patient_manufacturer_ivr_episodes (id, episode_number, patient_fhir_id, manufacturer_id,
        product_request_id) VALUES (7, 'E-1', 'pat', 7, 7);
    INSERT INTO docuseal_submissions (id, submission_id, template_id, episode_id)
        VALUES (7, 'S-1', 'ivr', 7), (8, 'S-2', 'ivr', NULL);
    INSERT INTO commission_records (id, sales_rep_id, order_id, organization_id) VALUES (7, 7, 7, 7);
    INSERT INTO clinical_opportunities (id, patient_fhir_id, assigned_to) VALUES (7, 'pat', 7);
"""
TABLES = {
    "episode": "patient_manufacturer_ivr_episodes",
    "form": "docuseal_submissions",
    "commission": "commission_records",
    "opportunity": "clinical_opportunities",
}


def one(session: Session, query: str) -> dict[str, Any]:
    row = session.execute(query).fetchone()
    assert row is not None
    return row


def versions(session: Session) -> dict[str, int]:
    query = " UNION ALL ".join(
        f"SELECT '{name}' AS name, version_id FROM {table} WHERE id = 7" for name, table in TABLES.items()
    )
    return {row["name"]: row["version_id"] for row in session.execute(query)}


@pytest.fixture
def graph(portal: Session) -> Session:
    """One of each, written with the portal's columns only."""
    portal.execute(GRAPH)
    portal.execute(PAPERS)
    return portal


def test_new_rows_have_one_version_and_their_copies(graph: Session) -> None:
    assert versions(graph) == dict.fromkeys(TABLES, 1)
    episode = one(graph, "SELECT * FROM patient_manufacturer_ivr_episodes")
    assert (episode["manufacturer_fhir_id"], episode["product_request_fhir_id"]) == ("maker", "req")
    form = one(graph, "SELECT * FROM docuseal_submissions WHERE id = 7")
    assert (form["episode_fhir_id"], form["patient_fhir_id"], form["binary_fhir_id"]) == (
        episode["fhir_id"],
        "pat",
        None,
    )
    commission = one(graph, "SELECT * FROM commission_records")
    copies = ("sales_rep_fhir_id", "order_fhir_id", "organization_fhir_id")
    assert [commission[name] for name in copies] == ["doc", "ord", "org"]
    assert one(graph, "SELECT assignee_fhir_id FROM clinical_opportunities") == {"assignee_fhir_id": "doc"}


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("UPDATE patient_manufacturer_ivr_episodes SET patient_fhir_id = 'pat2'", {"episode", "form"}),
        ("UPDATE patient_manufacturer_ivr_episodes SET manufacturer_id = 8", {"episode"}),
        ("UPDATE patient_manufacturer_ivr_episodes SET product_request_id = NULL", {"episode"}),
        ("UPDATE patient_manufacturer_ivr_episodes SET status = status", set()),
        ("UPDATE docuseal_submissions SET episode_id = NULL", {"form"}),
        ("INSERT INTO docuseal_files (submission_id, content) VALUES (7, 'a')", {"form"}),
        ("INSERT INTO docuseal_files (submission_id, content) VALUES (8, 'a')", set()),
        ("INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc0', 8)", set()),
        ("UPDATE fhir_practitioners SET user_id = 8", {"commission", "opportunity"}),
        ("UPDATE fhir_practitioners SET npi_number = '1'", set()),
        ("DELETE FROM fhir_practitioners", {"commission", "opportunity"}),
        ("UPDATE commission_records SET sales_rep_id = 8, order_id = 8", {"commission"}),
        ("UPDATE orders SET status = 'received'", set()),
    ],
)
def test_a_change_makes_one_version_of_all_that_show_it(graph: Session, statement: str, changed: set[str]) -> None:
    graph.execute(statement)
    assert {name for name, version in versions(graph).items() if version == 2} == changed
    assert max(versions(graph).values()) <= 2


def test_a_file_is_copied_and_forgotten(graph: Session) -> None:
    columns = "binary_fhir_id, file_content_type, file_size, file_hash, version_id"
    graph.execute("INSERT INTO docuseal_files (fhir_id, submission_id, content) VALUES ('bin', 7, 'abc')")
    told = one(graph, f"SELECT {columns} FROM docuseal_submissions WHERE id = 7")
    assert (told["binary_fhir_id"], told["file_content_type"], told["file_size"]) == ("bin", "application/pdf", 3)
    graph.execute("UPDATE docuseal_files SET content = 'abcd', sha1 = decode(repeat('00', 20), 'hex'), size = 99")
    told = one(graph, f"SELECT {columns} FROM docuseal_submissions WHERE id = 7")
    assert (told["file_size"], told["file_hash"], told["version_id"]) == (4, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 3)
    graph.execute("UPDATE docuseal_files SET content = 'abc'")
    assert one(graph, "SELECT sha1 FROM docuseal_files") == {"sha1": None}
    graph.execute("UPDATE docuseal_files SET submission_id = 8")
    assert one(graph, "SELECT binary_fhir_id FROM docuseal_submissions WHERE id = 7") == {"binary_fhir_id": None}
    assert one(graph, "SELECT binary_fhir_id FROM docuseal_submissions WHERE id = 8") == {"binary_fhir_id": "bin"}
    graph.execute("UPDATE docuseal_files SET deleted_at = now()")
    assert one(graph, "SELECT binary_fhir_id FROM docuseal_submissions WHERE id = 8") == {"binary_fhir_id": None}
    graph.execute("UPDATE docuseal_files SET deleted_at = NULL")
    graph.execute("DELETE FROM docuseal_files")
    assert one(graph, "SELECT binary_fhir_id FROM docuseal_submissions WHERE id = 8") == {"binary_fhir_id": None}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("patient_manufacturer_ivr_episodes", "manufacturer_fhir_id"),
        ("patient_manufacturer_ivr_episodes", "product_request_fhir_id"),
        ("docuseal_submissions", "episode_fhir_id"),
        ("docuseal_submissions", "patient_fhir_id"),
        ("docuseal_submissions", "binary_fhir_id"),
        ("docuseal_submissions", "file_hash"),
        ("docuseal_files", "document_fhir_id"),
        ("commission_records", "sales_rep_fhir_id"),
        ("commission_records", "order_fhir_id"),
        ("commission_records", "organization_fhir_id"),
        ("clinical_opportunities", "assignee_fhir_id"),
    ],
)
def test_nobody_can_forge_a_copy(graph: Session, table: str, column: str) -> None:
    graph.execute("INSERT INTO docuseal_files (submission_id, content) VALUES (7, 'a')")
    before = one(graph, f"SELECT {column}, version_id FROM {table} WHERE version_id > 0 ORDER BY id LIMIT 1")
    graph.execute(f"UPDATE {table} SET {column} = 'forged'")
    assert one(graph, f"SELECT {column}, version_id FROM {table} WHERE version_id > 0 ORDER BY id LIMIT 1") == before


def test_a_start_after_the_portals_end_is_no_start(graph: Session) -> None:
    graph.execute("UPDATE patient_manufacturer_ivr_episodes SET started_at = '2026-02-01T00:00:00Z'")
    graph.execute("UPDATE patient_manufacturer_ivr_episodes SET completed_at = '2026-03-01T00:00:00Z'")
    assert one(graph, "SELECT started_at FROM patient_manufacturer_ivr_episodes")["started_at"] is not None
    graph.execute("UPDATE patient_manufacturer_ivr_episodes SET completed_at = '2026-01-01T00:00:00Z'")
    assert one(graph, "SELECT started_at FROM patient_manufacturer_ivr_episodes") == {"started_at": None}


def test_rows_that_were_there_before_get_their_copies_and_go_back(empty_database: str) -> None:
    migrate.upgrade(empty_database, "0014_insurance")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(GRAPH.encode())
        connection.execute(PAPERS.encode())
    migrate.upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        told = connection.execute("""
            SELECT e.manufacturer_fhir_id, e.product_request_fhir_id, s.patient_fhir_id, s.episode_fhir_id = e.fhir_id,
                   c.sales_rep_fhir_id, c.order_fhir_id, c.organization_fhir_id, o.assignee_fhir_id, s.version_id
            FROM patient_manufacturer_ivr_episodes e JOIN docuseal_submissions s ON s.episode_id = e.id,
                 commission_records c, clinical_opportunities o
        """).fetchall()
        assert told == [("maker", "req", "pat", True, "doc", "ord", "org", "doc", 1)]
        connection.execute("INSERT INTO docuseal_files (submission_id, content) VALUES (7, 'a')")
    migrate.downgrade(empty_database, "0014_insurance")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("UPDATE docuseal_submissions SET status = 'sent'")
        connection.execute("UPDATE fhir_practitioners SET user_id = 8")
        found = connection.execute("SELECT count(*) FROM docuseal_submissions WHERE updated_at IS NOT NULL").fetchone()
        assert found == (2,)


def test_own_parameters_are_to_be_built_where_there_were_resources_already(empty_database: str) -> None:
    migrate.upgrade(empty_database, "0014_insurance")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("INSERT INTO phi.fhir_resources (resource_type, fhir_id) VALUES ('Task', 'a')")
    migrate.upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        found = connection.execute("SELECT resource_type, code, state FROM open.search_parameters").fetchall()
        assert found == [("Task", "due", "building")]
    migrate.downgrade(empty_database, "0014_insurance")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM open.search_parameters").fetchone() == (0,)
