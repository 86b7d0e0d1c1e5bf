"""A StructureDefinition as a tree of elements and slices, from its snapshot or, without one, its differential.

https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fhir_server.validation.profiles.library import Facts


@dataclass(slots=True)
class Node:
    """An element that a profile speaks of; `facts` are empty for one that only leads to others.

    `name` is the last step of the path (`value[x]`). `slices` have the name of their element.
    """

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)

    def value_of(self, stem: str) -> Any:
        """The value of `fixed[x]` or `pattern[x]`, None without one."""
        return next((value for key, value in self.facts.items() if key.startswith(stem)), None)

    @property
    def types(self) -> list[dict[str, Any]]:
        """What ElementDefinition.type lists."""
        found: list[dict[str, Any]] = self.facts.get("type", [])
        return found

    @property
    def type_codes(self) -> frozenset[str]:
        """The names of the types that are allowed; empty when the profile does not say."""
        return frozenset(one["code"] for one in self.types if "code" in one)

    @property
    def max(self) -> int | None:
        """How many there may be; None for any number."""
        said = self.facts.get("max", "*")
        return int(said) if isinstance(said, str) and said.isdecimal() else None


def has_snapshot(definition: Facts) -> bool:
    """Whether the definition says everything itself, also what its base says."""
    return bool((definition.get("snapshot") or {}).get("element"))


def read_nodes(definition: Facts) -> Node:
    """The root of the tree, which may have nothing below it."""
    kind = "snapshot" if has_snapshot(definition) else "differential"
    root = Node(str(definition.get("type", "")))
    current: dict[str, str] = {}
    for facts in (definition.get(kind) or {}).get("element", ()):
        path = facts.get("path", "")
        _place(root, _steps(facts, path, current)).facts.update(facts)
    return root


def _place(root: Node, steps: list[str]) -> Node:
    node = root
    for step in steps[1:]:
        name, _, slice_name = step.partition(":")
        node = node.children.setdefault(name, Node(name))
        if slice_name:
            node = node.slices.setdefault(slice_name, Node(name))
    return node


def _steps(facts: Facts, path: str, current: dict[str, str]) -> list[str]:
    """The steps of the element's id; where it has none, slices are those that were named last on the way."""
    names = path.split(".")
    said = str(facts.get("id", "")).split(".")
    if [step.partition(":")[0] for step in said] == names:
        return said
    for known in [one for one in current if one == path or one.startswith(f"{path}.")]:
        del current[known]
    if "sliceName" in facts:
        current[path] = facts["sliceName"]
    steps = []
    for number, name in enumerate(names):
        slice_name = current.get(".".join(names[: number + 1]))
        steps.append(f"{name}:{slice_name}" if slice_name else name)
    return steps
