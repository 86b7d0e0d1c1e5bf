"""Audit rows are only added; a partition for every month is there before it begins."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

from fhir_server.persistence import partitions

Session = Connection[dict[str, Any]]
INSERT = (
    "INSERT INTO fhir_audit_logs (resource_type, operation, entities) VALUES ('Patient', 'search-type', '{Patient/1}')"
)


def test_a_migrated_database_has_the_coming_partitions(database: str, portal: Session) -> None:
    assert partitions.missing(database) == ()
    assert partitions.ensure(database) == 0
    portal.execute(INSERT)
    row = portal.execute("SELECT tableoid::regclass::text AS place FROM fhir_audit_logs").fetchone()
    assert row is not None
    assert row["place"] != "fhir_audit_logs_default"


def test_rows_of_a_month_without_partition_move_when_it_is_made(database: str, portal: Session) -> None:
    for parent in ("fhir_audit_logs", "order_audit_logs"):
        names = portal.execute(
            "SELECT inhrelid::regclass::text AS n FROM pg_inherits WHERE inhparent = %s::regclass", (parent,)
        )
        for row in names.fetchall():
            if not row["n"].endswith("_default"):
                portal.execute(f"DROP TABLE {row['n']}")
    portal.execute(INSERT)
    portal.execute(
        "INSERT INTO fhir_audit_logs (resource_type, operation, created_at) VALUES ('Patient', 'read', '2001-01-01')"
    )
    assert len(partitions.missing(database)) == 4
    assert partitions.ensure(database) == 6
    assert partitions.missing(database) == ()
    rows = portal.execute(
        "SELECT tableoid::regclass::text AS place FROM fhir_audit_logs ORDER BY created_at"
    ).fetchall()
    assert rows[0]["place"] == "fhir_audit_logs_default"
    assert rows[1]["place"] not in ("fhir_audit_logs_default", "fhir_audit_logs_spilled")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        portal.execute("DELETE FROM fhir_audit_logs")


@pytest.mark.parametrize(
    "change", ["UPDATE fhir_audit_logs SET status = 1", "DELETE FROM fhir_audit_logs", "TRUNCATE fhir_audit_logs"]
)
def test_audit_rows_are_never_changed(portal: Session, change: str) -> None:
    portal.execute(INSERT)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        portal.execute(change)


def test_a_user_who_did_something_cannot_be_deleted(portal: Session) -> None:
    portal.execute("INSERT INTO users (email, password, first_name, last_name) VALUES ('e', 'p', 'F', 'L')")
    portal.execute("INSERT INTO fhir_audit_logs (resource_type, operation, user_id) VALUES ('Patient', 'read', 1)")
    with pytest.raises(psycopg.errors.IntegrityError):
        portal.execute("DELETE FROM users")
