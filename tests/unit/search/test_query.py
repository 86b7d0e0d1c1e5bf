"""Splitting raw query strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest
from fhir_server.search.query import Item, Limits, encode_query, parse_query, split, unescape


def items(*texts: str) -> list[tuple[str, str | None, str]]:
    return [(item.name, item.modifier, item.value) for item in parse_query(*texts).items]


def test_names_modifiers_and_values_are_taken_apart_and_decoded_once() -> None:
    assert items("name%3Aexact=M%C3%BCller&_has:Observation:patient:code=1&flag&a=b=c") == [
        ("name", "exact", "Müller"),
        ("_has", "Observation:patient:code", "1"),
        ("flag", None, ""),
        ("a", None, "b=c"),
    ]
    assert items("a=%2525") == [("a", None, "%25")]


def test_repeated_names_and_several_texts_are_all_kept_in_order() -> None:
    assert items("a=1&a=2", "a=3&") == [("a", None, "1"), ("a", None, "2"), ("a", None, "3")]


def test_a_plus_means_a_blank() -> None:
    assert items("a=x+y&b=x%2By") == [("a", None, "x y"), ("b", None, "x+y")]


@pytest.mark.parametrize("text", ["a=%", "a=%g0", "a=%00", "a=\0", "a=%FF", "a=%ED%A0%80", "%C3=1", "a=\ud800"])
def test_broken_encoding_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_query(text)


@pytest.mark.parametrize(
    ("text", "limits"),
    [("a=1&" * 3, Limits(parameters=2)), ("a=" + "1" * 100, Limits(length=50))],
)
def test_too_much_is_refused(text: str, limits: Limits) -> None:
    with pytest.raises(InvalidRequest, match="than"):
        parse_query(text, limits=limits)


@pytest.mark.parametrize(
    ("text", "separator", "expected"),
    [
        ("a,b", ",", ["a", "b"]),
        (r"a\,b", ",", [r"a\,b"]),
        (r"a\\,b", ",", ["a\\\\", "b"]),
        (r"a\,", ",", [r"a\,"]),
        (r"s\|x|c", "|", [r"s\|x", "c"]),
        (",", ",", ["", ""]),
        ("", ",", [""]),
    ],
)
def test_separators_split_unless_a_backslash_is_before_them(text: str, separator: str, expected: list[str]) -> None:
    assert split(text, separator) == expected


@pytest.mark.parametrize(("text", "expected"), [(r"a\,b\|c\$d\\e", r"a,b|c$d\e"), ("plain", "plain")])
def test_backslashes_are_taken_away(text: str, expected: str) -> None:
    assert unescape(text) == expected


@pytest.mark.parametrize("text", [r"xx\xx", "a\\", "\\\n"])
def test_a_lone_backslash_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="backslash"):
        unescape(text)


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_an_escaped_value_survives_splitting_and_unescaping(value: str) -> None:
    escaped = value
    for character in "\\,|$":
        escaped = escaped.replace(character, "\\" + character)
    parts = split(escaped + "," + escaped, ",")
    assert [unescape(part) for part in parts] == [value, value]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0:"), min_size=1),
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
        ),
        max_size=5,
    )
)
def test_an_encoded_query_parses_to_the_same_items(pairs: list[tuple[str, str]]) -> None:
    assert parse_query(encode_query(tuple(pairs))).items == tuple(Item(name, None, value) for name, value in pairs)
