"""To which slice of a profile a value belongs.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.definitions.elements import CHOICE, capitalized
from fhir_server.validation.profiles.bindings import codings_of, in_content
from fhir_server.validation.profiles.library import Library
from fhir_server.validation.profiles.nodes import Node
from fhir_server.validation.profiles.values import Value, has_pattern, is_same, reach, select

THIS = "$this"
Answer = bool | None
"""None: this cannot be told."""


def discriminators(node: Node) -> list[dict[str, str]]:
    """What tells the slices of an element apart; a differential may leave out what always is so."""
    said: list[dict[str, str]] = (node.facts.get("slicing") or {}).get("discriminator", [])
    if said:
        return said
    if node.name in ("extension", "modifierExtension"):
        return [{"type": "value", "path": "url"}]
    return [{"type": "type" if node.name.endswith(CHOICE) else "value", "path": THIS}]


def belongs(node: Node, slice_name: str, value: Value, library: Library) -> Answer:
    """Whether the value is one of the slice; every discriminator must say so."""
    answers = [
        _RULES[one["type"]](node.slices[slice_name], slice_name, one.get("path", THIS), value, library)
        if one.get("type") in _RULES
        else None
        for one in discriminators(node)
    ]
    return False if False in answers else None if None in answers else True


def _names(path: str) -> list[str] | None:
    """The element names of a path; None for a path with functions."""
    names = [name for name in path.split(".") if name != THIS]
    return names if all(name.isalnum() for name in names) else None


def _by_value(node: Node, slice_name: str, path: str, value: Value, library: Library) -> Answer:
    names = _names(path)
    if names is None:
        return None
    # What tells the slices apart may be fixed on the way to the place that the discriminator names.
    place: Node | None = node
    for depth in range(len(names) + 1):
        if place is None:
            break
        answers = [satisfies(place, one, library, deep=depth == len(names)) for one in reach(value, names[:depth])]
        if answers and answers != [None] * len(answers):
            return True if True in answers else None if None in answers else False
        if not answers and _asks(place):
            return False
        place = _child(place, names[depth]) if depth < len(names) else None
    return _by_extension(node, names, value)


def _child(node: Node, name: str) -> Node | None:
    return node.children.get(name) or node.children.get(name + CHOICE)


def _descend(node: Node, names: list[str]) -> Node | None:
    place: Node | None = node
    for name in names:
        place = None if place is None else _child(place, name)
    return place


def _asks(node: Node) -> bool:
    return (
        node.value_of("fixed") is not None
        or node.value_of("pattern") is not None
        or (node.facts.get("binding") or {}).get("strength") == "required"
        or any(_asks(child) for child in node.children.values())
    )


def _by_extension(node: Node, names: list[str], value: Value) -> Answer:
    urls = {url.partition("|")[0] for one in node.types for url in one.get("profile", ())}
    if names != ["url"] or not urls or not isinstance(value.tree, dict):
        return None
    return value.tree.get("url") in urls


def satisfies(node: Node, value: Value, library: Library, *, deep: bool = True) -> Answer:
    """Whether the value is what the element must be, and with `deep` its children too; None if that is not said."""
    answers: list[Answer] = []
    fixed, pattern = node.value_of("fixed"), node.value_of("pattern")
    if fixed is not None:
        answers.append(is_same(value.tree, fixed))
    if pattern is not None:
        answers.append(has_pattern(value.tree, pattern))
    binding: dict[str, Any] = node.facts.get("binding") or {}
    if not answers and deep and binding.get("strength") == "required" and "valueSet" in binding:
        content = library.codes(binding["valueSet"])
        told = [None if content is None else in_content(content, *one) for one in codings_of(value)]
        answers.append(True if True in told else None if None in told else False)
    for child in node.children.values() if deep else ():
        if child.name not in ("extension", "modifierExtension") and _asks(child):
            below = [satisfies(child, one, library) for one in select(value, child.name)]
            answers.append(True if True in below else None if None in below else False)
    return False if False in answers else None if None in answers or not answers else True


def _by_existence(node: Node, slice_name: str, path: str, value: Value, library: Library) -> Answer:
    names = _names(path)
    place = None if names is None else _descend(node, names)
    if not names or place is None:
        return None
    exists = bool(reach(value, names))
    if place.max == 0:
        return not exists
    return exists if place.facts.get("min", 0) > 0 else None


def _by_type(node: Node, slice_name: str, path: str, value: Value, library: Library) -> Answer:
    names = _names(path)
    place = None if names is None else _descend(node, names)
    if names is None or place is None:
        return None
    if place.type_codes:
        return any(one.type in place.type_codes for one in reach(value, names))
    # A slice of a choice may say its type by its name alone.
    return None if names else place.name.removesuffix(CHOICE) + capitalized(value.type) == slice_name


_RULES: Mapping[str, Callable[[Node, str, str, Value, Library], Answer]] = {
    "value": _by_value,
    "pattern": _by_value,
    "exists": _by_existence,
    "type": _by_type,
}
"""Discriminators by their type; slicing by profile is not told."""
