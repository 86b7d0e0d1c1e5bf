"""The places in a resource that a path finds, each with what is needed to change it there.

https://hl7.org/fhir/R4/json.html#primitive and http://hl7.org/fhirpath/N1/

In JSON an element is not an object of its own: a primitive is split into `birthDate` and `_birthDate`, a repeating one
into two arrays that are padded with null. A Node hides that; it knows where it stands and what may be below it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_server.definitions import RESOURCE_TYPES, Property, children, is_primitive, properties
from fhir_server.definitions.elements import CHOICE, STRUCTURAL_TYPES
from fhir_server.interactions.patching.paths import (
    Child,
    Comparison,
    Condition,
    Every,
    Existence,
    Extension,
    Item,
    Last,
    Literal,
    OfType,
    Path,
    Some,
    Step,
    Truth,
)
from fhir_server.interactions.patching.trees import PatchProblem, equal
from fhir_server.json_text import Tree

MAX_VISITS = 1_000_000


@dataclass(frozen=True, slots=True)
class Node:
    """One element: property `name` of the object `holder`, at `position` when it repeats.

    `shape` is where its children are defined: a type (`HumanName`) or the path of a backbone element. The resource
    itself is a node without parent.
    """

    parent: Node | None
    holder: dict[str, Tree]
    name: str
    position: int | None
    shape: str

    @property
    def value(self) -> Tree:
        """The object or the primitive value; None for a primitive that only has extensions."""
        return _at(self.holder.get(self.name), self.position)

    @property
    def inner(self) -> dict[str, Tree] | None:
        """The object that has the children: the element itself, or beside a primitive value its `_` sibling."""
        value = self.value
        if isinstance(value, dict):
            return value
        beside = _at(self.holder.get("_" + self.name), self.position)
        return beside if isinstance(beside, dict) else None

    @property
    def shape_inside(self) -> str:
        """Where the children are defined, which a contained resource tells itself."""
        if self.shape == "Resource":
            stated = self.value.get("resourceType") if isinstance(self.value, dict) else None
            return stated if isinstance(stated, str) and stated in RESOURCE_TYPES else "Resource"
        return "Element" if is_primitive(self.shape) else self.shape


class Elements:
    """The items of one repeating element, values and `_` siblings side by side."""

    __slots__ = ("holder", "items", "name")

    def __init__(self, holder: dict[str, Tree], name: str) -> None:
        self.holder = holder
        self.name = name
        values, beside = (_list(holder.get(key)) for key in (name, "_" + name))
        length = max(len(values), len(beside))
        self.items: list[tuple[Tree, Tree]] = list(
            zip(
                values + [None] * (length - len(values)),
                beside + [None] * (length - len(beside)),
                strict=True,
            )
        )

    def store(self) -> None:
        """Writes the items back; an array without anything in it disappears."""
        for key, array in (
            (self.name, [value for value, _ in self.items]),
            ("_" + self.name, [beside for _, beside in self.items]),
        ):
            if any(item is not None for item in array):
                self.holder[key] = array
            else:
                self.holder.pop(key, None)


def root(resource_type: str, tree: Tree) -> Node:
    """The node of the resource itself."""
    return Node(None, {resource_type: tree}, resource_type, None, resource_type)


def shape_of(found: Property) -> str:
    """Where the children of the property are defined."""
    if found.element.content_reference is not None:
        return found.element.content_reference
    return found.element.path if found.type in STRUCTURAL_TYPES else found.type


def named(shape: str, name: str) -> tuple[Property, ...]:
    """The JSON properties that the FHIRPath name `name` may mean in an element of this shape; several for a choice.

    Raises PatchProblem when there is no such element.
    """
    known = properties(shape)
    if name in known:
        return (known[name],)
    choice = children(shape).get(name + CHOICE)
    if choice is None:
        raise PatchProblem(f"R4 has no element '{name}' in {shape}")
    return tuple(found for found in known.values() if found.element is choice)


class Evaluation:
    """Finds nodes by paths and counts the steps, so that a thousand searches through a huge resource end in time."""

    __slots__ = ("visits_left",)

    def __init__(self) -> None:
        self.visits_left = MAX_VISITS

    def find(self, start: Node, steps: tuple[Step, ...]) -> list[Node]:
        """The nodes that `steps` lead to from `start`, in the order of the resource. Raises PatchProblem."""
        nodes = [start]
        for step in steps:
            nodes = self._step(nodes, step)
        return nodes

    def _step(self, nodes: list[Node], step: Step) -> list[Node]:
        self.visits_left -= len(nodes) + 1
        if self.visits_left < 0:
            raise PatchProblem("finding its place takes too many steps")
        match step:
            case Child(name):
                return [child for node in nodes for child in self._children(node, name)]
            case Item(position):
                return nodes[position : position + 1]
            case Last():
                return nodes[-1:]
            case Extension(url):
                return [
                    child
                    for node in nodes
                    for child in self._children(node, "extension")
                    if (child.inner or {}).get("url") == url
                ]
            case OfType(type_name):
                return [node for node in nodes if type_name in (node.shape, node.shape_inside)]
        return [node for node in nodes if self._holds(node, step.condition)]

    def _children(self, node: Node, name: str) -> list[Node]:
        possible = named(node.shape_inside, name)
        inner = node.inner
        if inner is None:
            return []
        found: list[Node] = []
        for candidate in possible:
            key = candidate.name
            if key not in inner and "_" + key not in inner:
                continue
            shape = shape_of(candidate)
            if candidate.element.is_list:
                length = max(len(_list(inner.get(key))), len(_list(inner.get("_" + key))))
                found.extend(Node(node, inner, key, position, shape) for position in range(length))
            else:
                found.append(Node(node, inner, key, None, shape))
        self.visits_left -= len(found)
        return found

    def _holds(self, node: Node, condition: Condition) -> bool:
        match condition:
            case Every(conditions):
                return all(self._holds(node, each) for each in conditions)
            case Some(conditions):
                return any(self._holds(node, each) for each in conditions)
            case Existence(path, negated):
                return bool(self.find(node, path.steps)) is not negated
            case Truth(path, negated):
                return self._single(node, path) is (not negated)
            case Comparison(left, right, negated):
                one, other = self._single(node, left), self._single(node, right)
                # In FHIRPath a comparison with nothing is empty, not false; a condition takes neither.
                return one is not None and other is not None and equal(one, other) is not negated

    def _single(self, node: Node, operand: Path | Literal) -> Tree:
        if isinstance(operand, Literal):
            return operand.value
        found = self.find(node, operand.steps)
        return found[0].value if len(found) == 1 else None


def _at(stored: Tree, position: int | None) -> Tree:
    if position is None:
        return stored
    items = _list(stored)
    return items[position] if position < len(items) else None


def _list(stored: Tree) -> list[Tree]:
    return stored if isinstance(stored, list) else []
