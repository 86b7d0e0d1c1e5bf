"""What a row does not answer is written to the index, to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.indexing import extract, parameter_number
from fhir_server.json_text import parse_json
from fhir_server.mapping.resource import Resource
from fhir_server.resources.location import LOCATION
from fhir_server.resources.observation import OBSERVATION

BASE = "https://here.example/fhir"


def written(resource: Resource, tree: dict[str, Any], row: dict[str, Any]) -> set[tuple[str, Any]]:
    said = extract(resource.resource_type, tree, BASE)
    left = resource.index_rows(said, row, tree)
    number = {parameter_number(f"{resource.resource_type}.{code}"): code for code in resource.search}
    kinds = (left.token, left.string, left.reference, left.date, left.quantity)
    return {(number[one.parameter], one[2]) for kind in kinds for one in kind if one.parameter in number}


def test_a_code_that_the_row_says_as_the_document_does_is_not_written() -> None:
    tree = {"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}}
    assert not {one for one in written(OBSERVATION, tree, {"code": "8867-4"}) if one[0] == "code"}


def test_a_second_coding_is_written_and_the_first_is_not() -> None:
    codings = [{"system": "http://loinc.org", "code": "8867-4"}, {"system": "urn:x", "code": "y"}]
    tree = {"resourceType": "Observation", "code": {"coding": codings}}
    assert {one for one in written(OBSERVATION, tree, {"code": "8867-4"}) if one[0] == "code"} == {("code", "y")}


def test_a_name_in_an_element_without_a_column_is_written() -> None:
    tree = {"resourceType": "Location", "name": "North", "alias": ["Up"]}
    assert {value for code, value in written(LOCATION, tree, {"name": "North"}) if code == "name"} == {"up"}


def test_a_number_with_other_digits_has_another_precision_and_is_written() -> None:
    body = b'{"resourceType":"Observation","valueDateTime":"2024-01-01","valueQuantity":{"value":1.50}}'
    tree = parse_json(body)
    assert isinstance(tree, dict)
    row = {"code": "x", "value_type": "Quantity", "value_data": {"value": 1.5}}
    assert any(code == "value-quantity" for code, _ in written(OBSERVATION, tree, row))


@pytest.mark.parametrize("performer", ["Practitioner/p", f"{BASE}/Practitioner/p"])
def test_a_reference_is_the_same_however_it_is_written(performer: str) -> None:
    tree = {"resourceType": "Observation", "performer": [{"reference": performer}]}
    assert not written(OBSERVATION, tree, {"code": "x", "practitioner_fhir_id": "p"})
