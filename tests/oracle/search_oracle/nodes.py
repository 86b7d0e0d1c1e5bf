"""Evaluates the published expressions over a resource with fhirpathpy, each alternative of a union on its own.

https://hl7.org/fhir/R4/searchparameter.html#expression

R4's expressions are not quite FHIRPath: `as` on a list means those of the type, and `resolve() is X` is decided from
the text of the reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from .published import defined_path, resource_types

_RESOLVED = re.compile(r"\.where\(resolve\(\) is ([A-Za-z]+)\)$")
_AS = re.compile(r"\(([^()]+) as ([A-Za-z]+)\)")
_AS_CALL = re.compile(r"\.as\(([A-Za-z]+)\)")
_PLAIN = re.compile(r"[A-Z][A-Za-z]*(\.[A-Za-z]+)+")
_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_KINDS = {"DateTime": "dateTime"}


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its FHIR type, and where its element is defined if the expression is a plain path."""

    kind: str
    value: Any
    defined: str | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """One alternative of an expression, ready to run; `target` filters references by their type."""

    run: Callable[..., list[Any]]
    target: str | None
    defined: str | None


def evaluate(expression: str, resource_type: str, value: Any) -> list[Node]:
    """The nodes that the alternatives concerning the type find in a resource."""
    return [node for alternative in _alternatives(expression, resource_type) for node in _found(alternative, value)]


def unresolved(expression: str) -> str:
    """An expression that does not ask what its references refer to."""
    return re.sub(r"\.where\(resolve\(\) is [A-Za-z]+\)", "", expression)


def evaluate_within(expression: str, within: Node, resource: Any) -> list[Node]:
    """What a composite's component finds within one node; `%resource` is the whole resource."""
    base = within.defined or within.kind
    found: list[Node] = []
    for written in expression.split("|"):
        written = written.strip()
        if written.startswith("%resource"):
            resource_type = resource["resourceType"]
            found += _found(_compiled(written.replace("%resource", resource_type), resource_type), resource)
        else:
            node = ResourceNode.create_node(within.value, within.kind)
            found += _found(_compiled(written, base), node)
    return found


@cache
def _alternatives(expression: str, resource_type: str) -> tuple[Alternative, ...]:
    written = [one.strip() for one in expression.split("|")]
    own = [one for one in written if re.match(rf"\(*{resource_type}\b", one)]
    common = [resource_type + one.removeprefix("Resource") for one in written if one.startswith("Resource.")]
    return tuple(_compiled(one, resource_type) for one in own + common)


@cache
def _compiled(written: str, base: str) -> Alternative:
    resolved = _RESOLVED.search(written)
    text = _RESOLVED.sub("", written)
    text = _AS.sub(lambda m: f"{m[1]}.ofType({_KINDS.get(m[2], m[2])})", text)
    text = _AS_CALL.sub(lambda m: f".ofType({_KINDS.get(m[1], m[1])})", text)
    if "resolve()" in text:
        raise AssertionError(f"an expression that this oracle cannot read: {written}")
    full = text if text.split(".")[0] == base.split(".")[0] else f"{base}.{text}"
    run = fhirpathpy.compile(text, model=models["r4"], options={"returnRawData": True})
    return Alternative(run, resolved and resolved[1], defined_path(full) if _PLAIN.fullmatch(full) else None)


def _found(alternative: Alternative, value: Any) -> Iterator[Node]:
    for found in alternative.run(value, {}):
        kind, data = getattr(found, "path", None), getattr(found, "data", found)
        if isinstance(found, bool):
            kind = "boolean"
        if data is None or data == {}:
            continue
        if kind == "System.String":
            kind = "id"
        if alternative.target is not None and referenced_type(data) != alternative.target:
            continue
        if kind is None:
            raise AssertionError(f"a value without a type: {data!r}")
        yield Node(kind, data, alternative.defined)


def referenced_type(reference: Any) -> str | None:
    """The type that a Reference says it refers to; nothing is fetched."""
    if not isinstance(reference, dict):
        return None
    literal = _LITERAL.fullmatch(reference.get("reference", ""))
    if literal is not None and literal[1] in resource_types():
        return literal[1]
    said = reference.get("type", "").removeprefix("http://hl7.org/fhir/StructureDefinition/")
    return said if said in resource_types() else None
