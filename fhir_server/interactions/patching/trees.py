"""JSON trees while they are patched: copied, compared as JSON, weighed, and cleared of what a patch emptied.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fhir_server.errors import TooLarge, Unprocessable
from fhir_server.json_text import MAX_DEPTH, Tree

MAX_OPERATIONS = 1000
MAX_SIZE = 5_000_000
# A patch may write and overwrite a large value again and again; what it copies in all is bounded, not just the result.
WRITTEN_PER_SIZE = 4


class PatchProblem(Exception):
    """Why one operation cannot be applied; whoever runs the operations adds which one it was."""


def copy_tree(tree: Tree) -> Tree:
    """A tree that shares no object or array with `tree`."""
    if type(tree) is dict:
        return {name: copy_tree(value) if type(value) in _CONTAINERS else value for name, value in tree.items()}
    if type(tree) is list:
        return [copy_tree(value) if type(value) in _CONTAINERS else value for value in tree]
    return tree


_CONTAINERS = frozenset({dict, list})


def equal(one: Tree, other: Tree) -> bool:
    """Whether two trees are the same JSON value: numbers by what they are worth, objects whatever their order."""
    # True == 1 in Python, and a boolean is not a number in JSON.
    if type(one) is bool or type(other) is bool:
        return one is other
    if isinstance(one, dict):
        if not isinstance(other, dict) or one.keys() != other.keys():
            return False
        return all(equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        if not isinstance(other, list) or len(one) != len(other):
            return False
        return all(equal(value, other[position]) for position, value in enumerate(one))
    if isinstance(one, int | Decimal):
        return isinstance(other, int | Decimal) and one == other
    return bool(one == other)


def size(tree: Tree, depth: int = 1) -> int:
    """About how many characters `tree` has as compact JSON.

    Raises PatchProblem for more levels than a resource may have: many small moves can build a tower out of a flat tree.
    """
    if type(tree) is dict:
        if depth > MAX_DEPTH:
            raise PatchProblem(f"the result is nested deeper than {MAX_DEPTH} levels")
        return 2 + sum(len(name) + 4 + size(value, depth + 1) for name, value in tree.items())
    if type(tree) is list:
        if depth > MAX_DEPTH:
            raise PatchProblem(f"the result is nested deeper than {MAX_DEPTH} levels")
        return 2 + sum(1 + size(value, depth + 1) for value in tree)
    return len(tree) + 2 if type(tree) is str else 8


class Allowance:
    """How much a patch may still write into the resource; `max_size` is the most that the result may have."""

    __slots__ = ("left", "max_size")

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self.left = WRITTEN_PER_SIZE * max_size

    def spend(self, value: Tree) -> None:
        """Counts `value` as written. Raises TooLarge when the patch has written more than it may."""
        self.left -= size(value)
        if self.left < 0:
            raise TooLarge("The patch writes more than a resource may hold")

    def check(self, result: Tree) -> None:
        """Raises TooLarge or Unprocessable when the patched resource is too large or too deep."""
        try:
            length = size(result)
        except PatchProblem as problem:
            raise Unprocessable(f"The patch cannot be applied: {problem}") from None
        if length > self.max_size:
            raise TooLarge("The patched resource is larger than a resource may be")


def without_emptied(tree: Tree, emptied: Sequence[Tree]) -> Tree:
    """`tree` without those of its objects and arrays that stand in `emptied` and hold nothing, nor what that empties.

    FHIR has no empty objects or arrays: whoever removes the last name means no names. An empty object that the patch
    itself brings along is not in `emptied` and stays, for the validation to refuse.
    """
    marks = {id(container) for container in emptied if not container}
    return _without(tree, marks) if marks else tree


def _without(tree: Tree, marks: set[int]) -> Tree:
    if type(tree) is dict:
        pairs = [(name, _without(value, marks)) for name, value in tree.items()]
        kept = {name: value for name, value in pairs if value is not _NOTHING}
        return _NOTHING if (tree and not kept) or id(tree) in marks else kept
    if type(tree) is list:
        items = [item for item in (_without(value, marks) for value in tree) if item is not _NOTHING]
        return _NOTHING if (tree and not items) or id(tree) in marks else items
    return tree


_NOTHING = object()
