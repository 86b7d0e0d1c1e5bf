"""JSON Merge Patch: a part of the resource that is laid over it, where null removes.

https://www.rfc-editor.org/rfc/rfc7386
"""

from __future__ import annotations

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.patching.identity import keep_identity
from fhir_server.interactions.patching.trees import MAX_SIZE, Allowance, copy_tree, without_emptied
from fhir_server.json_text import Tree


def apply(tree: Tree, patch: Tree, *, max_size: int = MAX_SIZE) -> Tree:
    """The resource `tree` after the merge patch; neither is changed or shared with the result.

    Objects that the patch's nulls leave empty are removed, which the RFC alone would keep and FHIR forbids. Raises
    InvalidRequest (400) when the patch is no object, Unprocessable (422) when it changes id or resourceType, TooLarge
    (413) when the result is too large.
    """
    if not isinstance(patch, dict):
        raise InvalidRequest("A merge patch for a resource is a JSON object")
    emptied: list[Tree] = []
    result = without_emptied(_merge(copy_tree(tree), patch, emptied), emptied)
    Allowance(max_size).check(result)
    return keep_identity(tree, result)


def merge(target: Tree, patch: Tree) -> Tree:
    """What RFC 7386 makes of any two JSON values; the result is a new tree."""
    return _merge(copy_tree(target), patch, [])


def _merge(target: Tree, patch: Tree, emptied: list[Tree]) -> Tree:
    if not isinstance(patch, dict):
        return copy_tree(patch)
    merged: dict[str, Tree] = target if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value, emptied)
    if patch:
        emptied.append(merged)
    return merged
