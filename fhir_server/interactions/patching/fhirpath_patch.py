"""FHIRPath Patch: a Parameters resource whose operations name their places by FHIRPath.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from fhir_server.definitions import Property, properties
from fhir_server.definitions.elements import CHOICE
from fhir_server.errors import FhirError, InvalidRequest, Unprocessable
from fhir_server.interactions.patching.identity import keep_identity
from fhir_server.interactions.patching.nodes import Elements, Evaluation, Node, named, root
from fhir_server.interactions.patching.path_parser import PathSyntaxError, parse_path
from fhir_server.interactions.patching.paths import Child, Path
from fhir_server.interactions.patching.trees import MAX_OPERATIONS, MAX_SIZE, Allowance, PatchProblem, copy_tree
from fhir_server.interactions.patching.values import (
    MalformedPart,
    Parts,
    Value,
    assign,
    fit,
    name_of,
    parts_of,
    property_for,
    put,
    read_value,
)
from fhir_server.json_text import Tree

# The parts that an operation must have, and the only ones that it may have.
PARTS: dict[str, tuple[str, ...]] = {
    "add": ("path", "name", "value"),
    "insert": ("path", "index", "value"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
TEXTS = {"type": ("valueCode", "valueString"), "path": ("valueString",), "name": ("valueString", "valueCode")}
POSITIONS = ("index", "source", "destination")
NO_VALUE = Parts(())
INTEGERS = ("valueInteger", "valueUnsignedInt", "valuePositiveInt")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was sent; `number` is its place in Parameters.parameter."""

    number: int
    type: str
    path: Path
    name: str = ""
    value: Value = NO_VALUE
    positions: Mapping[str, int] = field(default_factory=dict)


def apply(resource_type: str, tree: Tree, parameters: Tree, *, max_size: int = MAX_SIZE) -> Tree:
    """The resource `tree` after the operations in `parameters`; neither is changed or shared with the result.

    An element that a deletion leaves empty is removed as well; deleting what is not there does nothing. Raises
    InvalidRequest (400) when `parameters` are no FHIRPath Patch, Unprocessable (422) when an operation cannot be
    applied or id or resourceType change, TooLarge (413) when the result is too large; expressions name the operation.
    """
    operations = parse(resource_type, parameters)
    allowance = Allowance(max_size)
    run = _Run(root(resource_type, copy_tree(tree)), Evaluation())
    for operation in operations:
        try:
            _OPERATIONS[operation.type](run, operation)
        except PatchProblem as problem:
            _refuse(Unprocessable, operation.number, operation.type, f"cannot be applied: {problem}")
    result = run.start.value
    allowance.check(result)
    return keep_identity(tree, result)


def parse(resource_type: str, parameters: Tree) -> tuple[Operation, ...]:
    """The operations of a FHIRPath Patch on a resource of the type. Raises InvalidRequest."""
    if not isinstance(parameters, dict) or parameters.get("resourceType") != "Parameters":
        raise InvalidRequest("A FHIRPath Patch is a Parameters resource", expression=("Parameters",))
    stated = parameters.get("parameter", [])
    if not isinstance(stated, list):
        raise InvalidRequest("'parameter' must be a list", expression=("Parameters.parameter",))
    if len(stated) > MAX_OPERATIONS:
        raise InvalidRequest(
            f"A FHIRPath Patch may have at most {MAX_OPERATIONS} operations", expression=("Parameters.parameter",)
        )
    return tuple(_operation(resource_type, number, parameter) for number, parameter in enumerate(stated))


def _refuse(kind: type[FhirError], number: int, operation_type: str, reason: str) -> NoReturn:
    label = f"Patch operation {number} ({operation_type})" if operation_type else f"Patch operation {number}"
    raise kind(f"{label} {reason}", expression=(f"Parameters.parameter[{number}]",)) from None


def _operation(resource_type: str, number: int, parameter: Tree) -> Operation:
    if not isinstance(parameter, dict) or parameter.get("name") != "operation":
        _refuse(InvalidRequest, number, "", "must be a parameter with the name 'operation'")
    operation_type = ""
    try:
        parts = _by_name(parameter)
        operation_type = _operation_type(parts)
        for name in PARTS[operation_type]:
            if name not in parts:
                raise MalformedPart(f"it has no part '{name}'")
        for name in parts:
            if name != "type" and name not in PARTS[operation_type]:
                raise MalformedPart(f"it takes no other parts than type, {_list(PARTS[operation_type])}")
        return Operation(
            number=number,
            type=operation_type,
            path=parse_path(_text(parts, "path"), resource_type),
            name=_text(parts, "name") if "name" in parts else "",
            value=read_value(parts["value"]) if "value" in parts else NO_VALUE,
            positions={name: _position(parts, name) for name in POSITIONS if name in parts},
        )
    except MalformedPart as problem:
        _refuse(InvalidRequest, number, operation_type, f"is malformed: {problem}")
    except PathSyntaxError as problem:
        _refuse(InvalidRequest, number, operation_type, f"has a path that is not supported: {problem}")


def _by_name(parameter: Mapping[str, Tree]) -> dict[str, dict[str, Tree]]:
    parts: dict[str, dict[str, Tree]] = {}
    for part in parts_of(parameter):
        name = name_of(part)
        if name in parts:
            raise MalformedPart("it has the same part twice")
        parts[name] = part
    return parts


def _operation_type(parts: Mapping[str, Mapping[str, Tree]]) -> str:
    if "type" not in parts:
        raise MalformedPart("it has no part 'type'")
    stated = _text(parts, "type")
    if stated not in PARTS:
        raise MalformedPart(f"its type must be one of {_list(tuple(PARTS))}")
    return stated


def _text(parts: Mapping[str, Mapping[str, Tree]], name: str) -> str:
    for key in TEXTS[name]:
        text = parts[name].get(key)
        if isinstance(text, str):
            return text
    raise MalformedPart(f"its part '{name}' must have a {TEXTS[name][0]}")


def _position(parts: Mapping[str, Mapping[str, Tree]], name: str) -> int:
    for key in INTEGERS:
        position = parts[name].get(key)
        if type(position) is int and position >= 0:
            return position
    raise MalformedPart(f"its part '{name}' must have a valueInteger of 0 or more")


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)


@dataclass(frozen=True, slots=True)
class _Run:
    """The resource while it changes, as the node that every path starts from."""

    start: Node
    evaluation: Evaluation

    def one(self, path: Path) -> Node:
        """The only element at the path."""
        found = self.evaluation.find(self.start, path.steps)
        if len(found) != 1:
            raise PatchProblem(f"its path finds {len(found) or 'no'} elements and must find one")
        return found[0]

    def elements(self, path: Path) -> tuple[Elements, Property]:
        """The repeating element at the path, which may have no items yet, and its definition."""
        if not path.steps or not isinstance(path.steps[-1], Child):
            raise PatchProblem("its path must end in the name of a repeating element")
        parent = self.one(Path(path.steps[:-1]))
        possible = named(parent.shape_inside, path.steps[-1].name)
        if not possible[0].element.is_list:
            raise PatchProblem(f"{possible[0].element.path} does not repeat")
        return Elements(_inner(parent), possible[0].name), possible[0]


def _inner(node: Node) -> dict[str, Tree]:
    """The object for the children of the node; a primitive that has none gets its `_` sibling."""
    inner = node.inner
    if inner is not None:
        return inner
    created: dict[str, Tree] = {}
    if node.position is None:
        node.holder["_" + node.name] = created
    else:
        elements = Elements(node.holder, node.name)
        elements.items[node.position] = (elements.items[node.position][0], created)
        elements.store()
    return created


def _remove(node: Node) -> None:
    """Removes the element, and then its parent when nothing is left of that."""
    if node.parent is None:
        raise PatchProblem("the resource itself cannot be deleted")
    if node.position is None:
        assign(node.holder, node.name, (None, None))
    else:
        elements = Elements(node.holder, node.name)
        del elements.items[node.position]
        elements.store()
    if not node.holder:
        _remove_inner(node.parent)


def _remove_inner(node: Node) -> None:
    """Removes the empty object of a node: the whole element, or only the `_` sibling of a primitive with a value."""
    if node.parent is None:
        return
    if isinstance(node.value, dict) or node.value is None:
        _remove(node)
    elif node.position is None:
        node.holder.pop("_" + node.name)
    else:
        elements = Elements(node.holder, node.name)
        elements.items[node.position] = (node.value, None)
        elements.store()


def _add(run: _Run, operation: Operation) -> None:
    node = run.one(operation.path)
    found = property_for(node.shape_inside, operation.name, operation.value)
    put(_inner(node), found, operation.value)


def _insert(run: _Run, operation: Operation) -> None:
    elements, found = run.elements(operation.path)
    index = operation.positions["index"]
    if index > len(elements.items):
        raise PatchProblem("its index is beyond the end of the list")
    elements.items.insert(index, fit(found, operation.value))
    elements.store()


def _delete(run: _Run, operation: Operation) -> None:
    found = run.evaluation.find(run.start, operation.path.steps)
    if len(found) > 1:
        raise PatchProblem(f"its path finds {len(found)} elements and may find only one")
    for node in found:
        _remove(node)


def _replace(run: _Run, operation: Operation) -> None:
    node = run.one(operation.path)
    if node.parent is None:
        raise PatchProblem("the resource itself cannot be replaced; use update")
    shape = node.parent.shape_inside
    old = properties(shape)[node.name]
    name = old.element.name.removesuffix(CHOICE)
    new = property_for(shape, name, operation.value)
    fitted = fit(new, operation.value)
    if node.position is not None:
        elements = Elements(node.holder, node.name)
        elements.items[node.position] = fitted
        elements.store()
        return
    _rename(node.holder, node.name, new.name)
    assign(node.holder, new.name, fitted)


def _rename(holder: dict[str, Tree], old: str, new: str) -> None:
    """Gives a property another name and leaves it where it stands among the others."""
    if old == new:
        return
    renamed = {old: new, "_" + old: "_" + new}
    pairs = [(renamed.get(key, key), value) for key, value in holder.items()]
    holder.clear()
    holder.update(pairs)


def _move(run: _Run, operation: Operation) -> None:
    elements, _ = run.elements(operation.path)
    source, destination = operation.positions["source"], operation.positions["destination"]
    if max(source, destination) >= len(elements.items):
        raise PatchProblem("its source or destination is beyond the end of the list")
    elements.items.insert(destination, elements.items.pop(source))
    elements.store()


_OPERATIONS: dict[str, Callable[[_Run, Operation], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
