"""Required bindings give the allowed codes and the system that a bare code belongs to."""

from __future__ import annotations

import pytest

from fhir_server.definitions import required_codes, required_system


def test_the_codes_of_a_required_binding_are_listed() -> None:
    assert required_codes("Patient.gender") == frozenset({"male", "female", "other", "unknown"})
    assert required_codes("Patient.name.use") == required_codes("HumanName.use")


@pytest.mark.parametrize(
    "path", ["Observation.code", "Patient.language", "Attachment.contentType", "Patient.birthDate", "Patient.nothing"]
)
def test_without_a_binding_that_can_be_listed_there_are_none(path: str) -> None:
    assert required_codes(path) is None


@pytest.mark.parametrize(
    ("path", "code", "system"),
    [
        ("Patient.gender", "male", "http://hl7.org/fhir/administrative-gender"),
        ("Patient.contact.gender", "male", "http://hl7.org/fhir/administrative-gender"),
        ("Observation.status", "final", "http://hl7.org/fhir/observation-status"),
        ("Task.intent", "unknown", "http://hl7.org/fhir/task-intent"),
        ("Task.intent", "order", "http://hl7.org/fhir/request-intent"),
        ("Patient.language", "de-CH", "urn:ietf:bcp:47"),
        ("DocumentReference.content.attachment.contentType", "text/plain", "urn:ietf:bcp:13"),
        ("Money.currency", "USD", "urn:iso:std:iso:4217"),
        ("Patient.gender", "no such code", None),
        ("Patient.birthDate", "male", None),
        ("Patient.nothing", "male", None),
    ],
)
def test_a_code_belongs_to_the_system_that_its_value_set_takes_it_from(
    path: str, code: str, system: str | None
) -> None:
    assert required_system(path, code) == system
