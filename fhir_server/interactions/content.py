"""The resource in a request: parsed, of the right type, valid.

https://hl7.org/fhir/R4/http.html#create and https://hl7.org/fhir/R4/http.html#update
"""

from __future__ import annotations

from typing import Any

from fhir_server.errors import InvalidRequest, UnsupportedMediaType
from fhir_server.interactions.bundles.references import conditional_references
from fhir_server.interactions.context import Context
from fhir_server.interactions.native import binary_of, is_native
from fhir_server.interactions.request import FhirRequest
from fhir_server.json_text import Tree, encode_json, parse_json
from fhir_server.mapping.minted import logical_id
from fhir_server.validation import raise_if_invalid, second_opinion

_SERVER_META = ("versionId", "lastUpdated")


def resource_of(request: FhirRequest, resource_type: str) -> dict[str, Any]:
    """The body as a tree of `resource_type`, not yet validated. Raises InvalidRequest or UnsupportedMediaType."""
    if request.content_type is None:
        raise UnsupportedMediaType("The request needs a body of Content-Type application/fhir+json")
    if is_native(request, resource_type):
        return binary_of(request)
    tree = parse_json(request.body)
    if not isinstance(tree, dict):
        raise InvalidRequest("The body must be a JSON object")
    said = tree.get("resourceType")
    if said != resource_type:
        raise InvalidRequest(f"The body must be a resource of type {resource_type}", ("resourceType",))
    searched = conditional_references(tree) if b"?" in request.body else ()
    if searched:
        raise InvalidRequest(
            "A reference by search criteria has a meaning in a transaction only", tuple(one.path for one in searched)
        )
    return tree


def bundle_of(request: FhirRequest) -> Tree:
    """The body of a POST to the base. Raises InvalidRequest or UnsupportedMediaType."""
    if request.content_type is None:
        raise UnsupportedMediaType("The request needs a Bundle of Content-Type application/fhir+json")
    return parse_json(request.body)


def acceptable(context: Context, tree: dict[str, Any], *, second: bool) -> dict[str, Any]:
    """`tree` without the parts of meta that the server sets, if it is valid; otherwise raises with every issue found.

    `second` asks the fhir.resources models too, where the settings say so.
    """
    resource_type = tree["resourceType"]
    raise_if_invalid(resource_type, tree)
    if second and context.settings.second_opinion:
        issues = second_opinion(resource_type, encode_json(tree))
        if issues:
            raise InvalidRequest("The resource is not valid", issues=issues)
    return without_server_meta(tree)


def without_server_meta(tree: dict[str, Any]) -> dict[str, Any]:
    """`tree` without meta.versionId and meta.lastUpdated, and without a meta that held nothing else."""
    meta = tree.get("meta")
    if not isinstance(meta, dict) or not any(name in meta for name in _SERVER_META):
        return tree
    rest = {name: value for name, value in meta.items() if name not in _SERVER_META}
    return {name: (rest if name == "meta" else value) for name, value in tree.items() if name != "meta" or rest}


def checked_id(tree: dict[str, Any], fhir_id: str) -> None:
    """Raise InvalidRequest unless the resource has the id of the URL, which is that of a row."""
    if tree.get("id") != logical_id(fhir_id):
        wrong = "has no id" if "id" not in tree else "has another id than the URL"
        raise InvalidRequest(f"The resource {wrong}", (f"{tree.get('resourceType')}.id",))
