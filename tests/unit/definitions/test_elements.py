"""Elements are found by path through data types, content references and choices."""

from __future__ import annotations

import pytest

from fhir_server.definitions import (
    RESOURCE_TYPES,
    children,
    element,
    is_a,
    is_list,
    is_primitive,
    mandatory_elements,
    modifier_elements,
    packaged,
    properties,
    reference_targets,
    summary_elements,
    type_definition,
)


def test_resource_types_are_the_concrete_types_of_the_definitions() -> None:
    defined = packaged("elements-resources.json")["resources"]
    assert {name for name, facts in defined.items() if not facts["abstract"]} == RESOURCE_TYPES
    assert len(RESOURCE_TYPES) == 146


@pytest.mark.parametrize(
    ("path", "defined_at"),
    [
        ("Patient.name", "Patient.name"),
        ("Patient.name.family", "HumanName.family"),
        ("Patient.name.period.start", "Period.start"),
        ("Patient.contact.name.family", "HumanName.family"),
        ("Observation.value[x]", "Observation.value[x]"),
        ("Observation.value", "Observation.value[x]"),
        ("Observation.valueQuantity", "Observation.value[x]"),
        ("Observation.valueQuantity.unit", "Quantity.unit"),
        ("Observation.component.referenceRange.low.value", "Quantity.value"),
        ("Questionnaire.item.item.item.linkId", "Questionnaire.item.linkId"),
        ("Bundle.entry.link.url", "Bundle.link.url"),
        ("Observation.effectiveTiming.repeat.boundsPeriod.end", "Period.end"),
        ("Patient.contact.modifierExtension", "BackboneElement.modifierExtension"),
        ("Patient.contact.id", "Element.id"),
        ("Extension.valueCodeableConcept.coding.code", "Coding.code"),
    ],
)
def test_a_path_leads_to_where_the_element_is_defined(path: str, defined_at: str) -> None:
    found = element(path)
    assert found is not None
    # What a backbone element inherits from Element may be written down at either of the two.
    assert found.path.replace("BackboneElement.id", "Element.id") == defined_at


@pytest.mark.parametrize(
    "path", ["Patient", "Patient.names", "Patient.birthDate.year", "Nothing.at.all", "Observation.valueMoney", ""]
)
def test_what_r4_does_not_define_has_no_element(path: str) -> None:
    assert element(path) is None


def test_an_element_knows_its_cardinality_types_and_flags() -> None:
    status = element("Observation.status")
    assert status is not None
    assert (status.min, status.max, status.types) == (1, 1, ("code",))
    assert status.is_modifier
    assert status.is_summary
    assert not status.is_list
    assert status.binding_strength == "required"
    names = element("Patient.name")
    assert names is not None
    assert names.max is None
    assert names.is_list


def test_children_keep_a_choice_together_and_properties_name_each_type() -> None:
    assert list(children("Observation.component")) == [
        "id",
        "extension",
        "modifierExtension",
        "code",
        "value[x]",
        "dataAbsentReason",
        "interpretation",
        "referenceRange",
    ]
    named = properties("Observation.component")
    assert named["valueQuantity"].type == "Quantity"
    assert named["valueDateTime"].type == "dateTime"
    assert "value[x]" not in named
    assert named["referenceRange"].element.content_reference == "Observation.referenceRange"


def test_an_inner_resource_and_a_primitive_have_no_children_of_their_own() -> None:
    assert children("Bundle.entry.resource") == {}
    assert children("Patient.contained") == {}
    assert children("Patient.birthDate") == {}


def test_elements_that_a_type_forbids_are_left_out() -> None:
    assert "extension" not in children("xhtml")


def test_types_know_what_they_derive_from() -> None:
    assert is_a("Age", "Quantity")
    assert is_a("Age", "Element")
    assert is_a("id", "string")
    assert not is_a("Quantity", "Age")
    assert is_primitive("dateTime")
    assert not is_primitive("Period")
    assert not is_primitive("Nothing")
    definition = type_definition("code")
    assert definition is not None
    assert definition.regex == "[^\\s]+(\\s[^\\s]+)*"


def test_every_element_of_every_resource_type_is_found_at_its_own_path() -> None:
    for name, facts in packaged("elements-resources.json")["resources"].items():
        for line in facts["elements"]:
            if line["max"] != "0":
                found = element(line["path"])
                assert found is not None, line["path"]
                assert found.path == line["path"]
                assert found.path.startswith(name)


def test_lists_and_reference_targets_are_answered_by_path() -> None:
    assert is_list("Patient.name.given")
    assert not is_list("Patient.birthDate")
    assert not is_list("Patient.nothing")
    assert reference_targets("Patient.managingOrganization") == ("Organization",)
    assert reference_targets("Task.for") == ("Any",)
    assert reference_targets("Observation.instantiates") is None
    assert reference_targets("Patient.name") is None
    assert reference_targets("PlanDefinition.library") == ("Library",)


def test_summary_mandatory_and_modifier_elements_carry_json_names() -> None:
    summary = summary_elements("Observation")
    assert {"id", "meta", "code", "valueQuantity", "valueString", "component"} <= summary
    assert not {"text", "contained", "referenceRange", "note"} & summary
    assert mandatory_elements("Observation") == {"status", "code"}
    assert mandatory_elements("MedicationRequest") == {
        "status",
        "intent",
        "medicationCodeableConcept",
        "medicationReference",
        "subject",
    }
    assert modifier_elements("Patient") == {
        "implicitRules",
        "modifierExtension",
        "active",
        "deceasedBoolean",
        "deceasedDateTime",
        "link",
    }
