"""Expressions are compiled to typed paths that lead to the same values as an independent FHIRPath engine finds."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from fhir_server.definitions import RESOURCE_TYPES, search_parameters
from fhir_server.indexing.converters import CONVERSIONS
from fhir_server.indexing.paths import Item, Property, Where, compile_paths, compile_relative

AS = re.compile(r"\(([A-Za-z.]+) as ([A-Za-z]+)\)|([A-Za-z.]+)\.as\(([A-Za-z]+)\)")
RESOLVES = re.compile(r"\.where\(resolve\(\) is ([A-Za-z]+)\)")


def test_a_choice_becomes_one_path_for_each_of_its_types() -> None:
    paths = compile_paths("Observation.effective", "Observation")
    assert [path.type for path in paths] == ["dateTime", "Period", "Timing", "instant"]
    assert paths[0].steps == (Property("effectiveDateTime"),)


def test_as_decides_between_the_types_of_a_choice_also_in_lists() -> None:
    (path,) = compile_paths("(Observation.component.value as Quantity)", "Observation")
    assert path.steps == (Property("component"), Property("valueQuantity"))
    assert path.type == "Quantity"
    tree = {"component": [{"valueQuantity": {"value": 1}}, {"valueString": "x"}, {"valueQuantity": {"value": 2}}]}
    assert list(path.nodes(tree)) == [{"value": 1}, {"value": 2}]


def test_a_name_without_a_type_before_it_starts_at_the_resource() -> None:
    assert compile_paths("name | alias", "InsurancePlan") == compile_paths(
        "InsurancePlan.name | InsurancePlan.alias", "InsurancePlan"
    )


def test_an_index_and_a_condition_are_steps() -> None:
    (path,) = compile_paths("Bundle.entry[0].resource", "Bundle")
    assert path.steps[0] == Item("entry", 0)
    assert list(path.nodes({"entry": [{"resource": {"id": "a"}}, {"resource": {"id": "b"}}]})) == [{"id": "a"}]
    assert list(path.nodes({"entry": []})) == []
    (path,) = compile_paths("Patient.telecom.where(system='phone')", "Patient")
    assert isinstance(path.steps[1], Where)
    phone = {"system": "phone", "value": "1"}
    assert list(path.nodes({"telecom": [phone, {"system": "email", "value": "2"}, {"value": "3"}]})) == [phone]


def test_resolve_is_decided_by_what_the_reference_says() -> None:
    (path,) = compile_paths("Observation.subject.where(resolve() is Patient)", "Observation")
    assert list(path.nodes({"subject": {"reference": "Patient/1"}})) == [{"reference": "Patient/1"}]
    assert list(path.nodes({"subject": {"reference": "Device/1"}})) == []
    assert list(path.nodes({"subject": {"identifier": {"value": "1"}}})) == []


@pytest.mark.parametrize(
    ("tree", "outcome"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2023-05-01"}, True),
        ({"_deceasedBoolean": {"extension": [{"url": "x", "valueCode": "unknown"}]}}, False),
    ],
)
def test_deceased_is_computed_for_every_patient(tree: dict[str, Any], outcome: bool) -> None:
    (path,) = compile_paths(search_parameters("Patient")["deceased"].expression, "Patient")
    assert path.type == "boolean"
    assert list(path.nodes(tree)) == [outcome]


def test_items_that_have_the_extension_are_followed_to_their_answers() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject"
    (path,) = compile_paths(
        f"QuestionnaireResponse.item.where(hasExtension('{url}')).answer.value.ofType(Reference)",
        "QuestionnaireResponse",
    )
    marked = [{"url": url, "valueBoolean": True}]
    answer = [{"valueReference": {"reference": "Patient/1"}}, {"valueString": "x"}]
    tree = {"item": [{"extension": marked, "answer": answer}, {"answer": answer}]}
    assert list(path.nodes(tree)) == [{"reference": "Patient/1"}]


def test_extension_leads_to_the_extensions_with_the_url() -> None:
    (path,) = compile_paths("Patient.extension('urn:a')", "Patient")
    assert list(path.nodes({"extension": [{"url": "urn:a"}, {"url": "urn:b"}]})) == [{"url": "urn:a"}]


def test_the_components_of_a_composite_start_at_its_node() -> None:
    composite = search_parameters("Observation")["component-code-value-quantity"]
    (node,) = compile_paths(composite.expression, "Observation")
    code, value = (compile_relative(part.expression, node, "Observation") for part in composite.components)
    assert [path.steps for path in code] == [(Property("code"),)]
    assert [path.steps for path in value] == [(Property("valueQuantity"),)]
    dates = search_parameters("Observation")["code-value-date"].components[1]
    (root,) = compile_paths("Observation", "Observation")
    assert [path.type for path in compile_relative(dates.expression, root, "Observation")] == ["dateTime", "Period"]


@pytest.mark.parametrize(
    "expression",
    ["Patient.nothing", "Patient.name.nothing", "Patient.name.where(3)", "Patient[0]", "'text'", "hasExtension('a')"],
)
def test_what_the_definitions_do_not_know_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_paths(expression, "Patient")


def test_every_published_parameter_compiles_to_paths_that_have_a_converter() -> None:
    for resource_type in RESOURCE_TYPES:
        for parameter in search_parameters(resource_type).values():
            if not parameter.expression:
                continue
            paths = compile_paths(parameter.expression, resource_type)
            assert paths, parameter
            for path in paths:
                for component in parameter.components:
                    assert compile_relative(component.expression, path, resource_type), (parameter, component)
            if not parameter.components:
                converters = CONVERSIONS[parameter.type][0].converters
                found = [path for path in paths if path.type in converters]
                # Extensions and outputs of Tasks may have a value of any type, of which a parameter takes those that it
                # can search: `as string` means markdown too.
                extended = all(".extension" in path.defined or "Task.output" in path.defined for path in paths)
                assert found if extended else found == list(paths), (resource_type, parameter.code, paths)


@cache
def independent(expression: str) -> Callable[[Any], list[Any]]:
    """The expression in fhirpathpy, with the two constructs it lacks replaced by what R4 means with them."""
    targets = RESOLVES.findall(expression)
    plain = AS.sub(lambda match: f"{match[1] or match[3]}.ofType({match[2] or match[4]})", RESOLVES.sub("", expression))
    compiled = fhirpathpy.compile(plain, models["r4"])

    def is_target(node: Any) -> bool:
        literal = node.get("reference", "").split("/")
        return bool(set(literal[:-1]) & set(targets)) or node.get("type") in targets

    def evaluate(tree: Any) -> list[Any]:
        found: list[Any] = compiled(tree, {})
        return [node for node in found if is_target(node)] if targets else found

    return evaluate


def canonical(nodes: Iterator[Any] | list[Any]) -> list[str]:
    return sorted({json.dumps(node, sort_keys=True, default=float) for node in nodes})


def test_paths_lead_where_an_independent_engine_leads(examples: list[dict[str, Any]]) -> None:
    compared: Counter[str] = Counter()
    exercised = set()
    for tree in examples:
        resource_type = tree["resourceType"]
        for parameter in search_parameters(resource_type).values():
            if not parameter.expression:
                continue
            paths = compile_paths(parameter.expression, resource_type)
            mine = canonical([node for path in paths for node in path.nodes(tree)])
            expression = parameter.expression.replace("Resource.", f"{resource_type}.")
            assert mine == canonical(independent(expression)(tree)), (tree["id"], parameter)
            compared[parameter.type] += 1
            if mine:
                exercised.add((resource_type, parameter.code))
    # The comparison would pass on no data too.
    assert sum(compared.values()) > 10_000
    assert len(exercised) > 1_000
