"""The constraints of the terminology types.

https://hl7.org/fhir/R4/terminology-module.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_server.validation.constraints.predicates import (
    Constraint,
    Constraints,
    Node,
    at_most_one,
    distinct,
    each,
    equals,
    has,
    implies,
    needs,
    negated,
    nodes,
    some,
)


def _codes_below(node: Node) -> Iterator[Any]:
    for concept in nodes(node, "concept"):
        yield concept.get("code")
        yield from _codes_below(concept)


CONSTRAINTS: Constraints = {
    "CodeSystem": (Constraint("csd-1", "codes must not repeat", lambda n: distinct(_codes_below(n))),),
    "ConceptMap.group.element.target": (
        Constraint(
            "cmd-1",
            "narrower and inexact need a comment",
            implies(equals("equivalence", "narrower", "inexact"), has("comment")),
        ),
    ),
    "ConceptMap.group.unmapped": (
        Constraint("cmd-2", "the mode fixed needs a code", implies(equals("mode", "fixed"), has("code"))),
        Constraint("cmd-3", "the mode other-map needs a url", implies(equals("mode", "other-map"), has("url"))),
    ),
    "NamingSystem": (
        Constraint(
            "nsd-1",
            "a root has no uuid",
            implies(equals("kind", "root"), each("uniqueId", negated(equals("type", "uuid")))),
        ),
        Constraint(
            "nsd-2",
            "only one id of a type is preferred",
            lambda n: distinct(one.get("type") for one in nodes(n, "uniqueId") if one.get("preferred") is True),
        ),
    ),
    "ValueSet.compose.include": (
        Constraint("vsd-1", "an include needs a valueSet or a system", some(has("valueSet"), has("system"))),
        Constraint(
            "vsd-2", "concepts and filters need a system", implies(some(has("concept"), has("filter")), has("system"))
        ),
        Constraint("vsd-3", "concept and filter exclude each other", at_most_one(has("concept"), has("filter"))),
    ),
    "ValueSet.expansion.contains": (
        Constraint("vsd-6", "a code or a display must be there", some(has("code"), has("display"))),
        Constraint("vsd-9", "what has no code must be abstract", some(has("code"), equals("abstract", True))),
        Constraint("vsd-10", "a code needs a system", needs("code", "system")),
    ),
}
