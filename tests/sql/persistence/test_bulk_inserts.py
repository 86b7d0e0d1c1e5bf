"""Bulk inserts of the portal stay linear in a session whose plans were made while nothing had been deleted yet."""

from __future__ import annotations

from typing import Any

import psycopg

ROWS = 2000
INSERT = "INSERT INTO fhir_patients (fhir_id) SELECT '{0}' || i FROM generate_series(1, {1}) AS i"


def tombstones_read(connection: psycopg.Connection[Any]) -> int:
    """Tombstones that this transaction read so far: a count, not a time, so that a busy machine changes nothing."""
    row = connection.execute(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_all_tables WHERE relname = 'fhir_tombstones'"
    ).fetchone()
    return int(row[0]) if row else 0


def test_an_insert_after_many_deletes_looks_up_its_own_tombstones_only(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        # Autovacuum does this some day: from then on the planner knows that the table is empty.
        connection.execute("VACUUM ANALYZE fhir_tombstones")
        connection.execute(INSERT.format("plans-are-made-", 1))
        connection.execute(INSERT.format("many-", ROWS))
        connection.execute("DELETE FROM fhir_patients WHERE fhir_id LIKE 'many-%'")
        for name, most in (("new-", 0), ("many-", 4 * ROWS)):
            with connection.transaction():
                connection.execute(INSERT.format(name, ROWS))
                assert tombstones_read(connection) <= most
        row = connection.execute("SELECT version_id FROM fhir_patients WHERE fhir_id = 'many-7'").fetchone()
    assert row == (3,)
