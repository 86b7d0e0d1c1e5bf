"""Composite parameters give one row for each choice of values from the same element."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhir_server.definitions import RESOURCE_TYPES, search_parameters
from fhir_server.indexing import CompositeValue, extract, parameter_number
from fhir_server.indexing.composites import MAX_CHOICES, columns_of, components, kinds
from fhir_server.indexing.paths import compile_paths, compile_relative

BASE = "http://server.example/fhir"


def rows(resource_type: str, tree: dict[str, Any], code: str) -> list[CompositeValue]:
    number = parameter_number(f"{resource_type}.{code}")
    return [row for row in extract(resource_type, tree, BASE).composite if row.parameter == number]


def concept(*codes: str) -> dict[str, Any]:
    return {"coding": [{"system": "urn:s", "code": code} for code in codes]}


def test_every_published_composite_has_paths_and_columns_for_all_its_components() -> None:
    found = 0
    for resource_type in sorted(RESOURCE_TYPES):
        for parameter in search_parameters(resource_type).values():
            if parameter.type != "composite":
                continue
            found += 1
            used = [name for columns in columns_of(kinds(parameter)) for name in columns.values()]
            assert len(used) == len(set(used))
            assert set(used) <= set(CompositeValue._fields)
            for start in compile_paths(parameter.expression, resource_type):
                for component in components(parameter):
                    assert compile_relative(component.expression, start, resource_type)
    assert found > 60


def test_code_and_value_come_from_the_same_component() -> None:
    tree = {
        "component": [
            {"code": concept("a", "b"), "valueQuantity": {"value": Decimal("1.5")}},
            {"code": concept("c"), "valueCodeableConcept": concept("x")},
            {"code": concept("d")},
        ]
    }
    quantities = rows("Observation", tree, "component-code-value-quantity")
    assert [(row.code, row.low, row.high) for row in quantities] == [
        ("a", Decimal("1.5"), Decimal("1.5")),
        ("b", Decimal("1.5"), Decimal("1.5")),
    ]
    concepts = rows("Observation", tree, "combo-code-value-concept")
    assert [(row.code, row.value_system, row.value_code) for row in concepts] == [("c", "urn:s", "x")]
    assert rows("Observation", tree, "code-value-quantity") == []


def test_each_kind_of_value_has_its_columns() -> None:
    code = {"code": concept("a")}
    (text,) = rows("Observation", {**code, "valueString": "Größe"}, "code-value-string")
    assert (text.code, text.value, text.normal) == ("a", "Größe", "grosse")
    (time,) = rows("Observation", {**code, "valuePeriod": {"end": "2024-03"}}, "code-value-date")
    assert (time.time_low, time.time_high and time.time_high.isoformat()) == (None, "2024-04-01T00:00:00+00:00")
    (size,) = rows(
        "Observation",
        {**code, "valueQuantity": {"value": 40, "system": "http://unitsofmeasure.org", "code": "mm"}},
        "code-value-quantity",
    )
    assert (size.canonical_low, size.canonical_unit) == (Decimal("0.04"), "m")


def test_the_related_document_and_the_kind_of_relation_are_in_the_order_of_their_parameters() -> None:
    tree = {"relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/1"}}]}
    (row,) = rows("DocumentReference", tree, "relationship")
    assert (row.code, row.target_type, row.target_id) == ("replaces", "DocumentReference", "1")
    assert kinds(search_parameters("DocumentReference")["relationship"]) == ("reference", "token")


def test_three_components_may_come_from_the_element_and_the_resource() -> None:
    tree = {"referenceSeq": {"chromosome": concept("1")}, "variant": [{"start": 10, "end": 20}, {"start": 30}]}
    (row,) = rows("MolecularSequence", tree, "chromosome-variant-coordinate")
    assert (row.code, row.low, row.second_high) == ("1", Decimal(10), Decimal(20))


def test_an_element_gives_a_bounded_number_of_rows() -> None:
    many = concept(*map(str, range(300)))
    tree = {"characteristic": [{"code": many, "valueCodeableConcept": many}]}
    assert len(rows("Group", tree, "characteristic-value")) == MAX_CHOICES


def test_odd_json_gives_no_rows_and_no_error() -> None:
    for odd in ([], "x", None, {"code": "x", "valueQuantity": 3}, {"component": ["x", None, [1]]}):
        assert extract("Observation", odd, BASE).composite == ()
