"""Searches over rows that the portal wrote with SQL: alone, and over a document of a FHIR client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import psycopg
import pytest

from fhir_server.json_text import parse_json
from fhir_server.persistence.connections import connect
from fhir_server.persistence.writes import Change, write
from fhir_server.resources.registry import registry
from fhir_server.search import PENDING, RESOURCE_COLUMNS, Statements, parse, parse_query

LIVE, LAST, BASE = (RESOURCE_COLUMNS.index(name) for name in ("live", "last", "base"))
DOCUMENT = RESOURCE_COLUMNS.index("document")


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database) as opened:
        opened.execute("INSERT INTO fhir_patients (fhir_id, gender) VALUES ('p', 'female')")
        yield opened


def find(connection: psycopg.Connection[Any], resource_type: str, query: str) -> list[Any]:
    statement = Statements(registry().sources).page(parse(resource_type, parse_query(query)))
    rows = connection.execute(statement.sql, statement.parameters).fetchall()
    return [[parse_json(value) if isinstance(value, bytes) else value for value in row] for row in rows]


def write_observation(connection: psycopg.Connection[Any]) -> None:
    """An Observation through FHIR whose second coding has no column."""
    codings = [{"system": "http://loinc.org", "code": "39126-8"}, {"system": "urn:local", "code": "length"}]
    tree = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"coding": codings},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2024-03-10T10:00:00Z",
    }
    with connection.transaction():
        write(connection, registry(), [Change("Observation", "o", "PUT", tree)], base_url="http://x/fhir", zone=UTC)


def test_a_row_that_only_the_portal_wrote_is_found_and_given_whole(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code, effective_date_time)"
        " VALUES ('o', 'p', '39126-8', '2024-03-10T10:00Z')"
    )
    (row,) = find(connection, "Observation", "patient=p&code=http://loinc.org|39126-8&date=2024-03-10&_sort=-date")
    assert (row[DOCUMENT], row[LAST], row[BASE]) == (None, None, None)
    assert (row[LIVE]["code"], row[LIVE]["patient_fhir_id"], row[LIVE]["version_id"]) == ("39126-8", "p", 1)


def test_a_code_is_found_in_the_column_and_beyond_it_and_once_where_both_say_it(
    connection: psycopg.Connection[Any],
) -> None:
    write_observation(connection)
    for code in ("39126-8", "length", "39126-8,length", "urn:local|length", "urn:local|", "http://loinc.org|"):
        assert [row[3] for row in find(connection, "Observation", f"code={code}&_sort=-date")] == ["o"]
    assert find(connection, "Observation", "code:not=length") == []
    assert find(connection, "Observation", "code=urn:local|39126-8") == []


def test_a_portal_write_over_a_document_is_announced_and_comes_with_what_a_merge_needs(
    connection: psycopg.Connection[Any],
) -> None:
    write_observation(connection)
    connection.execute("UPDATE fhir_observations SET status = 'amended' WHERE fhir_id = 'o'")
    pending, match = find(connection, "Observation", "code=length")
    assert pending[0] == PENDING
    assert registry().source(pending[1]).table.name == "fhir_observations"
    assert match[DOCUMENT] is None
    assert (match[LIVE]["status"], match[BASE]["status"], match[LAST]["status"]) == ("amended", "final", "final")


def test_searches_that_columns_alone_answer_do_not_ask_for_a_merge(connection: psycopg.Connection[Any]) -> None:
    write_observation(connection)
    connection.execute("UPDATE fhir_observations SET status = 'amended' WHERE fhir_id = 'o'")
    assert [row[0] for row in find(connection, "Observation", "patient=p&_sort=-date")] == ["match"]


def test_a_count_says_when_a_merge_is_pending(connection: psycopg.Connection[Any]) -> None:
    write_observation(connection)
    statement = Statements(registry().sources).count(parse("Observation", parse_query("code=length")))
    assert connection.execute(statement.sql, statement.parameters).fetchone() == (1, False)
    connection.execute("UPDATE fhir_observations SET code = 'other' WHERE fhir_id = 'o'")
    assert connection.execute(statement.sql, statement.parameters).fetchone() == (1, True)


def test_a_deleted_row_is_pending_for_nobody(connection: psycopg.Connection[Any]) -> None:
    write_observation(connection)
    connection.execute("UPDATE fhir_observations SET deleted_at = now() WHERE fhir_id = 'o'")
    assert find(connection, "Observation", "code=length") == []
