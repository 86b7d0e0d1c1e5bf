"""PATCH as pure functions on trees: the patched resource, or an error that names the operation.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from collections.abc import Callable

from fhir_server.errors import UnsupportedMediaType
from fhir_server.interactions.patching import fhirpath_patch, json_patch, merge_patch
from fhir_server.interactions.patching.narrative import settle_narrative
from fhir_server.interactions.patching.trees import MAX_SIZE
from fhir_server.json_text import Tree

__all__ = ["PATCH_TYPES", "patched"]


def patched(resource_type: str, tree: Tree, content_type: str, patch: Tree, *, max_size: int = MAX_SIZE) -> Tree:
    """The resource `tree` after the patch document `patch` of the media type, its narrative settled; not yet validated.

    Nothing is changed in place. Raises UnsupportedMediaType (415) for other media types, InvalidRequest (400) for a
    malformed patch, Unprocessable (422) for one that cannot be applied or changes id or resourceType, TooLarge (413).
    """
    apply = PATCH_TYPES.get(content_type)
    if apply is None:
        raise UnsupportedMediaType(f"A patch has one of the content types {', '.join(PATCH_TYPES)}")
    return settle_narrative(tree, apply(resource_type, tree, patch, max_size))


def _json(_resource_type: str, tree: Tree, patch: Tree, max_size: int) -> Tree:
    return json_patch.apply(tree, patch, max_size=max_size)


def _fhirpath(resource_type: str, tree: Tree, patch: Tree, max_size: int) -> Tree:
    return fhirpath_patch.apply(resource_type, tree, patch, max_size=max_size)


def _merge(_resource_type: str, tree: Tree, patch: Tree, max_size: int) -> Tree:
    return merge_patch.apply(tree, patch, max_size=max_size)


PATCH_TYPES: dict[str, Callable[[str, Tree, Tree, int], Tree]] = {
    "application/json-patch+json": _json,
    "application/fhir+json": _fhirpath,
    "application/merge-patch+json": _merge,
}
