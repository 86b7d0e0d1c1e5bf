"""The background merge: what the portal wrote after a document becomes that version's document, without a new
version.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import psycopg
import pytest

from fhir_server.json_text import read_json
from fhir_server.persistence.database import Database
from fhir_server.persistence.states import lock_states
from fhir_server.persistence.upkeep import keep_up, merge_all
from fhir_server.persistence.writes import Change, write
from fhir_server.resources.registry import registry

BASE = "http://localhost/fhir"
PATIENT = {
    "resourceType": "Patient",
    "telecom": [{"system": "phone", "value": "1", "use": "home"}],
    "extension": [{"url": "http://example.org/kept", "valueString": "yes"}],
}


@pytest.fixture
def store(database: str) -> Database:
    found = Database(database, 10_000)
    change = Change("Patient", "p1", "PUT", PATIENT)
    found.transaction(lambda connection: write(connection, registry(), [change], base_url=BASE, zone=UTC))
    return found


def document_of(database: str, version: int) -> object:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT document::text FROM phi.documents WHERE fhir_id = 'p1' AND version_id = %s", (version,)
        ).fetchone()
    return read_json(row[0].encode()) if row else None


def portal_changes_the_phone(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE fhir_patients SET phone = '777' WHERE fhir_id = 'p1'")


def test_a_portal_change_is_merged_into_the_document_of_its_version(database: str, store: Database) -> None:
    portal_changes_the_phone(database)
    assert document_of(database, 2) is None
    assert merge_all(store, registry(), base_url=BASE, zone=UTC) == 1
    merged = document_of(database, 2)
    assert isinstance(merged, dict)
    assert merged["telecom"] == [{"system": "phone", "value": "777", "use": "home"}]
    assert merged["extension"] == PATIENT["extension"]
    assert merged["meta"]["versionId"] == "2"


def test_merging_makes_no_version_and_leaves_nothing_to_merge(database: str, store: Database) -> None:
    portal_changes_the_phone(database)
    merge_all(store, registry(), base_url=BASE, zone=UTC)
    assert merge_all(store, registry(), base_url=BASE, zone=UTC) == 0
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT version_id, document_version FROM fhir_patients WHERE fhir_id = 'p1'"
        ).fetchone()
    assert row == (2, 2)


def test_a_row_that_another_writer_holds_is_left_for_the_next_round(database: str, store: Database) -> None:
    portal_changes_the_phone(database)
    with psycopg.connect(database) as other:
        lock_states(other, registry(), [("Patient", "p1")])
        assert merge_all(store, registry(), base_url=BASE, zone=UTC) == 0
    assert merge_all(store, registry(), base_url=BASE, zone=UTC) == 1


def test_keeping_up_survives_a_database_that_is_away() -> None:
    rounds: list[float] = []

    def wait(seconds: float) -> bool:
        rounds.append(seconds)
        return len(rounds) == 3

    away: Callable[[], Database] = lambda: Database("host=/nonexistent dbname=none", 1_000)  # noqa: E731
    keep_up(away(), registry(), base_url=BASE, zone=UTC, wait=wait)
    assert len(rounds) == 3
