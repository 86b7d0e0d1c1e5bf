"""The constraints of StructureDefinition.

https://hl7.org/fhir/R4/structuredefinition.html#invs
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fhir_server.validation.constraints.predicates import (
    Constraint,
    Constraints,
    Node,
    distinct,
    distinct_at,
    each,
    equals,
    every,
    has,
    has_choice,
    implies,
    negated,
    nodes,
    some,
)

_HL7 = "http://hl7.org/fhir/StructureDefinition"


def _elements(view: str) -> Callable[[Node], list[Any]]:
    return lambda node: nodes(node, view + ".element")


def _identified(view: str) -> Callable[[Node], bool]:
    def holds(node: Node) -> bool:
        found = _elements(view)(node)
        return all("id" in element for element in found) and distinct(element.get("id") for element in found)

    return holds


def _roots(node: Node) -> Iterator[Node]:
    for view in ("snapshot", "differential"):
        for element in _elements(view)(node):
            if "." not in str(element.get("path", ".")):
                yield element


def _root_is_plain(node: Node) -> bool:
    return not any(name in root for root in _roots(node) for name in ("label", "code", "requirements"))


def _root_is_type(node: Node) -> bool:
    elements = _elements("snapshot")(node)
    return node.get("kind") == "logical" or not elements or elements[0].get("path") == node.get("type")


def _root_has_no_type(view: str) -> Callable[[Node], bool]:
    def holds(node: Node) -> bool:
        elements = _elements(view)(node)
        if node.get("kind") == "logical" or not elements or "type" not in elements[0]:
            return True
        return view == "differential" and "." in str(elements[0].get("path", ""))

    return holds


def _no_defaults(node: Node) -> bool:
    if not str(node.get("url", "")).startswith(_HL7):
        return True
    return not any(
        has_choice("defaultValue")(element)
        for view in ("snapshot", "differential")
        for element in _elements(view)(node)
    )


def _defaults_in_specialization(node: Node) -> bool:
    if node.get("derivation") == "specialization":
        return True
    return not any(has_choice("defaultValue")(element) for element in _elements("differential")(node))


def _paths_start_with_root(view: Node) -> bool:
    paths = [str(element.get("path", "")) for element in nodes(view, "element")]
    root = paths[0].partition(".")[0] + "." if paths else ""
    return all(path.startswith(root) for path in paths[1:])


CONSTRAINTS: Constraints = {
    "StructureDefinition": (
        Constraint(
            "sdf-1",
            "paths of the snapshot must not repeat outside of a constraint",
            some(equals("derivation", "constraint"), distinct_at("snapshot.element.path")),
        ),
        Constraint(
            "sdf-4", "a concrete type needs a baseDefinition", some(equals("abstract", True), has("baseDefinition"))
        ),
        Constraint(
            "sdf-5",
            "a constraint on Extension needs a context",
            some(negated(equals("type", "Extension")), equals("derivation", "specialization"), has("context")),
        ),
        Constraint("sdf-6", "a snapshot or a differential must be there", some(has("snapshot"), has("differential"))),
        Constraint("sdf-9", "the root element has no label, code or requirements", _root_is_plain),
        Constraint("sdf-11", "the snapshot must begin with the type", _root_is_type),
        Constraint(
            "sdf-14",
            "every element needs an id",
            lambda n: all("id" in one for view in ("snapshot", "differential") for one in _elements(view)(n)),
        ),
        Constraint("sdf-15", "the snapshot's root element has no type", _root_has_no_type("snapshot")),
        Constraint("sdf-15a", "the differential's root element has no type", _root_has_no_type("differential")),
        Constraint("sdf-16", "ids in the snapshot must be there and not repeat", _identified("snapshot")),
        Constraint("sdf-17", "ids in the differential must be there and not repeat", _identified("differential")),
        Constraint(
            "sdf-18",
            "only an Extension has a contextInvariant",
            implies(has("contextInvariant"), equals("type", "Extension")),
        ),
        Constraint("sdf-21", "only a specialization has default values", _defaults_in_specialization),
        Constraint("sdf-22", "the specification's own types have no default values", _no_defaults),
        Constraint(
            "sdf-23", "a root element has no sliceName", lambda n: not any(has("sliceName")(root) for root in _roots(n))
        ),
    ),
    "StructureDefinition.differential": (
        Constraint("sdf-8a", "all paths must start with that of the first element", _paths_start_with_root),
        Constraint(
            "sdf-20",
            "the root element has no slicing",
            lambda n: not any("slicing" in one for one in nodes(n, "element") if "." not in str(one.get("path", "."))),
        ),
    ),
    "StructureDefinition.mapping": (
        Constraint("sdf-2", "a mapping needs a name or a uri", some(has("name"), has("uri"))),
    ),
    "StructureDefinition.snapshot": (
        Constraint(
            "sdf-3",
            "elements of a snapshot need definition, min and max",
            each("element", every(has("definition"), has("min"), has("max"))),
        ),
        Constraint("sdf-8", "all paths must start with that of the first element", _paths_start_with_root),
        Constraint("sdf-8b", "elements of a snapshot need a base", each("element", has("base"))),
        Constraint(
            "sdf-10",
            "a binding needs a valueSet or a description",
            each("element.binding", some(has("valueSet"), has("description"))),
        ),
    ),
}
