"""The SQL functions give what their Python twins give, for every text there is."""

from __future__ import annotations

import sys
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from fhir_server.indexing.normalize import normalize_string

Session = Connection[dict[str, Any]]
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def normalized(session: Session, texts: list[str]) -> list[str]:
    query = "SELECT array(SELECT fhir_normalize(x) FROM unnest(%s::text[]) WITH ORDINALITY u (x, n) ORDER BY n) AS all"
    row = session.execute(query, (texts,)).fetchone()
    assert row is not None
    found: list[str] = row["all"]
    return found


def test_every_character_is_normalized_alike(portal: Session) -> None:
    """Sixteen characters at a time; blanks keep them from composing with their neighbours."""
    characters = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    texts = [f"x{' x'.join(characters[start : start + 16])}y" for start in range(0, len(characters), 16)]
    assert normalized(portal, texts) == [normalize_string(text) for text in texts]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, max_size=20))
def test_texts_are_normalized_alike(portal: Session, texts: list[str]) -> None:
    assert normalized(portal, texts) == [normalize_string(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Müller-Lüdenscheidt", "mullerludenscheidt"),
        ("  O'Brien \t Jr. ", "obrien jr"),
        ("STRASSE straße ẞ", "strasse strasse ss"),
        ("ﬁ Ⅷ ½", "fi viii 1⁄2"),
        ("İstanbul", "istanbul"),
        ("", ""),
    ],
)
def test_a_text_has_this_normal_form(portal: Session, text: str, normal: str) -> None:
    assert normalized(portal, [text]) == [normal]


def test_normalizing_null_is_null(portal: Session) -> None:
    assert portal.execute("SELECT fhir_normalize(NULL) AS n").fetchone() == {"n": None}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.50", "1.50"),
        ("-0.1e2", "-10"),
        ("1e400", "1" + "0" * 400),
        ("0", "0"),
        ("", None),
        ("x", None),
        ("01", None),
        (".5", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999999", None),
        ("1 ", None),
        ("1\n", None),
        (None, None),
    ],
)
def test_what_is_a_number(portal: Session, text: str | None, number: str | None) -> None:
    assert portal.execute("SELECT fhir_numeric(%s)::text AS n", (text,)).fetchone() == {"n": number}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_no_text_makes_a_function_fail(portal: Session, text: str) -> None:
    portal.execute(
        "SELECT fhir_numeric(%s::text), fhir_is_loinc(%s::text), fhir_normalize(%s::text)", (text, text, text)
    )


@pytest.mark.parametrize("code", ["39126-8", "39125-0", "39127-6", "72287-6", "89260-4", "8480-6", "72514-3", "1-8"])
def test_a_loinc_code_passes_its_check_digit(portal: Session, code: str) -> None:
    assert portal.execute("SELECT fhir_is_loinc(%s) AS is", (code,)).fetchone() == {"is": True}


@pytest.mark.parametrize(
    "code", ["39126-7", "39162-8", "LP1234-5", "8480", "8480-66", "", "12345678-0", "8480-6\n", None]
)
def test_anything_else_is_no_loinc_code(portal: Session, code: str | None) -> None:
    assert portal.execute("SELECT fhir_is_loinc(%s) AS is", (code,)).fetchone() == {"is": False}


def test_the_functions_may_stand_in_an_index(portal: Session) -> None:
    for name in ("fhir_normalize", "fhir_numeric", "fhir_is_loinc"):
        portal.execute(f"CREATE INDEX ON fhir_patients (({name}(phone)))")
    with pytest.raises(psycopg.errors.InvalidObjectDefinition):
        portal.execute("CREATE INDEX ON fhir_patients ((to_char(updated_at, 'YYYY')))")
