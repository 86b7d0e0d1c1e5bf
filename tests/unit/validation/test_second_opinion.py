"""The models of fhir.resources are heard, and not where they only know R4B."""

from __future__ import annotations

import pytest

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.validation.second_opinion import CHANGED_TYPES, second_opinion


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"resourceType":"Patient","foo":1}', "Patient.foo"),
        (b'{"resourceType":"Patient","contact":[{"relationship":"x"}]}', "Patient.contact[0].relationship"),
        (b'{"resourceType":"Patient","link":[{"type":"seealso"}]}', "Patient.link[0].other"),
    ],
)
def test_the_second_opinion_names_what_it_does_not_accept(body: bytes, place: str) -> None:
    assert [issue.expression[0] for issue in second_opinion("Patient", body)] == [place]


@pytest.mark.parametrize(
    ("resource_type", "body"),
    [
        ("Patient", b'{"resourceType":"Patient","birthDate":"1980"}'),
        ("MedicinalProduct", b'{"resourceType":"MedicinalProduct","name":[{"productName":"x"}]}'),
        ("Patient", '{"resourceType":"Patient","name":[{"family":"\u00a0"}]}'.encode()),
        ("Patient", b'{"resourceType":"Patient","extension":[{"url":"a","valueMeta":{"source":"b"}}]}'),
        ("Patient", b'{"resourceType":"Patient","extension":[{"url":"a","valueDecimal":1e400}]}'),
        ("Patient", b'{"resourceType":"Patient","contained":[{"resourceType":"MedicinalProduct","id":"a"}]}'),
    ],
)
def test_the_second_opinion_has_nothing_against_what_only_r4b_changed(resource_type: str, body: bytes) -> None:
    assert second_opinion(resource_type, body) == ()


def test_every_type_that_is_left_out_is_one_of_r4() -> None:
    assert set(CHANGED_TYPES) <= RESOURCE_TYPES


def test_a_type_without_exception_has_a_model() -> None:
    from fhir.resources.R4B import get_fhir_model_class

    for name in ("Patient", "Observation", "Claim", "DeviceRequest", "SupplyDelivery", "Task", "CatalogEntry"):
        assert name not in CHANGED_TYPES
        assert get_fhir_model_class(name) is not None
