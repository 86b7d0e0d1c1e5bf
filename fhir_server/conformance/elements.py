"""ElementDefinitions of a constraint: what it adds (differential), and that together with what R4 says (snapshot).

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fhir_server.definitions import ElementDefinition, children, packaged
from fhir_server.definitions.elements import STRUCTURAL_TYPES

CORE = "http://hl7.org/fhir/StructureDefinition/"
SYSTEM_STRING = "http://hl7.org/fhirpath/System.String"
FHIR_TYPE = f"{CORE}structuredefinition-fhir-type"

Facts = dict[str, Any]


@dataclass(slots=True)
class Rule:
    """What a constraint says of an element or of a slice of it, and of what stands below."""

    facts: Facts = field(default_factory=dict)
    children: dict[str, Rule] = field(default_factory=dict)
    slices: dict[str, Rule] = field(default_factory=dict)

    def at(self, path: str) -> Rule | None:
        """The rule for a path of R4, made if need be; None where R4 has no such path below the first name."""
        rule, names = self, path.split(".")
        for number, name in enumerate(names[1:], 1):
            if name not in children(".".join(names[:number])):
                return None
            rule = rule.children.setdefault(name, Rule())
        return rule

    def sliced(self, name: str, discriminator: tuple[str, str], facts: Facts) -> Rule:
        """A slice of this element; all of them are told apart in the same way, and others may be there."""
        kind, path = discriminator
        slicing = {"discriminator": [{"type": kind, "path": path}], "rules": "open"}
        self.facts.setdefault("slicing", slicing)
        found = self.slices.setdefault(name, Rule())
        found.facts.update(facts)
        return found


def differential(root: str, rule: Rule) -> list[Facts]:
    """The elements of which the rule says something, in R4's order; the root always is there."""
    return [{"id": root, "path": root, **rule.facts}, *_differences(root, root, rule)]


def _differences(path: str, identity: str, rule: Rule) -> Iterator[Facts]:
    for name in (name for name in children(path) if name in rule.children):
        below, where, who = rule.children[name], f"{path}.{name}", f"{identity}.{name}"
        if below.facts:
            yield {"id": who, "path": where, **below.facts}
        yield from _differences(where, who, below)
        for slice_name, one in below.slices.items():
            yield {"id": f"{who}:{slice_name}", "path": where, "sliceName": slice_name, **one.facts}
            yield from _differences(where, f"{who}:{slice_name}", one)


def snapshot(root: str, rule: Rule) -> list[Facts]:
    """All elements: those of R4 with what the rule says of them, data types opened where it says something inside."""
    first = {"min": 0, "max": "*", "base": {"path": root, "min": 0, "max": "*"}, **_constraints(root), **rule.facts}
    definition = rule.facts.get("definition", _definition(root))
    return [{"id": root, "path": root, "definition": definition, **first}, *_all(root, root, rule)]


def _all(path: str, identity: str, rule: Rule) -> Iterator[Facts]:
    for name, element in children(path).items():
        below, where, who = rule.children.get(name, Rule()), f"{path}.{name}", f"{identity}.{name}"
        facts = _of_r4(where, element)
        yield {"id": who, "path": where, **facts, **below.facts}
        is_structural = bool(STRUCTURAL_TYPES.intersection(element.types))
        if is_structural or below.children:
            yield from _all(where, who, below)
        for slice_name, one in below.slices.items():
            of_slice = {**facts, "min": 0, **one.facts}
            yield {"id": f"{who}:{slice_name}", "path": where, "sliceName": slice_name, **of_slice}
            if is_structural or one.children:
                yield from _all(where, f"{who}:{slice_name}", one)


def _definition(path: str) -> str:
    page = path.partition(".")[0].lower()
    return f"{path} as R4 defines it: http://hl7.org/fhir/R4/{page}-definitions.html#{path}"


def _of_r4(path: str, element: ElementDefinition) -> Facts:
    most = "*" if element.max is None else str(element.max)
    facts: Facts = {
        "definition": _definition(path),
        "min": element.min,
        "max": most,
        "base": {"path": _defined_at(path, element), "min": element.min, "max": most},
    }
    if element.content_reference is not None:
        facts["contentReference"] = f"#{element.content_reference}"
    elif element.types:
        facts["type"] = [_type(element, one) for one in element.types]
    facts |= _constraints(element.path)
    if element.is_modifier:
        facts |= {"isModifier": True, "isModifierReason": "R4 says that it may change what the resource means."}
    if element.is_summary:
        facts["isSummary"] = True
    if element.binding_strength is not None:
        facts["binding"] = {"strength": element.binding_strength, "valueSet": element.value_set}
    return facts


def _type(element: ElementDefinition, name: str) -> Facts:
    if element.name == "id" or element.path == "Extension.url":
        return {"extension": [{"url": FHIR_TYPE, "valueUrl": name}], "code": SYSTEM_STRING}
    if name in ("Reference", "canonical") and element.targets:
        return {
            "code": name,
            "targetProfile": [CORE + ("Resource" if one == "Any" else one) for one in element.targets],
        }
    return {"code": name}


def _defined_at(path: str, element: ElementDefinition) -> str:
    """Where R4 defines the element first: what all resources have is of Resource and DomainResource."""
    depth = path.count(".")
    for ancestor in ("Resource", "DomainResource"):
        if depth == 1 and element.name in children(ancestor):
            return f"{ancestor}.{element.name}"
    if element.name in ("id", "extension"):
        return f"Element.{element.name}"
    return element.path


@cache
def _constraints_by_path() -> dict[str, list[Facts]]:
    found: dict[str, list[Facts]] = {}
    for listed in packaged("constraints.json")["constraints"].values():
        for one in listed:
            said = {"key": one["key"], "severity": one["severity"], "human": f"Rule {one['key']} of R4."}
            # The names of R4's own rules lead to their words.
            found.setdefault(one["path"], []).append({**said, "expression": one["expression"], "source": _home(one)})
    return found


def _home(constraint: Facts) -> str:
    return CORE + str(constraint["path"]).partition(".")[0]


def _constraints(path: str) -> Facts:
    found = _constraints_by_path().get(path)
    return {"constraint": found} if found else {}
