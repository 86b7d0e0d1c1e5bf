"""JSON Patch: add, remove, replace, move, copy and test by JSON Pointer.

https://www.rfc-editor.org/rfc/rfc6902, https://www.rfc-editor.org/rfc/rfc6901 and
https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.interactions.patching.identity import keep_identity
from fhir_server.interactions.patching.trees import (
    MAX_OPERATIONS,
    MAX_SIZE,
    Allowance,
    PatchProblem,
    copy_tree,
    equal,
    without_emptied,
)
from fhir_server.json_text import Tree

# The members that an operation must have beside `op` and `path`.
MEMBERS: dict[str, tuple[str, ...]] = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
}

Pointer = tuple[str, ...]
AFTER_LAST = "-"

_BAD_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ELEMENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was sent; pointers are split and unescaped, `value` is the operation's own tree."""

    index: int
    op: str
    path: Pointer
    source: Pointer
    value: Tree


def apply(tree: Tree, operations: Tree, *, max_size: int = MAX_SIZE) -> Tree:
    """The resource `tree` after the JSON Patch document `operations`; neither is changed or shared with the result.

    Arrays and objects that a removal leaves empty are removed as well. Raises InvalidRequest (400) when the document is
    no JSON Patch, Unprocessable (422) when an operation cannot be applied, a test fails, or id or resourceType change,
    TooLarge (413) when the result or what is written on the way is too large.
    """
    parsed = parse(operations)
    allowance = Allowance(max_size)
    document = _Document(copy_tree(tree), allowance)
    for operation in parsed:
        try:
            _OPERATIONS[operation.op](document, operation)
        except PatchProblem as problem:
            raise Unprocessable(
                f"JSON Patch operation {operation.index} ({operation.op}) cannot be applied: {problem}",
                expression=_expression(tree, operation.path),
            ) from None
    # First the check: the moves of a patch can make a tree too deep to walk without it.
    allowance.check(document.root)
    return keep_identity(tree, without_emptied(document.root, document.emptied))


def parse(operations: Tree) -> tuple[Operation, ...]:
    """The operations of a JSON Patch document. Raises InvalidRequest, or Unprocessable for a malformed pointer."""
    if not isinstance(operations, list):
        raise InvalidRequest("A JSON Patch is an array of operations")
    if len(operations) > MAX_OPERATIONS:
        raise InvalidRequest(f"A JSON Patch may have at most {MAX_OPERATIONS} operations")
    return tuple(_operation(index, stated) for index, stated in enumerate(operations))


def _operation(index: int, stated: Tree) -> Operation:
    if not isinstance(stated, dict):
        raise InvalidRequest(f"JSON Patch operation {index} is not an object")
    op = stated.get("op")
    if not isinstance(op, str) or op not in MEMBERS:
        raise InvalidRequest(f"JSON Patch operation {index}: 'op' must be one of {', '.join(MEMBERS)}")
    for name in ("path", *MEMBERS[op]):
        if name not in stated:
            raise InvalidRequest(f"JSON Patch operation {index} ({op}) has no '{name}'")
    return Operation(
        index=index,
        op=op,
        path=_pointer(index, op, "path", stated),
        source=_pointer(index, op, "from", stated) if "from" in MEMBERS[op] else (),
        value=stated.get("value"),
    )


def _pointer(index: int, op: str, name: str, stated: dict[str, Tree]) -> Pointer:
    text = stated[name]
    if not isinstance(text, str):
        raise InvalidRequest(f"JSON Patch operation {index} ({op}): '{name}' is not a string")
    if text and not text.startswith("/"):
        raise Unprocessable(f"JSON Patch operation {index} ({op}): '{name}' is no JSON Pointer, which begins with '/'")
    if _BAD_ESCAPE.search(text):
        raise Unprocessable(f"JSON Patch operation {index} ({op}): '{name}' has a '~' that is neither ~0 nor ~1")
    # ~01 is the name "~1": so ~1 first, then ~0.
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])


def _expression(tree: Tree, pointer: Pointer) -> tuple[str, ...]:
    """The pointer as FHIRPath, as far as it names elements: what else a client writes there is not repeated."""
    path = str(tree.get("resourceType", "Resource"))
    for token in pointer:
        if _INDEX.fullmatch(token):
            path += f"[{token}]"
        elif _ELEMENT_NAME.fullmatch(token):
            path += f".{token}"
        else:
            break
    return (path,)


class _Document:
    """The resource while it changes, hung in a holder under the name "" so that the root is a place like others."""

    __slots__ = ("allowance", "emptied", "holder")

    def __init__(self, tree: Tree, allowance: Allowance) -> None:
        self.holder: dict[str, Tree] = {"": tree}
        self.allowance = allowance
        self.emptied: list[Tree] = []

    @property
    def root(self) -> Tree:
        return self.holder[""]

    def parent(self, pointer: Pointer) -> tuple[Tree, str]:
        """The object or array that has the place at `pointer`, and the place's name in it."""
        place: Tree = self.holder
        way = ("", *pointer)
        for token in way[:-1]:
            place = _item(place, token)
        return place, way[-1]

    def get(self, pointer: Pointer) -> Tree:
        return _item(*self.parent(pointer))

    def add(self, pointer: Pointer, value: Tree) -> None:
        parent, token = self.parent(pointer)
        if isinstance(parent, dict):
            parent[token] = value
        elif isinstance(parent, list):
            parent.insert(len(parent) if token == AFTER_LAST else _index(token, len(parent)), value)
        else:
            raise PatchProblem("the path leads into a value that has no members")

    def replace(self, pointer: Pointer, value: Tree) -> None:
        parent, token = self.parent(pointer)
        _item(parent, token)
        parent[token if isinstance(parent, dict) else int(token)] = value

    def remove(self, pointer: Pointer) -> Tree:
        if not pointer:
            raise PatchProblem("the resource itself cannot be removed")
        parent, token = self.parent(pointer)
        _item(parent, token)
        self.emptied.append(parent)
        return parent.pop(token if isinstance(parent, dict) else int(token))

    def written(self, value: Tree) -> Tree:
        """A copy of `value` that may stand in the document: what two places shared would change in both."""
        self.allowance.spend(value)
        return copy_tree(value)


def _item(place: Tree, token: str) -> Tree:
    if isinstance(place, dict):
        if token not in place:
            raise PatchProblem("the path does not exist")
        return place[token]
    if isinstance(place, list):
        if token == AFTER_LAST:
            raise PatchProblem("the position '-' is the end of the array, where nothing stands")
        return place[_index(token, len(place) - 1)]
    raise PatchProblem("the path leads into a value that has no members")


def _index(token: str, last: int) -> int:
    if not _INDEX.fullmatch(token):
        raise PatchProblem("a position in an array is written in digits without leading zeros")
    if int(token) > last:
        raise PatchProblem("the position is beyond the end of the array")
    return int(token)


def _add(document: _Document, operation: Operation) -> None:
    document.add(operation.path, document.written(operation.value))


def _remove(document: _Document, operation: Operation) -> None:
    document.remove(operation.path)


def _replace(document: _Document, operation: Operation) -> None:
    document.replace(operation.path, document.written(operation.value))


def _move(document: _Document, operation: Operation) -> None:
    if operation.source == operation.path:
        document.get(operation.source)
        return
    if operation.path[: len(operation.source)] == operation.source:
        raise PatchProblem("a value cannot be moved into itself")
    document.add(operation.path, document.remove(operation.source))


def _copy(document: _Document, operation: Operation) -> None:
    document.add(operation.path, document.written(document.get(operation.source)))


def _test(document: _Document, operation: Operation) -> None:
    if not equal(document.get(operation.path), operation.value):
        raise PatchProblem("the value is not the one that the test names")


_OPERATIONS: dict[str, Callable[[_Document, Operation], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
