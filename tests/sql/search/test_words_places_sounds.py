"""Full text, distances and how names sound, in PostgreSQL."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import jellyfish
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from fhir_server.indexing.texts import word_places
from fhir_server.persistence.connections import connect
from fhir_server.persistence.words import read_words
from fhir_server.resources.registry import registry
from fhir_server.search import PENDING, Statements, parse, parse_query

LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20)


@pytest.fixture(scope="module")
def session(postgres: str, migrated_template: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database of this module."""
    name = f"{migrated_template}_sounds"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
        try:
            with psycopg.connect(make_conninfo(postgres, dbname=name)) as opened:
                yield opened
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def sounds(session: psycopg.Connection[Any], text: str) -> list[str]:
    row = session.execute("SELECT fhir_phonetic(%s)", (text,)).fetchone()
    assert row is not None
    return sorted(row[0] or ())


@given(word=LETTERS)
def test_a_word_sounds_as_american_soundex_says(session: psycopg.Connection[Any], word: str) -> None:
    assert sounds(session, word) == [jellyfish.soundex(word)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Smith", "Smyth"), ("Müller", "Mueller"), ("Ashcraft", "Ashcroft"), ("Pfister", "Pister"), ("Łukasz", "Lukas")],
)
def test_names_that_sound_alike_have_one_code(session: psycopg.Connection[Any], one: str, other: str) -> None:
    assert sounds(session, one) == sounds(session, other)


def test_each_word_of_a_name_has_its_own_code(session: psycopg.Connection[Any]) -> None:
    assert sounds(session, "Smith-O'Brien, Иван 3") == sorted(["S530", "O000", "B650", "иван", "3"])
    assert sounds(session, " ,-") == []


def test_near_is_the_distance_over_the_earth(engine: Any) -> None:
    random = Random(7)
    places = {f"l{number}": (random.uniform(-90, 90), random.uniform(-180, 180)) for number in range(150)}
    places |= {"date-line": (0.0, 179.99), "pole": (90.0, 0.0)}
    for name, (latitude, longitude) in places.items():
        position = {"latitude": _decimal(latitude), "longitude": _decimal(longitude)}
        engine.store([{"resourceType": "Location", "id": name, "position": position}])
    for centre in (*list(places.values())[:12], (0.0, -179.99), (90.0, 100.0), (-90.0, 0.0), (0.0, 0.0)):
        for kilometres in (3, 500, 5000, 15000):
            query = f"near={centre[0]:.6f}|{centre[1]:.6f}|{kilometres}|km&_count=1000"
            expected = {name for name, place in places.items() if _kilometres(centre, place) <= kilometres}
            assert set(engine.ids("Location", query)) == expected, query


def _decimal(value: float) -> Any:
    from fhir_server.json_text import parse_json

    return parse_json(f"{value:.6f}".encode())


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By vectors, not by the formula under test."""

    def vector(place: tuple[float, float]) -> tuple[float, float, float]:
        latitude, longitude = map(math.radians, place)
        return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)

    a, b = vector(one), vector(other)
    cross = math.hypot(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return 6371.0088 * math.atan2(cross, sum(x * y for x, y in zip(a, b, strict=True)))


def test_words_of_the_narrative_are_told_from_others(engine: Any) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">Chronic wound. Left foot.</div>'
    engine.store(
        [
            {"resourceType": "Condition", "id": "a", "text": {"status": "generated", "div": div}},
            {"resourceType": "Condition", "id": "b", "code": {"text": "Chronic wound"}, "note": [{"text": "left"}]},
        ]
    )
    assert engine.ids("Condition", "_content=chronic") == ["a", "b"]
    assert engine.ids("Condition", "_text=chronic") == ["a"]
    assert engine.ids("Condition", '_text="left foot"') == ["a"]
    assert engine.ids("Condition", '_content="wound left"') == ["a"]
    assert engine.ids("Condition", "_text=wound -left") == []
    assert engine.ids("Condition", "_content=wound -foot") == ["b"]
    assert engine.ids("Condition", "_text=wou* -lef*") == []
    assert engine.ids(None, "_type=Condition,Patient&_content=wound") == ["a", "b"]


@given(text=st.text(max_size=200))
def test_postgresql_reads_the_words_of_any_text(session: psycopg.Connection[Any], text: str) -> None:
    told = word_places({"resourceType": "Basic", "code": {"text": text}})
    row = session.execute("SELECT tsvector_to_array(%s::tsvector)", (told,)).fetchone()
    assert row is not None
    assert set(row[0]) == {one.rpartition(":")[0] for one in told.split()}


@pytest.fixture
def portal(database: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database) as opened:
        yield opened


def find(portal: psycopg.Connection[Any], resource_type: str, query: str) -> list[str]:
    """The ids of the matches; what the statement says must be read first is read."""
    statement = Statements(registry().sources).page(parse(resource_type, parse_query(query)))
    for _ in range(3):
        rows = portal.execute(statement.sql, statement.parameters).fetchall()
        pending = {row[1] for row in rows if row[0] == PENDING}
        if not pending:
            return [row[3] for row in rows]
        with portal.transaction():
            for number in pending:
                read_words(portal, registry(), registry().source(number), skip_locked=False)
    raise AssertionError("something is always to be read")


def test_words_that_only_the_portal_wrote_are_found_and_forgotten(portal: psycopg.Connection[Any]) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('p')")
    portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, position, family) VALUES ('p', 0, 'Hintermeier')")
    assert find(portal, "Patient", "_content=hintermeier") == ["p"]
    assert find(portal, "Patient", "_text=hintermeier") == []
    portal.execute("UPDATE fhir_patient_names SET family = 'Vordermeier'")
    assert find(portal, "Patient", "_content=hintermeier") == []
    assert find(portal, "Patient", "_content=vordermeier") == ["p"]
    portal.execute("UPDATE fhir_patients SET deleted_at = now()")
    assert find(portal, "Patient", "_content=vordermeier") == []
    portal.execute("UPDATE fhir_patients SET deleted_at = NULL")
    assert find(portal, "Patient", "_content=vordermeier") == ["p"]
    portal.execute("DELETE FROM fhir_patients")
    assert portal.execute("SELECT count(*) FROM phi.text_index").fetchone() == (0,)


def test_a_count_and_a_chain_say_that_words_are_to_be_read(portal: psycopg.Connection[Any]) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('p')")
    portal.execute("INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code) VALUES ('o', 'p', 'c')")
    statements = Statements(registry().sources)
    counted = statements.count(parse("Patient", parse_query("_content=x")))
    assert portal.execute(counted.sql, counted.parameters).fetchone() == (0, True)
    plain = statements.count(parse("Patient", parse_query("name=x")))
    assert portal.execute(plain.sql, plain.parameters).fetchone() == (0, False)
    portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, position, family) VALUES ('p', 0, 'Chained')")
    assert find(portal, "Observation", "patient._content=chained") == ["o"]
    assert portal.execute(counted.sql, counted.parameters).fetchone() == (0, False)


def test_phonetic_hears_names_of_the_portal(portal: psycopg.Connection[Any]) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('p')")
    portal.execute(
        "INSERT INTO fhir_patient_names (patient_fhir_id, position, family, given)"
        " VALUES ('p', 0, 'Smith-Jones', '{Katherine,Ann}')"
    )
    portal.execute(
        "INSERT INTO users (id, email, password, first_name, last_name) VALUES (1, 'e', 'p', 'Jon', 'Meyer');"
    )
    portal.execute("INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('d', 1)")
    portal.execute("INSERT INTO organizations (fhir_id, name) VALUES ('o', 'Robert Clinic')")
    for name in ("smyth", "Catherine", "Jonas", "Smyth Ann"):
        expected = [] if name == "Catherine" else ["p"]
        assert find(portal, "Patient", f"phonetic={name}") == expected, name
    assert find(portal, "Patient", "phonetic=Kathryn") == ["p"]
    assert find(portal, "Practitioner", "phonetic=Maier") == ["d"]
    assert find(portal, "Organization", "phonetic=Rupert") == ["o"]
    assert find(portal, "Observation", "patient.phonetic=smyth") == []


@pytest.mark.parametrize(
    ("table", "query", "index"),
    [
        ("Patient", "phonetic=smyth", "fhir_patient_strings_phonetic"),
        ("Practitioner", "phonetic=smyth", "string_index_phonetic"),
        ("Person", "phonetic=smyth", "string_index_phonetic"),
        ("Condition", "_content=wound", "text_index_words"),
        ("Location", "near=1|2|3|km", "composite_index_value"),
    ],
)
def test_an_index_finds_words_places_and_sounds(
    portal: psycopg.Connection[Any], table: str, query: str, index: str
) -> None:
    portal.execute("SET enable_seqscan = off")
    if table == "Condition":
        # Of a few resources each would be looked up.
        portal.execute(
            "INSERT INTO phi.fhir_resources (resource_type, fhir_id, document_version)"
            " SELECT 'Condition', 'c' || n, 1 FROM generate_series(1, 3000) AS n"
        )
        portal.execute(
            "INSERT INTO phi.text_index SELECT resource_key, ('w' || resource_key)::tsvector FROM phi.fhir_resources"
        )
        portal.execute("ANALYZE")
    statement = Statements(registry().sources).page(parse(table, parse_query(query)))
    plan = "\n".join(row[0] for row in portal.execute(f"EXPLAIN {statement.sql}", statement.parameters))
    assert index in plan, plan
