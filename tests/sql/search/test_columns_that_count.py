"""What a portal's column says counts only where it can be said: under the system it has, and for `:missing`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fhir_server.persistence.connections import connect
from fhir_server.resources.registry import registry
from fhir_server.search import Statements, parse, parse_query

LOCAL = "https://fhir.wound-care-portal.example/CodeSystem/observation-code"
ROWS = {
    "loinc": ("39126-8", "survey"),
    "almost": ("39126-9", "some text"),
    "local": ("wound-length", None),
    "unsayable": ("two  blanks", " "),
}


@pytest.fixture
def filled(database: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database) as opened:
        opened.execute("INSERT INTO fhir_patients (fhir_id, gender) VALUES ('p', 'female')")
        for fhir_id, (code, category) in ROWS.items():
            opened.execute(
                "INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code, category) VALUES (%s, 'p', %s, %s)",
                (fhir_id, code, category),
            )
        yield opened


def found(connection: psycopg.Connection[Any], query: str) -> list[str]:
    statement = Statements(registry().sources).page(parse("Observation", parse_query(query)))
    return sorted(row[3] for row in connection.execute(statement.sql, statement.parameters).fetchall())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code=http://loinc.org|", ["loinc"]),
        (f"code={LOCAL}|", ["almost", "local"]),
        ("code:not=http://loinc.org|", ["almost", "local", "unsayable"]),
        ("combo-code:not=http://loinc.org|", ["almost", "local", "unsayable"]),
        ("code=urn:other|", []),
        ("code:not=urn:other|", sorted(ROWS)),
        ("code=http://loinc.org|39126-9", []),
        (f"code={LOCAL}|39126-9", ["almost"]),
        ("code=39126-8,wound-length", ["local", "loinc"]),
        ("category:missing=true", ["local", "unsayable"]),
        ("category:missing=false", ["almost", "loinc"]),
    ],
)
def test_a_column_answers_for_what_it_says(filled: psycopg.Connection[Any], query: str, expected: list[str]) -> None:
    assert found(filled, query) == expected


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"text": "ΣΊΣΥΦΟΣ"}, False),
        ({"coding": [{"system": "urn:x", "display": "shown"}]}, False),
        ({"coding": [{"code": "c"}]}, False),
        (None, True),
    ],
)
def test_a_concept_without_a_code_is_not_missing(engine: Any, said: Any, missing: bool) -> None:
    agent = {"who": {"display": "somebody"}, **({"type": said} if said else {})}
    tree = {"resourceType": "Provenance", "id": "a", "recorded": "2024-03-10T10:00:00Z", "agent": [agent]}
    engine.store([tree | {"target": [{"reference": "Patient/p"}]}])
    assert engine.ids("Provenance", "agent-type:missing=true") == (["a"] if missing else [])
    assert engine.ids("Provenance", "agent-type:missing=false") == ([] if missing else ["a"])
