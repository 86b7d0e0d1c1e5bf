from __future__ import annotations

from typing import Any

import pytest

from fhir_server.json_text import DecimalText
from fhir_server.mapping.conform import conform
from fhir_server.mapping.trees import ABSENT


@pytest.mark.parametrize(
    ("path", "value", "legal"),
    [
        ("Address", {"city": "X", "geo": {"lat": 1}}, {"city": "X"}),
        ("Address", {"postalCode": 53113}, {"postalCode": "53113"}),
        ("Address", {"line": "1 Main St"}, {"line": ["1 Main St"]}),
        ("Address", {"line": ["a", None, " ", {}, 5]}, {"line": ["a", "5"]}),
        ("Address", {"city": ["X"]}, ABSENT),
        ("Address", {"city": True}, ABSENT),
        ("Address", {"use": "Home", "city": "X"}, {"city": "X"}),
        ("Address", {"city": "X", "id": "a", "extension": [{"url": "u"}]}, {"city": "X"}),
        ("Address", "1 Main St", ABSENT),
        ("Address", {}, ABSENT),
        ("ContactPoint", {"value": "5"}, ABSENT),
        ("ContactPoint", {"system": "bogus", "value": "5"}, ABSENT),
        ("ContactPoint", {"system": "phone", "value": "5", "rank": 0}, {"system": "phone", "value": "5"}),
        ("Quantity", {"value": True}, ABSENT),
        ("Quantity", {"value": "1.5"}, {"value": DecimalText("1.5")}),
        ("Quantity", {"code": "cm"}, ABSENT),
        ("Range", {"low": {"value": 2}, "high": {"value": 1}}, ABSENT),
        ("Ratio", {"numerator": {"value": 2}}, ABSENT),
        ("Period", {"start": "2024", "end": "2023"}, ABSENT),
        ("Period", {"start": "2024-03", "end": "2024"}, {"start": "2024-03", "end": "2024"}),
        (
            "Period",
            {"start": "2024-03-01T00:00:00Z", "end": "2024-02-29T23:00:00-05:00"},
            {"start": "2024-03-01T00:00:00Z", "end": "2024-02-29T23:00:00-05:00"},
        ),
        ("dateTime", "2024-03-11T10:00Z", ABSENT),
        ("dateTime", "2024-03-11T10:00:00", ABSENT),
        ("dateTime", "2024-02-30", ABSENT),
        ("dateTime", "2024-03-11T10:00:00+14:00", "2024-03-11T10:00:00+14:00"),
        ("dateTime", "2024-03-11T10:00:00+15:00", ABSENT),
        ("dateTime", "0000", ABSENT),
        ("time", "24:00:00", ABSENT),
        ("base64Binary", "AAA", ABSENT),
        ("base64Binary", "AAA=", "AAA="),
        ("positiveInt", 0, ABSENT),
        ("xhtml", "<p/>", ABSENT),
    ],
)
def test_only_what_fhir_allows_comes_through(path: str, value: Any, legal: Any) -> None:
    assert conform(path, value) == legal


def test_an_object_without_what_it_must_have_is_left_out() -> None:
    assert conform("Practitioner.qualification", {"period": {"start": "2020"}}) is ABSENT
    assert conform("Practitioner.qualification", {"code": {"text": "RN"}}) == {"code": {"text": "RN"}}


@pytest.mark.parametrize(
    "text", ["#a", "#", "Patient/1", "http://x.example/Organization/1", "Nothing/1", "Organization/ä"]
)
def test_a_reference_that_may_not_stand_there_leaves_only_its_display(text: str) -> None:
    issuer = {"reference": text, "type": "Patient", "display": "Board"}
    said = conform("Practitioner.qualification", {"code": {"text": "RN"}, "issuer": issuer})
    assert said["issuer"] == {"display": "Board"}


def test_a_reference_to_an_allowed_type_comes_through() -> None:
    said = conform("Practitioner.qualification", {"code": {"text": "RN"}, "issuer": {"reference": "Organization/1"}})
    assert said["issuer"] == {"reference": "Organization/1"}


def test_json_that_never_ends_does_not_end_the_server() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = {"assigner": {"identifier": deep}}
    assert conform("Identifier", {"value": "1", **deep}) is not ABSENT
