"""Which paths a CapabilityStatement promises: one row for each interaction and operation that it names.

https://hl7.org/fhir/R4/http.html#summary and https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_server.http.negotiation import FORM
from fhir_server.operations import OPERATIONS
from fhir_server.operations.operation import INSTANCE
from fhir_server.operations.operation import SYSTEM as SYSTEM_LEVEL

SYSTEM: Final = "System"


@dataclass(frozen=True, slots=True)
class Shape:
    """How an interaction looks in HTTP; `path` is below the type (or the base), `{…}` are variables."""

    method: str
    path: str
    summary: str
    answers: str
    statuses: tuple[str, ...]
    body: str | None = None
    searches: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One promised method and path; `path` is below the base, `group` is the resource type or "System"."""

    group: str
    name: str
    path: str
    shape: Shape
    parameters: tuple[Mapping[str, Any], ...] = ()


# The codes of the value sets type-restful-interaction and system-restful-interaction.
TYPE_SHAPES: Final[Mapping[str, tuple[Shape, ...]]] = {
    "read": (Shape("GET", "/{id}", "Read the current version", "{type}", ("200", "304", "404", "410")),),
    "vread": (Shape("GET", "/{id}/_history/{vid}", "Read one version", "{type}", ("200", "304", "404", "410")),),
    "update": (
        Shape(
            "PUT", "/{id}", "Replace, or create under this id", "{type}", ("200", "201", "400", "412", "422"), "{type}"
        ),
    ),
    "patch": (
        Shape(
            "PATCH",
            "/{id}",
            "Change parts (JSON Patch, FHIRPath Patch or merge patch)",
            "{type}",
            ("200", "400", "404", "412", "422"),
            "patch",
        ),
    ),
    "delete": (
        Shape("DELETE", "/{id}", "Delete; the history stays", "OperationOutcome", ("200", "204", "409", "412")),
    ),
    "history-instance": (Shape("GET", "/{id}/_history", "All versions of one resource", "Bundle", ("200", "404")),),
    "history-type": (Shape("GET", "/_history", "All versions of all resources of the type", "Bundle", ("200",)),),
    "create": (Shape("POST", "", "Create under a new id", "{type}", ("200", "201", "400", "412", "422"), "{type}"),),
    "search-type": (
        Shape("GET", "", "Search", "Bundle", ("200", "400"), searches=True),
        Shape("POST", "/_search", "Search with the parameters in a form", "Bundle", ("200", "400"), FORM),
    ),
}
CONDITIONAL_SHAPES: Final[Mapping[str, Shape]] = {
    "conditionalUpdate": Shape(
        "PUT",
        "",
        "Replace the one that matches, or create",
        "{type}",
        ("200", "201", "400", "412"),
        "{type}",
    ),
    "conditionalPatch": Shape(
        "PATCH", "", "Change parts of the one that matches", "{type}", ("200", "404", "412"), "patch"
    ),
    "conditionalDelete": Shape("DELETE", "", "Delete what matches", "OperationOutcome", ("200", "204", "412")),
}
SYSTEM_SHAPES: Final[Mapping[str, tuple[Shape, ...]]] = {
    "capabilities": (Shape("GET", "/metadata", "What this server can do", "CapabilityStatement", ("200",)),),
    "transaction": (
        Shape(
            "POST", "/", "Several interactions, all or none", "Bundle", ("200", "400", "409", "412", "422"), "Bundle"
        ),
    ),
    "batch": (Shape("POST", "/", "Several interactions, each for itself", "Bundle", ("200", "400"), "Bundle"),),
    "history-system": (Shape("GET", "/_history", "All versions of everything", "Bundle", ("200",)),),
    "search-system": (Shape("GET", "/", "Search in all types", "Bundle", ("200", "400")),),
}


def promised_routes(capability_statement: Mapping[str, Any]) -> Iterator[Route]:
    """The routes of all `rest` parts of a CapabilityStatement, each method and path once."""
    seen: set[tuple[str, str]] = set()
    for rest in capability_statement.get("rest", ()):
        for route in (*_system_routes(rest), *_type_routes(rest)):
            if (route.shape.method, route.path) not in seen:
                seen.add((route.shape.method, route.path))
                yield route


def _system_routes(rest: Mapping[str, Any]) -> Iterator[Route]:
    codes = ["capabilities", *(interaction["code"] for interaction in rest.get("interaction", ()))]
    for code in codes:
        for shape in SYSTEM_SHAPES.get(code, ()):
            yield Route(SYSTEM, code, shape.path, shape)
    for operation in rest.get("operation", ()):
        yield from _operations(SYSTEM, operation["name"])


def _type_routes(rest: Mapping[str, Any]) -> Iterator[Route]:
    for resource in rest.get("resource", ()):
        name = resource["type"]
        parameters = tuple(resource.get("searchParam", ()))
        for interaction in resource.get("interaction", ()):
            for shape in TYPE_SHAPES.get(interaction["code"], ()):
                yield _typed(name, interaction["code"], shape, parameters)
        for flag, shape in CONDITIONAL_SHAPES.items():
            if resource.get(flag) not in (None, False, "not-supported"):
                yield _typed(name, flag, shape, parameters)
        for operation in resource.get("operation", ()):
            yield from _operations(name, operation["name"])


def _typed(name: str, code: str, shape: Shape, parameters: tuple[Mapping[str, Any], ...]) -> Route:
    return Route(name, code, f"/{name}{shape.path}", shape, parameters if shape.searches else ())


def _operations(group: str, listed: str) -> Iterator[Route]:
    # A CapabilityStatement does not say at which levels an operation is, nor whether it takes GET.
    name, prefix = listed.removeprefix("$"), "" if group == SYSTEM else f"/{group}"
    for operation in OPERATIONS:
        if operation.name == name and (group == SYSTEM or operation.concerns(group)):
            for level in sorted(operation.levels):
                if (level == SYSTEM_LEVEL) == (group == SYSTEM):
                    yield _operation(group, prefix + _BELOW.get(level, ""), name, operation.methods[0])


_BELOW: Final[Mapping[str, str]] = {INSTANCE: "/{id}"}
_ANSWERS: Final[Mapping[str, str]] = {"everything": "Bundle", "lastn": "Bundle"}


def _operation(group: str, prefix: str, name: str, method: str) -> Route:
    path, body = f"{prefix}/${name}", "Parameters" if method == "POST" else None
    answers = _ANSWERS.get(name, "Parameters")
    return Route(
        group, f"${name}", path, Shape(method, path, f"Operation ${name}", answers, ("200", "400", "404"), body)
    )
