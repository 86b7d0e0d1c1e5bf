"""A body that is the content of a Binary."""

from __future__ import annotations

import pytest

from fhir_server.http.negotiation import JSON_TYPES
from fhir_server.interactions.native import FHIR_TYPES, binary_of, is_native
from fhir_server.interactions.request import FhirRequest


def request(method: str = "POST", path: tuple[str, ...] = ("Binary",), **headers: str) -> FhirRequest:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return FhirRequest(method, path, "", said, b"hello", "http://x/fhir", content_type="text/plain")


def test_the_formats_of_fhir_are_those_that_the_server_speaks() -> None:
    assert frozenset(JSON_TYPES) == FHIR_TYPES


@pytest.mark.parametrize("kind", ["Patient", "DocumentReference"])
def test_only_a_binary_may_come_as_itself(kind: str) -> None:
    assert not is_native(request(), kind)
    assert is_native(request(), "Binary")


def test_the_type_keeps_its_parameters_and_the_security_context_is_a_reference() -> None:
    tree = binary_of(request(content_type="text/plain; charset=latin1", x_security_context="Patient/1"))
    assert tree == {
        "resourceType": "Binary",
        "contentType": "text/plain; charset=latin1",
        "securityContext": {"reference": "Patient/1"},
        "data": "aGVsbG8=",
    }


def test_an_update_says_the_id_of_its_address() -> None:
    assert binary_of(request("PUT", ("Binary", "b1")))["id"] == "b1"
    assert "id" not in binary_of(request("PUT"))
