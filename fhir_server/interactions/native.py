"""A file that comes as itself and is to be a Binary (https://hl7.org/fhir/R4/binary.html)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from fhir_server.interactions.request import FhirRequest

FHIR_TYPES = frozenset({"application/fhir+json", "application/json", "text/json", "application/json+fhir"})
"""What a body in these types says is a resource, also where the resource is a Binary."""


def is_native(request: FhirRequest, resource_type: str) -> bool:
    """Whether the body is the content of a Binary and not a resource."""
    said = request.content_type
    return resource_type == "Binary" and said is not None and said not in FHIR_TYPES


def binary_of(request: FhirRequest) -> dict[str, Any]:
    """The Binary whose content is the body; an update of one has the id of its address."""
    tree: dict[str, Any] = {"resourceType": "Binary"}
    if request.method == "PUT" and len(request.path) == 2:
        tree["id"] = request.path[1]
    tree["contentType"] = request.headers.get("content-type", request.content_type)
    context = request.headers.get("x-security-context")
    if context:
        tree["securityContext"] = {"reference": context}
    if request.body:
        tree["data"] = b64encode(request.body).decode()
    return tree
