"""ConceptMap/$translate (https://hl7.org/fhir/R4/conceptmap-operation-translate.html)."""

from __future__ import annotations

from typing import Any

import pytest

WOUNDS = "urn:example:wounds"


def translated(answer: Any) -> tuple[bool, list[tuple[str, str | None]]]:
    assert answer.status_code == 200, answer.text
    found: list[tuple[str, str | None]] = []
    result = None
    for one in answer.json()["parameter"]:
        if one["name"] == "result":
            result = one["valueBoolean"]
        elif one["name"] == "match":
            parts = {part["name"]: part for part in one["part"]}
            concept = parts.get("concept", {}).get("valueCoding", {})
            found.append((parts["equivalence"]["valueCode"], concept.get("code")))
    assert result is not None
    return result, found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"to-icd/$translate?system={WOUNDS}&code=venous", (True, [("wider", "I83.0"), ("inexact", "L97")])),
        (f"$translate?url=urn:example:to-icd&coding={WOUNDS}|burn", (False, [("unmatched", None)])),
        (f"to-icd/$translate?system={WOUNDS}&code=arterial", (False, [])),
        (f"to-icd/$translate?system={WOUNDS}&code=scald", (True, [("inexact", "T14")])),
        (f"chain/$translate?system={WOUNDS}&code=venous", (True, [("wider", "I83.0"), ("inexact", "L97")])),
        (f"chain/$translate?system={WOUNDS}&code=scald", (True, [("equivalent", "T30")])),
        ("to-icd/$translate?system=urn:other&code=venous", (False, [])),
        (f"to-icd/$translate?system={WOUNDS}&code=venous&targetsystem=urn:other", (False, [])),
        ("to-icd/$translate?system=urn:icd&code=I83.0&reverse=true", (True, [("narrower", "venous")])),
        (f"$translate?system={WOUNDS}&code=scald&source=urn:example:all", (True, [("inexact", "T14")])),
        ("$translate?system=urn:none&code=x", (False, [])),
    ],
)
def test_codes_are_translated(wounds: Any, path: str, expected: Any) -> None:
    assert translated(wounds.get(f"/ConceptMap/{path}")) == expected


def test_all_maps_of_a_system_are_used_where_none_is_named(wounds: Any) -> None:
    result, found = translated(wounds.get(f"/ConceptMap/$translate?system={WOUNDS}&code=scald"))
    assert result
    assert sorted(found, key=str) == [("equivalent", "T30"), ("inexact", "T14")]


def test_a_match_names_its_concept_and_its_map(wounds: Any) -> None:
    answer = wounds.get(f"/ConceptMap/to-icd/$translate?system={WOUNDS}&code=venous").json()
    first = next(one for one in answer["parameter"] if one["name"] == "match")
    assert first["part"] == [
        {"name": "equivalence", "valueCode": "wider"},
        {
            "name": "concept",
            "valueCoding": {"system": "urn:icd", "code": "I83.0", "display": "Varicose veins with ulcer"},
        },
        {"name": "source", "valueUri": "urn:example:to-icd"},
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("$translate?url=urn:none&system=urn:x&code=x", 404),
        ("none/$translate?system=urn:x&code=x", 404),
        ("to-icd/$translate?code=x", 400),
        ("to-icd/$translate", 400),
        ("to-icd/$translate?system=urn:x&code=x&dependency=y", 400),
    ],
)
def test_what_cannot_be_translated_is_refused(wounds: Any, path: str, status: int) -> None:
    answer = wounds.get(f"/ConceptMap/{path}")
    assert answer.status_code == status, answer.text
