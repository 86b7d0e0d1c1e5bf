"""Days without a time have no zone: a birthday is found by its date wherever the clinic is (S-050)."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import psycopg
import pytest

from fhir_server.resources.registry import registry
from fhir_server.search import Reading, Statements, parse, parse_query

ZONES: tuple[tzinfo, ...] = (UTC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati"))


def found(database: str, query: str, zone: tzinfo) -> list[str]:
    search = parse("Patient", parse_query(query), reading=Reading("http://localhost/fhir", zone))
    statement = Statements(registry().sources).page(search)
    with psycopg.connect(database) as connection:
        return [row[3] for row in connection.execute(statement.sql, statement.parameters) if row[0] == "match"]


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("birthdate=1980-02-29", True),
        ("birthdate=1980-02", True),
        ("birthdate=ge1980-02-29", True),
        ("birthdate=gt1980-02-28", True),
        ("birthdate=lt1980-03-01", True),
        ("birthdate=1980-02-28", False),
        ("birthdate=1980-03-01", False),
        ("birthdate=gt1980-02-29", False),
        ("birthdate=lt1980-02-29", False),
    ],
)
def test_s_050_a_birth_date_is_never_shifted_by_the_clinics_zone(
    database: str, query: str, matches: bool, zone: tzinfo
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO fhir_patients (fhir_id, birth_date) VALUES ('leap', '1980-02-29')")
    assert found(database, query, zone) == (["leap"] if matches else [])
