"""The values of a resource, found by the names that profiles use, and compared with what profiles fix.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_server.definitions import CHOICE, RESOURCE_TYPES, Property, properties
from fhir_server.validation.gate import home_of


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its place. `home` is where its children are defined, `sibling` what stands beside a primitive."""

    tree: Any
    type: str
    home: str
    path: str
    sibling: dict[str, Any] | None = None


def root_value(tree: dict[str, Any], path: str | None = None) -> Value:
    """A resource."""
    kind = str(tree.get("resourceType", ""))
    return Value(tree, kind, kind, path or kind)


def select(value: Value, name: str) -> list[Value]:
    """The children of a value by the name of an element (`value[x]`) or of one of its types (`valueQuantity`)."""
    if isinstance(value.tree, dict):
        holder, known = value.tree, properties(value.home) if value.home else {}
    else:
        holder, known = value.sibling or {}, properties("Element")
    if name in known:
        return list(_said(value, holder, known[name]))
    if name.endswith(CHOICE):
        chosen = (one for one in known.values() if one.element.name == name)
        return [found for one in chosen for found in _said(value, holder, one)]
    return []


def reach(value: Value, names: list[str]) -> list[Value]:
    """What stands at the end of a path of element names below a value; choices go by their stem."""
    found = [value]
    for name in names:
        found = [below for one in found for below in select(one, name) or select(one, name + CHOICE)]
    return found


def _said(value: Value, holder: dict[str, Any], found: Property) -> Iterator[Value]:
    tree, sibling = holder.get(found.name), holder.get(f"_{found.name}")
    path = f"{value.path}.{found.element.name.removesuffix(CHOICE)}"
    if isinstance(tree, list) or isinstance(sibling, list):
        trees, siblings = tree or [], sibling or []
        for number in range(max(len(trees), len(siblings))):
            one = trees[number] if number < len(trees) else None
            beside = siblings[number] if number < len(siblings) else None
            yield _value(one, found, f"{path}[{number}]", beside)
    elif tree is not None or sibling is not None:
        yield _value(tree, found, path, sibling)


def _value(tree: Any, found: Property, path: str, sibling: Any) -> Value:
    if found.type == "Resource" and isinstance(tree, dict):
        return root_value(tree, path)
    home = home_of(found)
    return Value(tree, found.type, home if home not in RESOURCE_TYPES else "", path, sibling)


def has_pattern(said: Any, pattern: Any) -> bool:
    """Whether a value has everything that the pattern has."""
    if isinstance(pattern, dict):
        return isinstance(said, dict) and all(
            key in said and has_pattern(said[key], wanted) for key, wanted in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(said, list) and all(any(has_pattern(one, wanted) for one in said) for wanted in pattern)
    return is_same(said, pattern)


def is_same(said: Any, fixed: Any) -> bool:
    """Whether two values are the same; true is not 1."""
    return bool(said == fixed) and isinstance(said, bool) == isinstance(fixed, bool)
