"""M-006: the database and the server mint the same ids, and find the rows behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.mapping.minted import logical_id, minted_id
from fhir_server.persistence.connections import count_statements
from fhir_server.persistence.row_ids import REMEMBERED, RowIds, on, row_ids
from fhir_server.persistence.tables import VERSIONED

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=110)
NEARLY_LEGAL = st.from_regex(r"[A-Za-z0-9\-._/ ]{1,70}", fullmatch=True)
INSERTS = {
    "fhir_patients": "INSERT INTO fhir_patients (fhir_id) VALUES (%s)",
    "fhir_practitioners": "INSERT INTO fhir_practitioners (fhir_id) VALUES (%s)",
    "fhir_facilities": "INSERT INTO fhir_facilities (fhir_id, name) VALUES (%s, 'x')",
    "organizations": "INSERT INTO organizations (fhir_id, name) VALUES (%s, 'x')",
    "manufacturers": "INSERT INTO manufacturers (fhir_id, name) VALUES (%s, 'x')",
    "user_organizations": "INSERT INTO user_organizations (fhir_id, user_id, organization_id) "
    "SELECT %s, 7, count(*) + 1 FROM user_organizations",
    "products": "INSERT INTO products (fhir_id, manufacturer_id, name) VALUES (%s, 7, 'x')",
    "product_requests": "INSERT INTO product_requests (fhir_id, user_id, request_number) "
    "SELECT %s, 7, count(*) FROM product_requests",
    "orders": "INSERT INTO orders (fhir_id, product_request_id, manufacturer_id, order_number) "
    "SELECT %s, 7, 7, count(*) FROM orders",
    "order_items": "INSERT INTO order_items (fhir_id, order_id, product_id) VALUES (%s, 7, 7)",
    "patient_manufacturer_ivr_episodes": "INSERT INTO patient_manufacturer_ivr_episodes "
    "(fhir_id, patient_fhir_id, manufacturer_id, episode_number) "
    "SELECT %s, 'p', 7, count(*) FROM patient_manufacturer_ivr_episodes",
    "docuseal_submissions": "INSERT INTO docuseal_submissions (fhir_id, template_id, submission_id) "
    "SELECT %s, 'x', count(*) FROM docuseal_submissions",
    "docuseal_files": "INSERT INTO docuseal_files (fhir_id, submission_id, content) "
    "SELECT %s, 7 + count(*), 'x' FROM docuseal_files",
    "commission_records": "INSERT INTO commission_records (fhir_id, sales_rep_id, order_id) VALUES (%s, 7, 7)",
    "clinical_opportunities": "INSERT INTO clinical_opportunities (fhir_id, patient_fhir_id) VALUES (%s, 'p')",
    "eligibility_checks": "INSERT INTO eligibility_checks (fhir_id, patient_fhir_id) VALUES (%s, 'p')",
    "prior_authorizations": "INSERT INTO prior_authorizations (fhir_id) VALUES (%s)",
    "medicare_mac_validations": "INSERT INTO medicare_mac_validations (fhir_id, validation_id) "
    "SELECT %s, count(*) FROM medicare_mac_validations",
    "phi.fhir_resources": "INSERT INTO phi.fhir_resources (resource_type, fhir_id) VALUES ('Condition', %s)",
    "open.fhir_resources": "INSERT INTO open.fhir_resources (resource_type, fhir_id) VALUES ('Location', %s)",
}


SHADOWS = {"eligibility_coverages", "ivr_answers", "opportunity_risks", "order_shipments"}
"""Tables whose ids are made by the server and always legal."""


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as opened:
        yield opened


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS | NEARLY_LEGAL)
def test_m_006_sql_mints_as_the_server_does(connection: psycopg.Connection[Any], text: str) -> None:
    told = connection.execute("SELECT fhir_minted_id(%(it)s), fhir_logical_id(%(it)s)", {"it": text}).fetchone()
    assert told == (minted_id(text), logical_id(text))


@pytest.mark.parametrize("table", INSERTS)
def test_m_006_a_minted_id_leads_to_its_row_wherever_that_is(connection: psycopg.Connection[Any], table: str) -> None:
    connection.execute("INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a', 'b', 'c', 'd')")
    connection.execute("INSERT INTO organizations (name) SELECT 'x' FROM generate_series(1, 3)")
    connection.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('p')")
    connection.execute(
        "INSERT INTO docuseal_submissions (id, template_id, submission_id) "
        "SELECT 7 + n, 'x', 'x' || n FROM generate_series(0, 9) AS n"
    )
    if table.startswith(("product", "order", "patient_", "commission")):
        connection.execute("INSERT INTO manufacturers (id, name) VALUES (7, 'x')")
        connection.execute("INSERT INTO product_requests (id, user_id, request_number) VALUES (7, 7, 'x')")
        connection.execute(
            "INSERT INTO orders (id, product_request_id, manufacturer_id, order_number) VALUES (7, 7, 7, 'x')"
        )
        connection.execute("INSERT INTO products (id, manufacturer_id, name) VALUES (7, 7, 'x')")
    for one in ("legacy/1", "legal", "Müller 1"):
        connection.execute(INSERTS[table], (one,))
    wanted = [minted_id("legacy/1"), minted_id("Müller 1"), minted_id("legal"), minted_id("nobody"), "legal"]
    assert row_ids(on(connection), wanted) == {minted_id(one): one for one in ("legacy/1", "Müller 1")}
    connection.execute(f"DELETE FROM {table} WHERE fhir_id ~ '[^-a-z0-9]'")
    assert row_ids(on(connection), wanted[:1]) == {wanted[0]: "legacy/1"}


def test_m_006_only_forbidden_ids_are_in_the_index(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "INSERT INTO fhir_patients (fhir_id) SELECT gen_random_uuid()::text FROM generate_series(1, 2000)"
    )
    connection.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('legacy/1')")
    connection.execute("ANALYZE fhir_patients")
    held = connection.execute("SELECT reltuples FROM pg_class WHERE relname = 'fhir_patients_minted'").fetchone()
    assert held == (1,)


def test_m_006_every_table_of_resources_is_looked_into() -> None:
    named = {table.fullname for table in VERSIONED}
    assert INSERTS.keys() | {"fhir_observations"} | SHADOWS == named


def test_m_006_a_look_up_reads_indexes_only(connection: psycopg.Connection[Any]) -> None:
    counted = "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables"
    with connection.transaction():
        before = connection.execute(counted).fetchone()
        assert row_ids(on(connection), [minted_id("legacy/1")]) == {}
        assert connection.execute(counted).fetchone() == before


def test_m_006_nothing_is_asked_for_other_ids_and_nothing_twice() -> None:
    asked: list[Any] = []

    def run(sql: str, parameters: Any) -> list[tuple[str]]:
        asked.append(parameters["ids"])
        return [("legacy/1",)] if minted_id("legacy/1") in parameters["ids"] else []

    known = RowIds(run)
    assert known.of(["p", "", "x" * 36, "3f0a1c00-1111-4222-8333-444455556666"]) == {}
    assert known.one("p") == "p"
    assert asked == []
    first, unknown = minted_id("legacy/1"), minted_id("nobody")
    assert known.of([first, unknown, "p"]) == {first: "legacy/1"}
    assert (known.one(first), known.one(unknown)) == ("legacy/1", unknown)
    assert asked == [sorted([first, unknown]), [unknown]]


def test_m_006_what_is_remembered_is_bounded() -> None:
    row_of = {minted_id(f"legacy/{number}"): f"legacy/{number}" for number in range(REMEMBERED + 1)}
    known = RowIds(lambda sql, parameters: [(row_of[one],) for one in parameters["ids"]])
    for batch in ([*row_of][:REMEMBERED], [*row_of][REMEMBERED:]):
        assert known.of(batch) == {one: row_of[one] for one in batch}
    assert len(known._known) == 1


def test_m_006_a_look_up_is_one_statement(connection: psycopg.Connection[Any]) -> None:
    with count_statements() as count:
        row_ids(on(connection), [minted_id(f"legacy/{number}") for number in range(1000)])
    assert len(count) == 1
