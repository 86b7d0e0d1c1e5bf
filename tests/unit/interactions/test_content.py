"""The resource in a request."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import InvalidRequest, UnsupportedMediaType
from fhir_server.interactions.content import checked_id, resource_of, without_server_meta
from fhir_server.interactions.request import FhirRequest


def request(body: bytes, content_type: str | None = "application/fhir+json") -> FhirRequest:
    return FhirRequest("PUT", ("Patient", "p"), "", {}, body, "http://x/fhir", content_type)


def test_a_resource_must_be_of_the_type_of_the_url() -> None:
    assert resource_of(request(b'{"resourceType":"Patient"}'), "Patient") == {"resourceType": "Patient"}
    for body in (b'{"resourceType":"Basic"}', b"{}", b"[]", b"1"):
        with pytest.raises(InvalidRequest):
            resource_of(request(body), "Patient")
    with pytest.raises(UnsupportedMediaType):
        resource_of(request(b"", None), "Patient")


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"versionId": "1"}, None),
        ({"versionId": "1", "lastUpdated": "2024-01-01T00:00:00Z", "source": "urn:x"}, {"source": "urn:x"}),
        ({"source": "urn:x"}, {"source": "urn:x"}),
        (None, None),
    ],
)
def test_what_the_server_says_in_meta_is_taken_out_and_nothing_else(meta: Any, expected: Any) -> None:
    tree = {"resourceType": "Patient", **({"meta": meta} if meta else {}), "id": "p"}
    before = dict(tree)
    after = without_server_meta(tree)
    assert after.get("meta") == expected
    assert {**after, "meta": meta} == {**before, "meta": meta}
    assert tree == before


def test_the_id_must_be_that_of_the_url() -> None:
    checked_id({"resourceType": "Patient", "id": "p"}, "p")
    for tree in ({"resourceType": "Patient"}, {"resourceType": "Patient", "id": "q"}):
        with pytest.raises(InvalidRequest) as refused:
            checked_id(tree, "p")
        assert refused.value.expression == ("Patient.id",)
