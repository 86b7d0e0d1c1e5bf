"""Parts of resources: `_summary` and `_elements`, marked as SUBSETTED.

https://hl7.org/fhir/R4/search.html#summary and https://hl7.org/fhir/R4/search.html#elements

Mandatory elements and those that may change the meaning of the rest always stay. Trees go in unharmed and come out new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from fhir_server.definitions import mandatory_elements, modifier_elements, properties, summary_elements

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
ALWAYS = frozenset({"resourceType", "id", "meta"})
_BACKBONES = frozenset({"BackboneElement", "Element"})

Resource = dict[str, Any]


def subset(
    resource_type: str, tree: Resource, *, summary: str | None = None, elements: tuple[str, ...] = ()
) -> Resource:
    """What is left of a resource: `summary` is true, text, data or None; `elements` are names of top-level elements.

    A choice is named by its stem or its property (`value`, `value[x]`, `valueQuantity`); unknown names mean nothing.
    Without either, and for `summary="count"` (which shows no resource), the tree comes back as it is.
    """
    if elements:
        return _marked(_chosen(resource_type, tree, frozenset(elements)))
    if summary in _SUMMARIES:
        return _marked(_SUMMARIES[summary](resource_type, tree))
    return tree


def _true(resource_type: str, tree: Resource) -> Resource:
    kept = _kept(resource_type) | summary_elements(resource_type)
    return _summarized(resource_type, {name: value for name, value in tree.items() if _element(name) in kept})


def _text(resource_type: str, tree: Resource) -> Resource:
    kept = ALWAYS | mandatory_elements(resource_type) | {"text"}
    return {name: value for name, value in tree.items() if _element(name) in kept}


def _data(resource_type: str, tree: Resource) -> Resource:
    return {name: value for name, value in tree.items() if name != "text"}


_SUMMARIES: Mapping[str | None, Callable[[str, Resource], Resource]] = {"true": _true, "text": _text, "data": _data}


def _chosen(resource_type: str, tree: Resource, elements: frozenset[str]) -> Resource:
    stems = _stems(resource_type)
    kept = _kept(resource_type)
    return {
        name: value
        for name, value in tree.items()
        if _element(name) in kept or elements & stems.get(_element(name), frozenset({_element(name)}))
    }


def _element(name: str) -> str:
    """The element of a property: `_birthDate` holds the extensions of birthDate."""
    return name.removeprefix("_")


@cache
def _kept(resource_type: str) -> frozenset[str]:
    return ALWAYS | mandatory_elements(resource_type) | modifier_elements(resource_type)


@cache
def _stems(resource_type: str) -> Mapping[str, frozenset[str]]:
    """The names that `_elements` may give to each property that is a choice."""
    return {
        name: frozenset({name, found.element.name, found.element.name.removesuffix("[x]")})
        for name, found in properties(resource_type).items()
        if found.element.is_choice
    }


def _summarized(path: str, tree: Resource) -> Resource:
    """The tree with the backbone elements in it reduced to what belongs to the summary; data types stay whole."""
    return {name: _summarized_value(path, name, value) for name, value in tree.items()}


def _summarized_value(path: str, name: str, value: Any) -> Any:
    found = properties(path).get(name)
    if found is None or found.type not in _BACKBONES:
        return value
    if isinstance(value, list):
        return [_summarized_element(f"{path}.{name}", item) for item in value]
    return _summarized_element(f"{path}.{name}", value)


def _summarized_element(path: str, tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    kept = _summary_of_backbone(path)
    left = {name: value for name, value in tree.items() if _element(name) in kept}
    # An element may not become empty: then it is better whole than illegal.
    return _summarized(path, left) if left else tree


@cache
def _summary_of_backbone(path: str) -> frozenset[str]:
    children = properties(path)
    named = (name for name, child in children.items() if child.element.is_summary or child.element.min > 0)
    modifiers = (name for name, child in children.items() if child.element.is_modifier)
    return frozenset({*named, *modifiers, "id"})


def _marked(tree: Resource) -> Resource:
    """The tree with the tag that says it is not the whole resource."""
    meta = dict(tree.get("meta", {}))
    tags = [tag for tag in meta.get("tag", []) if tag.get("code") != SUBSETTED["code"]]
    meta["tag"] = [*tags, dict(SUBSETTED)]
    if "meta" in tree:
        return {name: meta if name == "meta" else value for name, value in tree.items()}
    marked: Resource = {}
    for name, value in tree.items():
        marked[name] = value
        if name == ("id" if "id" in tree else "resourceType"):
            marked["meta"] = meta
    return marked
