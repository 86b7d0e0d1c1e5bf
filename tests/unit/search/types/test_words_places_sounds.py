"""What the values of `_text`, `_content`, `near` and `phonetic` ask for."""

from __future__ import annotations

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.search import parse, parse_query


def asked(resource_type: str, query: str) -> str:
    return str(parse(resource_type, parse_query(query)).criteria)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Wound", "(('wound'))"),
        ("left foot", "(('left') & ('foot'))"),
        ('"left foot"', "(('left' <-> 'foot'))"),
        ('"left foot', "(('left' <-> 'foot'))"),
        ("a or b c", "(('a')) | (('b') & ('c'))"),
        ("a -b", "(('a') & !('b'))"),
        ('a -"b c"', "(('a') & !('b' <-> 'c'))"),
        ("follow-up", "(('follow' <-> 'up'))"),
        ("wou*", "(('wou':*))"),
        ("a -- !", "(('a'))"),
        ("x':*|y", "(('x' <-> 'y'))"),
    ],
)
def test_s_145_words_and_their_operators(value: str, expected: str) -> None:
    # The separators of FHIR are escaped twice; a lone `|` is none here.
    assert asked("Patient", f"_content={value}") == f"(and (fulltext _content {expected}))"


def test_s_145_words_of_the_narrative_are_asked_for_by_their_mark() -> None:
    assert asked("Patient", "_text=a wou*") == "(and (fulltext _text (('a':A) & ('wou':*A))))"


@pytest.mark.parametrize("value", ["-a", "a or", "or", "a or -b", "%", "''"])
def test_s_145_every_alternative_asks_for_a_word(value: str) -> None:
    with pytest.raises(InvalidRequest, match="at least one word"):
        asked("Patient", f"_content={value.replace('%', '%25')}")


@pytest.mark.parametrize(
    ("value", "metres"),
    [
        ("1|2", "10000"),
        ("1|2|", "10000"),
        ("1|2|3", "3000"),
        ("1|2|3|", "3000"),
        ("1|2|3|km", "3000"),
        ("1|2|3|m", "3"),
        ("1|2|1|[mi_i]", "1609.344"),
        ("1|2|1|[mi_us]", "1609.3472"),
        ("1|2|999999999|km", "20100000"),
    ],
)
def test_s_145_distances_and_their_units(value: str, metres: str) -> None:
    assert asked("Location", f"near={value}") == f"(and (near near 1 2 {metres}))"


def test_s_145_every_word_of_a_name_is_asked_for() -> None:
    assert asked("Patient", "phonetic=Jon Smith-Müller jon") == (
        "(and (and (phonetic name 'jon') (phonetic name 'smith') (phonetic name 'muller')))"
    )
