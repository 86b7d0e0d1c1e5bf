"""A reference points to a type its element allows; a fragment to a contained resource."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.validation import validate
from fhir_server.validation.references import type_of


def observation(**subject: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject}


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/1"},
        {"reference": "Patient/1/_history/2"},
        {"reference": "Group/1"},
        {"reference": "http://example.org/fhir/Patient/1"},
        {"reference": "https://example.org/Patient/1/_history/2"},
        {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
        {"reference": "urn:oid:1.2.3"},
        {"reference": "Patient?identifier=http://example.org/a|b"},
        {"reference": "http://example.org/something/else"},
        {"reference": "http://example.org/Patient"},
        {"reference": "Foo/1"},
        {"reference": "Patient/1", "type": "Patient"},
        {"reference": "Patient/1", "type": "http://hl7.org/fhir/StructureDefinition/Patient"},
        {"type": "Group", "identifier": {"value": "1"}},
        {"type": "http://example.org/Alien", "display": "x"},
        {"identifier": {"system": "http://example.org", "value": "1"}},
        {"display": "somebody"},
        {"reference": "#"},
    ],
)
def test_a_reference_to_an_allowed_or_unknown_type_is_accepted(subject: dict[str, Any]) -> None:
    assert validate("Observation", observation(**subject)) == ()


@pytest.mark.parametrize(
    ("subject", "place"),
    [
        ({"reference": "Medication/1"}, "Observation.subject"),
        ({"reference": "Medication/1/_history/2"}, "Observation.subject"),
        ({"reference": "http://example.org/fhir/Medication/1"}, "Observation.subject"),
        ({"reference": "Medication?code=1"}, "Observation.subject"),
        ({"type": "Medication", "display": "x"}, "Observation.subject.type"),
        ({"type": "http://hl7.org/fhir/StructureDefinition/Medication", "display": "x"}, "Observation.subject.type"),
        ({"reference": "Patient/1", "type": "Group"}, "Observation.subject.type"),
    ],
)
def test_a_reference_to_another_type_is_refused(subject: dict[str, Any], place: str) -> None:
    assert [(one.code, one.expression) for one in validate("Observation", observation(**subject))] == [
        ("value", (place,))
    ]


def test_the_allowed_types_are_told() -> None:
    (issue,) = validate("Observation", observation(reference="Medication/1"))
    assert issue.diagnostics == (
        "Observation.subject must not refer to Medication, only to: Device, Group, Location, Patient"
    )


def test_a_reference_deep_inside_a_backbone_element_is_checked() -> None:
    claim = {"resourceType": "Patient", "link": [{"other": {"reference": "Group/1"}, "type": "seealso"}]}
    assert [one.expression for one in validate("Patient", claim)] == [("Patient.link[0].other",)]


def test_a_reference_in_an_extension_may_point_anywhere_but_not_to_a_missing_fragment() -> None:
    tree = {
        "resourceType": "Patient",
        "extension": [{"url": "http://a", "valueReference": {"reference": "Medication/1"}}],
    }
    assert validate("Patient", tree) == ()
    tree["extension"][0]["valueReference"]["reference"] = "#x"  # type: ignore[index]
    assert [one.expression for one in validate("Patient", tree)] == [("Patient.extension[0].value",)]


def test_a_fragment_without_a_contained_resource_breaks_ref_1() -> None:
    (issue,) = validate("Observation", observation(reference="#a"))
    assert (issue.code, issue.expression) == ("invariant", ("Observation.subject",))
    assert "ref-1" in issue.diagnostics


@pytest.mark.parametrize(
    ("literal", "name"),
    [
        ("Patient/1", "Patient"),
        ("http://a/b/Patient/1", "Patient"),
        ("Patient/1#x", "Patient"),
        ("Patient?a=b", "Patient"),
        ("patient/1", None),
        ("Patients/1", None),
        ("Patient/", None),
        ("Patient/" + "1" * 65, None),
        ("urn:uuid:1", None),
        ("", None),
    ],
)
def test_the_type_of_a_reference_is_read_from_its_text(literal: str, name: str | None) -> None:
    assert type_of(literal) == name
