"""The patch document in a bundle entry, which has no Content-Type of its own: Parameters, or a Binary that names one.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

import base64
import binascii

from fhir_server.errors import InvalidRequest
from fhir_server.json_text import Tree, parse_json

FHIRPATH_PATCH = "application/fhir+json"


def patch_document(resource: Tree) -> tuple[str, Tree]:
    """The media type and the tree of the patch that the resource of a PATCH entry is or holds.

    Raises InvalidRequest, with an expression below the resource, when a Binary has no contentType or its data are no
    JSON in base64; whether the type is one that can be applied is for the patch to say.
    """
    if isinstance(resource, dict) and resource.get("resourceType") == "Parameters":
        return FHIRPATH_PATCH, resource
    if not isinstance(resource, dict) or resource.get("resourceType") != "Binary":
        raise InvalidRequest("A patch comes as Parameters (FHIRPath) or Binary (JSON)", ("Resource.resourceType",))
    content_type, data = resource.get("contentType"), resource.get("data")
    if not isinstance(content_type, str):
        raise InvalidRequest("The Binary of a patch needs a contentType", ("Binary.contentType",))
    if not isinstance(data, str):
        raise InvalidRequest("The Binary of a patch needs data", ("Binary.data",))
    try:
        body = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("The data of the patch are not base64", ("Binary.data",)) from None
    try:
        patch = parse_json(body)
    except InvalidRequest as error:
        raise InvalidRequest(f"The data of the patch: {error.diagnostics}", ("Binary.data",)) from None
    return content_type.partition(";")[0].strip().lower(), patch
