"""The OpenAPI document of the promised routes: operations that refer to shared components, so that it stays small.

https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fhir_server.http.negotiation import FHIR_JSON, FORM
from fhir_server.http.routes import Route

_ALWAYS: Final = ("Bundle", "CapabilityStatement", "OperationOutcome", "Parameters")
_OUTCOMES: Final[Mapping[str, str]] = {
    "400": "The request is not FHIR",
    "404": "There is no such resource",
    "409": "Contradicts other resources or another writer",
    "410": "The resource was deleted",
    "412": "A precondition does not hold, or a condition matches several",
    "422": "The resource breaks a rule",
    "default": "Any other error, explained",
}
_DONE: Final[Mapping[str, str]] = {"200": "Done", "201": "Created"}
_BODILESS: Final[Mapping[str, str]] = {
    "204": "Done, without a body",
    "304": "The client holds this version already",
}


def operation(route: Route) -> dict[str, Any]:
    """The operation object of a route, without the path variables."""
    shape = route.shape
    answers = shape.answers.replace("{type}", route.group)
    said: dict[str, Any] = {
        "summary": shape.summary,
        "operationId": f"{route.name}:{route.group}" + (":form" if shape.path.endswith("_search") else ""),
        "tags": [route.group],
        "responses": {status: _response(status, answers) for status in (*shape.statuses, "default")},
    }
    if route.parameters:
        said["parameters"] = [_parameter(parameter) for parameter in route.parameters]
    if shape.body is not None:
        # Not a reference: apispec looks into every request body.
        said["requestBody"] = {"required": True, "content": _body_content(shape.body.replace("{type}", route.group))}
    return said


def components(routes: Iterable[Route]) -> dict[str, dict[str, Any]]:
    """The components that the operations of `routes` refer to, by section and name."""
    listed = list(routes)
    types = sorted({*_ALWAYS, *(route.group for route in listed)})
    common = {
        parameter["name"]: parameter
        for route in listed
        for parameter in route.parameters
        if parameter["name"].startswith("_")
    }
    return {
        "schemas": {name: _schema(name) for name in types},
        "responses": {
            **{status: _described(text, "OperationOutcome") for status, text in _OUTCOMES.items()},
            **{status: {"description": text} for status, text in _BODILESS.items()},
            **{f"{status}-{name}": _described(text, name) for status, text in _DONE.items() for name in types},
        },
        "parameters": {name: _query_parameter(parameter) for name, parameter in common.items()},
    }


def _ref(section: str, name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/{section}/{name}"}


def _response(status: str, answers: str) -> dict[str, Any]:
    return _ref("responses", f"{status}-{answers}" if status in _DONE else status)


def _described(text: str, name: str) -> dict[str, Any]:
    return {"description": text, "content": _content(name)}


def _content(name: str) -> dict[str, Any]:
    return {FHIR_JSON: {"schema": _ref("schemas", name)}}


def _body_content(body: str) -> dict[str, Any]:
    if body == FORM:
        return {FORM: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}}
    if body == "patch":
        return {
            "application/json-patch+json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "application/merge-patch+json": {"schema": {"type": "object"}},
            **_content("Parameters"),
        }
    return _content(body)


def _schema(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string", "enum": [name]}},
        "externalDocs": {"url": f"https://hl7.org/fhir/R4/{name.lower()}.html"},
    }


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any] | str:
    # The parameters of all types begin with "_" and say the same everywhere; apispec makes a reference of a name.
    name: str = parameter["name"]
    return name if name.startswith("_") else _query_parameter(parameter)


def _query_parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    meaning = parameter.get("documentation") or f"Search parameter of type {parameter.get('type', 'special')}"
    return {"name": parameter["name"], "in": "query", "schema": {"type": "string"}, "description": meaning}
