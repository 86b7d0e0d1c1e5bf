"""The text of a reference is read as a local resource or kept as an address."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.indexing import parse_reference
from fhir_server.indexing.references import referenced_type

BASE = "https://clinic.example/fhir"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Patient/pa", ("Patient", "pa", None)),
        ("Patient/pa/_history/1", ("Patient", "pa", "1")),
        ("https://clinic.example/fhir/Patient/pb", ("Patient", "pb", None)),
        ("http://clinic.example/fhir/Patient/pb", ("Patient", "pb", None)),
        ("https://clinic.example/fhir/Patient/pb/_history/2", ("Patient", "pb", "2")),
        ("Patient/" + "a" * 64, ("Patient", "a" * 64, None)),
    ],
)
def test_relative_and_own_absolute_references_are_local(text: str, target: tuple[str, str, str | None]) -> None:
    assert parse_reference(text, BASE) == (*target, None)
    assert parse_reference(text, BASE + "/") == (*target, None)


@pytest.mark.parametrize(
    "text",
    [
        "http://other.example/fhir/Patient/pa",
        "https://clinic.example/fhir/evil/Patient/pa",
        "https://clinic.example/Patient/pa",
        "ftp://clinic.example/fhir/Patient/pa",
        "fhir/Patient/pa",
        "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
        "Patient?identifier=a|b",
        "Nothing/pa",
        "patient/pa",
        "Patient/" + "a" * 65,
        "Patient/a b",
        "Patient/pa\n",
        "Patient/pa/_history/",
        "Patient/",
        "",
    ],
)
def test_everything_else_stays_as_it_was_written(text: str) -> None:
    assert parse_reference(text, BASE) == (None, None, None, text)


@pytest.mark.parametrize(
    ("reference", "resource_type"),
    [
        ({"reference": "Patient/pa"}, "Patient"),
        ({"reference": "http://other.example/fhir/Patient/pa/_history/3"}, "Patient"),
        ({"reference": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a", "type": "Device"}, "Device"),
        ({"type": "http://hl7.org/fhir/StructureDefinition/Group", "identifier": {"value": "x"}}, "Group"),
        ({"reference": "#p1"}, None),
        ({"identifier": {"value": "x"}}, None),
        ({"type": "Nothing"}, None),
        ({}, None),
    ],
)
def test_the_type_of_a_target_is_what_the_reference_says(reference: dict[str, Any], resource_type: str | None) -> None:
    assert referenced_type(reference) == resource_type
