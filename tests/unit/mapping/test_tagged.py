from __future__ import annotations

from typing import Any

import pytest

from fhir_server.json_text import DecimalText
from fhir_server.mapping.tagged import tagged
from fhir_server.mapping.word import HeardRow
from tests.unit.mapping.columns import t
from tests.unit.mapping.test_choices import said

VALUE = tagged(t.text, t.data)
ERROR = {
    "dataAbsentReason": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "error"}]
    }
}


def value_of(tag: Any, data: Any) -> dict[str, Any]:
    return said(VALUE, {"text": tag, "data": data}, "value[x]")


@pytest.mark.parametrize(
    ("tag", "data", "expected"),
    [
        ("quantity", {"value": 3, "unit": "cm"}, {"valueQuantity": {"value": 3, "unit": "cm"}}),
        ("Quantity", 3, {"valueQuantity": {"value": 3}}),
        ("quantity", "3.20", {"valueQuantity": {"value": DecimalText("3.20")}}),
        ("quantity", {"value": 3, "code": "cm"}, {"valueQuantity": {"value": 3}}),
        (
            "quantity",
            {"value": 3, "system": "urn:u", "code": "cm"},
            {"valueQuantity": {"value": 3, "system": "urn:u", "code": "cm"}},
        ),
        ("string", "a", {"valueString": "a"}),
        ("text", {"value": "a"}, {"valueString": "a"}),
        ("boolean", {"value": False}, {"valueBoolean": False}),
        ("integer", 5, {"valueInteger": 5}),
        ("coded", "granulation", {"valueCodeableConcept": {"text": "granulation"}}),
        (
            "codeable",
            {"code": "x", "display": "X"},
            {"valueCodeableConcept": {"coding": [{"code": "x", "display": "X"}]}},
        ),
        ("codeable-concept", {"coding": {"code": "x"}}, {"valueCodeableConcept": {"coding": [{"code": "x"}]}}),
        ("CodeableConcept", {"text": "x"}, {"valueCodeableConcept": {"text": "x"}}),
        ("range", {"low": {"value": 1}}, {"valueRange": {"low": {"value": 1}}}),
        ("time", "10:00:00", {"valueTime": "10:00:00"}),
        ("dateTime", "2024-03", {"valueDateTime": "2024-03"}),
        ("date-time", "2024-03", {"valueDateTime": "2024-03"}),
        ("period", {"start": "2024"}, {"valuePeriod": {"start": "2024"}}),
        (None, None, {}),
        ("quantity", None, {}),
    ],
)
def test_a_value_is_said_as_the_type_that_its_tag_names(tag: Any, data: Any, expected: dict[str, Any]) -> None:
    assert value_of(tag, data) == expected


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        ("quantity", "much"),
        ("boolean", "yes"),
        ("integer", "5"),
        ("time", "10:00"),
        ("dateTime", "2024-03-11T10:00"),
        ("range", {"low": {"value": 5}, "high": {"value": 1}}),
        ("ratio", {"numerator": {"value": 1}}),
        ("photo", "x"),
        (None, 5),
        ("", {}),
        ("string", {}),
        ("coded", 5),
    ],
)
def test_a_value_that_cannot_be_said_is_an_error_and_not_invented(tag: Any, data: Any) -> None:
    assert value_of(tag, data) == ERROR


@pytest.mark.parametrize(
    ("tree", "tag", "data"),
    [
        ({"valueQuantity": {"value": 3, "unit": "cm"}}, "quantity", {"value": 3, "unit": "cm"}),
        ({"valueString": "a"}, "string", {"value": "a"}),
        ({"valueBoolean": False}, "boolean", {"value": False}),
        ({"valueDateTime": "2024"}, "datetime", {"value": "2024"}),
        ({"valueCodeableConcept": {"text": "x", "id": "i"}}, "codeable-concept", {"text": "x"}),
    ],
)
def test_a_value_is_held_with_the_name_of_its_type(tree: dict[str, Any], tag: str, data: Any) -> None:
    row = HeardRow()
    assert VALUE.decompose_from(tree, "value[x]", row)
    assert row == {"text": tag, "data": data}
    assert said(VALUE, dict(row), "value[x]").keys() == tree.keys()


def test_a_number_that_no_column_prints_back_is_only_in_the_document() -> None:
    row = HeardRow()
    assert not VALUE.decompose_from({"valueQuantity": {"value": DecimalText("1e300")}}, "value[x]", row)
    assert row == {}
