"""The words of resources: what a text is, how it is split, and that PostgreSQL reads what comes out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.indexing import extract
from fhir_server.indexing.texts import LONGEST_WORD, MOST_WORDS, word_places, words


def said(tree: dict[str, Any]) -> set[str]:
    return {one.partition(":")[0] for one in word_places(tree).split()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pressure ulcer", ["pressure", "ulcer"]),
        ("Müller-Straße", ["muller", "strasse"]),
        ("O’Brien’s", ["o", "brien", "s"]),
        ("1.5 cm²", ["1", "5", "cm2"]),
        ("ИВАНОВ", ["иванов"]),
        ("日本 語", ["日本", "語"]),
        ("' & | ! : * \\ ()", []),
        ("", []),
    ],
)
def test_texts_are_split_into_words_without_case_and_accents(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_have_letters_and_digits_only_and_are_their_own_words(text: str) -> None:
    for word in words(text):
        assert word
        assert not set(word) & set(" '\\:*&|!()<>\n\t")
        assert words(word)[:1] == [word] or len(word) == LONGEST_WORD


def test_texts_are_strings_and_markdown_wherever_they_stand() -> None:
    tree = {
        "resourceType": "Observation",
        "id": "theid",
        "status": "final",
        "meta": {"tag": [{"code": "acode", "display": "Tagged"}]},
        "extension": [{"url": "http://anurl", "valueString": "extended"}],
        "_status": {"extension": [{"url": "http://x", "valueMarkdown": "sibling"}]},
        "contained": [{"resourceType": "Patient", "id": "p", "name": [{"given": ["Inner", None]}]}],
        "code": {"text": "coded", "coding": [{"system": "http://asystem", "code": "c", "display": "displayed"}]},
        "subject": {"reference": "Patient/areference", "display": "Somebody"},
        "identifier": [{"value": "MRN7"}],
        "note": [{"text": "noted"}],
        "component": [{"code": {"text": "part"}, "referenceRange": [{"text": "ranged"}]}],
        "valueDateTime": "2024-01-01",
    }
    assert said(tree) == {
        *("tagged", "extended", "sibling", "inner", "coded", "displayed"),
        *("somebody", "mrn7", "noted", "part", "ranged"),
    }


def test_entries_of_a_bundle_count() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Held"}]}
    assert said({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}) == {"held"}


def test_words_of_the_narrative_are_marked_and_its_markup_is_none() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p class="note">Caf&eacute;<br/>&lt;b&gt;</p></div>'
    tree = {"resourceType": "Patient", "text": {"status": "generated", "div": div}, "name": [{"family": "Doe"}]}
    assert word_places(tree) == "cafe:1A b:2A doe:4"


def test_no_two_texts_touch() -> None:
    tree = {"resourceType": "Patient", "name": [{"given": ["Anna Maria", "Lou"]}]}
    assert word_places(tree) == "anna:2 maria:3 lou:5"


def test_long_texts_keep_each_word_once() -> None:
    text = " ".join(["again"] * MOST_WORDS + ["last"])
    assert word_places({"resourceType": "Basic", "code": {"text": text}}) == f"again:2 last:{MOST_WORDS + 2}"


def test_long_words_are_cut_in_resources_as_in_searches() -> None:
    long = "x" * 5000
    assert said({"resourceType": "Basic", "code": {"text": long}}) == set(words(long)) == {"x" * LONGEST_WORD}


@pytest.mark.parametrize("tree", [[], "x", None, {}, {"resourceType": "Nothing", "text": 1}, {"text": {"div": 1}}])
def test_odd_json_has_no_words(tree: Any) -> None:
    assert word_places(tree) == ""


def test_a_position_on_earth_is_one_index_row() -> None:
    tree = {"resourceType": "Location", "position": {"latitude": 1, "longitude": -2}}
    (row,) = extract("Location", tree, "").composite
    assert (row.low, row.high, row.second_low, row.second_high) == (1, 1, -2, -2)


@pytest.mark.parametrize(
    "position", [{"latitude": 91, "longitude": 0}, {"latitude": 1}, {"latitude": True, "longitude": 0}, [], 5]
)
def test_other_positions_are_none(position: Any) -> None:
    assert extract("Location", {"resourceType": "Location", "position": position}, "").composite == ()
