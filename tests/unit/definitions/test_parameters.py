"""Search parameters per type: their own part of the expression, possible targets, stable numbers."""

from __future__ import annotations

import pytest

from fhir_server.definitions import PUBLISHED_TYPES, RESOURCE_TYPES, parameter_number, search_parameters


def test_a_type_gets_its_own_part_of_a_shared_expression() -> None:
    assert search_parameters("Observation")["code"].expression == "Observation.code"
    assert search_parameters("Patient")["family"].expression == "Patient.name.family"


def test_parameters_of_all_types_belong_to_every_type() -> None:
    for resource_type in RESOURCE_TYPES:
        found = search_parameters(resource_type)
        assert {"_id", "_lastUpdated", "_profile", "_tag", "_security", "_source"} <= set(found), resource_type
        assert found["_profile"].type == "uri"
        assert found["_source"].type == "uri"
        assert found["_tag"].type == "token"


@pytest.mark.parametrize("code", ["_filter", "_query", "_list", "_has"])
def test_parameters_without_an_element_are_special(code: str) -> None:
    found = search_parameters("Patient")[code]
    assert found.type == "special"
    assert found.expression == ""


def test_only_types_with_a_narrative_have_text_search() -> None:
    assert "_text" not in search_parameters("Bundle")
    assert "_content" in search_parameters("Bundle")


def test_parameters_matched_otherwise_than_by_value_have_their_own_types_and_those_of_extensions_are_left_out() -> None:
    assert search_parameters("Patient")["phonetic"].type == "phonetic"
    assert search_parameters("Location")["near"].type == "near"
    assert {search_parameters("Patient")[code].type for code in ("_text", "_content")} == {"text"}
    assert "mothersMaidenName" not in search_parameters("Patient")


def test_targets_are_those_that_the_element_can_hold() -> None:
    parameters = search_parameters("Observation")
    assert parameters["patient"].targets == ("Patient",)
    assert set(parameters["subject"].targets) == {"Patient", "Group", "Device", "Location"}
    assert search_parameters("AllergyIntolerance")["patient"].targets == ("Patient",)
    assert search_parameters("Task")["subject"].targets  # any type, as published


def test_a_composite_names_parameters_of_its_type() -> None:
    composite = search_parameters("Observation")["code-value-quantity"]
    assert [(part.code, part.expression) for part in composite.components] == [
        ("code", "code"),
        ("value-quantity", "value.as(Quantity)"),
    ]
    for resource_type in RESOURCE_TYPES:
        found = search_parameters(resource_type)
        for parameter in found.values():
            assert all(part.code in found for part in parameter.components)
            assert bool(parameter.components) == (parameter.type == "composite")


def test_every_parameter_but_the_special_ones_has_an_expression() -> None:
    for resource_type in RESOURCE_TYPES:
        for parameter in search_parameters(resource_type).values():
            assert bool(parameter.expression) == (parameter.type not in {"special", *PUBLISHED_TYPES}), parameter


def test_numbers_are_stable_signed_and_unique() -> None:
    # These stand in databases: a change of the formula would orphan every index row.
    assert parameter_number("Patient.identifier") == -813337701
    assert parameter_number("Observation.code:text") == -508576693
    numbers: dict[int, str] = {}
    for resource_type in RESOURCE_TYPES:
        for code, parameter in search_parameters(resource_type).items():
            name = f"{resource_type}.{code}"
            assert parameter.number == parameter_number(name)
            for suffix in ("", ":text", ":of-type"):
                number = parameter_number(name + suffix)
                assert -(2**31) <= number < 2**31
                assert numbers.setdefault(number, name + suffix) == name + suffix


def test_an_unknown_type_has_no_parameters() -> None:
    assert search_parameters("Nothing") == {}
    assert search_parameters("Resource") == {}
