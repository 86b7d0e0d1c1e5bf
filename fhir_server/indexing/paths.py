"""Compiles a search expression into typed paths through a resource's JSON.

https://hl7.org/fhir/R4/searchparameter.html#expression

The definitions tell the data type of every step, so a choice becomes one path for each of its types and `as` decides
between them here, not when a resource is read. In R4 `as` and `resolve() is` on lists mean "those that are".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from fhir_server.definitions import CHOICE, is_a, is_primitive, properties, type_definition
from fhir_server.indexing import fhirpath
from fhir_server.indexing.references import referenced_type

ANY_RESOURCE = frozenset({"Resource", "DomainResource"})
MOST_PATHS = 2000
"""Every choice of types multiplies the paths of what stands behind it."""


class Test(Protocol):
    """A condition on one node."""

    def __call__(self, node: Any) -> bool: ...


@dataclass(frozen=True, slots=True)
class Property:
    """To the value of a JSON property; an array stands for its items."""

    name: str

    def nodes(self, node: Any) -> Sequence[Any]:
        """The values of the property."""
        return items(node, self.name)


@dataclass(frozen=True, slots=True)
class Item:
    """To one item of an array property, or to nothing."""

    name: str
    position: int

    def nodes(self, node: Any) -> Sequence[Any]:
        """The item, if there is one."""
        return items(node, self.name)[self.position : self.position + 1]


@dataclass(frozen=True, slots=True)
class Where:
    """Stays, if the node passes."""

    test: Test

    def nodes(self, node: Any) -> Sequence[Any]:
        """The node itself or nothing."""
        return (node,) if self.test(node) else ()


@dataclass(frozen=True, slots=True)
class Computed:
    """To the outcome of a test."""

    test: Test

    def nodes(self, node: Any) -> Sequence[Any]:
        """True or false."""
        return (self.test(node),)


Step: TypeAlias = Property | Item | Where | Computed


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a node to values of one data type; `defined` is where the definitions describe the last element."""

    steps: tuple[Step, ...]
    defined: str
    type: str

    def nodes(self, start: Any) -> Iterator[Any]:
        """The values that the path leads to from `start`, in the order of the JSON."""
        return _follow(self.steps, start)


def compile_paths(expression: str, resource_type: str) -> tuple[Path, ...]:
    """The paths of an expression from a resource of the type; raises ValueError for what R4 does not define."""
    root = Path((), resource_type, resource_type)
    return _paths(fhirpath.parse(expression), root, root)


def compile_relative(expression: str, start: Path, resource_type: str) -> tuple[Path, ...]:
    """The paths of a composite's component from the node where `start` ends; raises ValueError likewise.

    An expression with `%resource` leads from the resource instead; such paths are not relative to the node.
    """
    return _paths(fhirpath.parse(expression), replace(start, steps=()), Path((), resource_type, resource_type))


def _paths(node: fhirpath.Node, here: Path, root: Path) -> tuple[Path, ...]:
    match node:
        case fhirpath.Resource():
            return (root,)
        case fhirpath.Operation("|", left, right):
            # A union of equal nodes is one node.
            return tuple(dict.fromkeys((*_paths(left, here, root), *_paths(right, here, root))))
        case fhirpath.Operation("as", left, fhirpath.Member(None, type_name)):
            return _of_type(_paths(left, here, root), type_name)
        case fhirpath.Operation():
            return (Path((*here.steps, Computed(_test(node, here, root))), "", "boolean"),)
        case fhirpath.Member(None, name):
            return (here,) if _names_start(name, here) else _property(here, name)
        case fhirpath.Member(base, name) if base is not None:
            return _properties(_paths(base, here, root), name)
        case fhirpath.Index(base, position):
            return tuple(_item(path, position) for path in _paths(base, here, root))
        case fhirpath.Call(base, name, arguments):
            bases = _paths(base, here, root) if base is not None else (here,)
            return _called(name, bases, arguments)
    raise ValueError(f"no path: {node}")


def _names_start(name: str, here: Path) -> bool:
    return "." not in here.defined and (name == here.type or name in ANY_RESOURCE)


def _property(path: Path, name: str) -> tuple[Path, ...]:
    # The typed names of a choice (valueQuantity) are JSON, not FHIRPath; published expressions do not use them.
    chosen = [each for each in properties(path.defined).values() if each.element.name in (name, name + CHOICE)]
    if not chosen:
        raise ValueError(f"{path.defined} has no element {name}")
    return tuple(Path((*path.steps, Property(each.name)), f"{path.defined}.{each.name}", each.type) for each in chosen)


def _properties(paths: tuple[Path, ...], name: str) -> tuple[Path, ...]:
    """An element of those types of a choice that have it; raises ValueError where none has."""
    found: list[Path] = []
    lacking: ValueError | None = None
    for path in paths:
        try:
            found += _property(path, name)
        except ValueError as error:
            lacking = error
        if len(found) > MOST_PATHS:
            raise ValueError("it leads to too many kinds of places")
    if not found and lacking is not None:
        raise lacking
    return tuple(found)


def _item(path: Path, position: int) -> Path:
    match path.steps:
        case (*before, Property(name)):
            return replace(path, steps=(*before, Item(name, position)))
    raise ValueError("an index must follow an element")


def _called(name: str, bases: tuple[Path, ...], arguments: tuple[fhirpath.Node, ...]) -> tuple[Path, ...]:
    match name, arguments:
        case (("as" | "ofType"), (fhirpath.Member(None, type_name),)):
            return _of_type(bases, type_name)
        case "where", (criterion,):
            return tuple(replace(path, steps=(*path.steps, Where(_test(criterion, path, path)))) for path in bases)
        case "extension", (fhirpath.Literal(str(url)),):
            return tuple(
                Path((*_extended(path), Property("extension"), Where(Equals("url", url))), "Extension", "Extension")
                for path in bases
            )
    raise ValueError(f"function {name} is not known here")


def _extended(path: Path) -> tuple[Step, ...]:
    """The steps to what holds the extensions of the path's end; those of a primitive stand in a sibling in JSON."""
    if not is_primitive(path.type):
        return path.steps
    match path.steps:
        case (*before, Property(name)):
            return (*before, Property(f"_{name}"))
    raise ValueError("extensions of a primitive must follow its element")


def _of_type(paths: tuple[Path, ...], type_name: str) -> tuple[Path, ...]:
    # A composite of the published parameters writes DateTime for dateTime.
    if type_definition(type_name) is None:
        type_name = type_name[:1].lower() + type_name[1:]
    return tuple(path for path in paths if is_a(path.type, type_name))


def _follow(steps: tuple[Step, ...], node: Any) -> Iterator[Any]:
    if not steps:
        yield node
        return
    for child in steps[0].nodes(node):
        yield from _follow(steps[1:], child)


def items(node: Any, name: str) -> list[Any]:
    """The values of a property as a list, without the nulls that stand for values with extensions only."""
    if not isinstance(node, dict):
        return []
    value = node.get(name)
    if isinstance(value, list):
        return [item for item in value if item is not None]
    return [] if value is None else [value]


@dataclass(frozen=True, slots=True)
class Equals:
    """Whether a property of the node is the value."""

    name: str
    value: str | bool | int

    def __call__(self, node: Any) -> bool:
        found = node.get(self.name) if isinstance(node, dict) else None
        return found is not None and found == self.value


@dataclass(frozen=True, slots=True)
class HasExtension:
    """Whether the node has an extension with the url."""

    url: str

    def __call__(self, node: Any) -> bool:
        return any(extension.get("url") == self.url for extension in items(node, "extension"))


@dataclass(frozen=True, slots=True)
class RefersTo:
    """Whether the node is a reference to the type, by what it says: nothing is fetched."""

    target_type: str

    def __call__(self, node: Any) -> bool:
        return isinstance(node, dict) and referenced_type(node) == self.target_type


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether one of the paths leads to something."""

    paths: tuple[Path, ...]

    def __call__(self, node: Any) -> bool:
        return any(True for path in self.paths for _ in path.nodes(node))


@dataclass(frozen=True, slots=True)
class Differs:
    """Whether the paths lead to something other than the value; false when they lead nowhere."""

    paths: tuple[Path, ...]
    value: str | bool | int

    def __call__(self, node: Any) -> bool:
        found = [value for path in self.paths for value in path.nodes(node)]
        return bool(found) and found != [self.value]


@dataclass(frozen=True, slots=True)
class Both:
    """Whether both tests hold."""

    left: Test
    right: Test

    def __call__(self, node: Any) -> bool:
        return self.left(node) and self.right(node)


def _test(node: fhirpath.Node, here: Path, root: Path) -> Test:
    start = replace(here, steps=())
    match node:
        case fhirpath.Operation("and", left, right):
            return Both(_test(left, here, root), _test(right, here, root))
        case fhirpath.Operation("is", fhirpath.Call(None, "resolve", ()), fhirpath.Member(None, type_name)):
            return RefersTo(type_name)
        case fhirpath.Operation("=", fhirpath.Member(None, name), fhirpath.Literal(value)):
            return Equals(name, value)
        case fhirpath.Operation("!=", left, fhirpath.Literal(value)):
            return Differs(_paths(left, start, start), value)
        case fhirpath.Call(base, "exists", ()) if base is not None:
            return Exists(_paths(base, start, start))
        case fhirpath.Call(None, "hasExtension", (fhirpath.Literal(str(url)),)):
            return HasExtension(url)
    raise ValueError(f"no condition: {node}")
