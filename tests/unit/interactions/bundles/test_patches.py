from __future__ import annotations

import base64
from typing import Any

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.bundles.patches import patch_document


def binary(body: bytes, content_type: str = "application/json-patch+json") -> dict[str, Any]:
    return {"resourceType": "Binary", "contentType": content_type, "data": base64.b64encode(body).decode()}


def test_a_binary_names_the_media_type_of_the_patch_in_it() -> None:
    resource = binary(b'[{"op":"test"}]', "application/JSON-patch+json; charset=utf-8")
    assert patch_document(resource) == ("application/json-patch+json", [{"op": "test"}])


def test_parameters_are_a_fhirpath_patch() -> None:
    parameters = {"resourceType": "Parameters"}
    assert patch_document(parameters) == ("application/fhir+json", parameters)


def test_base64_may_be_broken_into_lines() -> None:
    assert patch_document({**binary(b""), "data": "W1\r\n0="})[1] == []


@pytest.mark.parametrize(
    ("resource", "expression"),
    [
        (None, "Resource.resourceType"),
        ({"resourceType": "Patient"}, "Resource.resourceType"),
        (binary(b"["), "Binary.data"),
        ({"resourceType": "Binary", "data": "W10="}, "Binary.contentType"),
        ({"resourceType": "Binary", "contentType": "application/json-patch+json"}, "Binary.data"),
        ({**binary(b""), "data": "W10"}, "Binary.data"),
        ({**binary(b""), "data": "\u00e4"}, "Binary.data"),
    ],
)
def test_what_holds_no_patch_is_400(resource: Any, expression: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        patch_document(resource)
    assert caught.value.expression == (expression,)
