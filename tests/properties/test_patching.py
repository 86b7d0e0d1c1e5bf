from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest, TooLarge, Unprocessable
from fhir_server.interactions.patching import json_patch, merge_patch
from fhir_server.interactions.patching.trees import copy_tree, equal
from fhir_server.json_text import DecimalText, encode_json, parse_json

Tree = Any

NAMES = st.sampled_from(["a", "b", "c", "", "/", "~", "~1", "a/b", "0", "-", "meta", "ä"])
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda number: DecimalText(f"{number:f}"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | DECIMALS
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES.filter(lambda name: name != "meta"), TREES, max_size=4).map(
    lambda members: {"resourceType": "Basic", "id": "1", **members}
)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from([*json_patch.MEMBERS, "spam"]),
            "path": st.lists(NAMES, max_size=3).map(lambda names: pointer(*names)) | st.text(max_size=4),
            "from": st.lists(NAMES, max_size=3).map(lambda names: pointer(*names)) | st.text(max_size=4),
            "value": TREES,
        }
    ),
    max_size=5,
)


def pointer(*names: str) -> str:
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def difference(one: Tree, other: Tree, *path: str) -> list[dict[str, Tree]]:
    """A patch that makes `other` of `one`; written against the RFC alone."""
    if isinstance(one, dict) and isinstance(other, dict) and other:
        patch = [{"op": "remove", "path": pointer(*path, name)} for name in one if name not in other]
        for name, value in other.items():
            if name not in one:
                patch.append({"op": "add", "path": pointer(*path, name), "value": value})
            else:
                patch += difference(one[name], value, *path, name)
        return patch
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            step for number, value in enumerate(other) for step in difference(one[number], value, *path, str(number))
        ]
    return [] if equal(one, other) else [{"op": "replace", "path": pointer(*path), "value": other}]


def places(tree: Tree, *path: str) -> list[tuple[str, Tree]]:
    """Every pointer into the tree with what stands there."""
    found = [(pointer(*path), tree)]
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in pairs:
        found += places(value, *path, str(name))
    return found


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_made_of_the_difference_leads_from_one_document_to_the_other(one: Tree, other: Tree) -> None:
    assert equal(json_patch.apply(one, difference(one, other)), other)


@given(DOCUMENTS)
def test_every_place_passes_the_test_for_its_own_value_and_no_other(document: Tree) -> None:
    for path, value in places(document):
        assert equal(json_patch.apply(document, [{"op": "test", "path": path, "value": value}]), document)
        with pytest.raises(Unprocessable):
            json_patch.apply(document, [{"op": "test", "path": path, "value": {"another": value}}])


@given(DOCUMENTS, TREES)
def test_what_is_added_and_removed_again_leaves_the_document_as_it_was(document: Tree, value: Tree) -> None:
    for path, stored in places(document):
        if isinstance(stored, dict) and "new" not in stored and stored:
            new = path + "/new"
        elif isinstance(stored, list) and stored:
            new = path + "/0"
        else:
            continue
        there_and_back = [{"op": "add", "path": new, "value": value}, {"op": "remove", "path": new}]
        assert equal(json_patch.apply(document, there_and_back), document)


@given(DOCUMENTS)
def test_what_is_moved_away_and_back_leaves_the_document_as_it_was(document: Tree) -> None:
    for path, _ in places(document):
        if path in ("", "/id", "/resourceType"):
            continue
        there_and_back = [
            {"op": "move", "from": path, "path": "/elsewhere"},
            {"op": "test", "path": "/elsewhere", "value": dict(places(document))[path]},
            {"op": "move", "from": "/elsewhere", "path": path},
        ]
        assert equal(json_patch.apply(document, there_and_back), document)


@given(DOCUMENTS, OPERATIONS)
def test_whatever_a_patch_says_its_input_stays_and_only_fhir_errors_are_raised(document: Tree, patch: Tree) -> None:
    before = encode_json([document, patch])
    with contextlib.suppress(InvalidRequest, TooLarge, Unprocessable):
        result = json_patch.apply(document, patch)
        assert (result["resourceType"], result["id"]) == ("Basic", "1")
    assert encode_json([document, patch]) == before


@given(DOCUMENTS)
def test_a_patch_that_does_nothing_writes_the_same_text(document: Tree) -> None:
    text = encode_json(document)
    assert encode_json(json_patch.apply(parse_json(text), [])) == text
    assert encode_json(merge_patch.apply(parse_json(text), {})) == text


@given(TREES, TREES)
def test_json_equality_is_symmetric_and_survives_a_copy(one: Tree, other: Tree) -> None:
    assert equal(one, copy_tree(one))
    assert equal(one, other) is equal(other, one)


def without_nulls(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {name: without_nulls(value) for name, value in tree.items() if value is not None}
    return tree


def merge_difference(one: Tree, other: Tree) -> Tree:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    patch = {name: None for name in one if name not in other}
    for name, value in other.items():
        if name not in one or not equal(one[name], value):
            patch[name] = merge_difference(one.get(name), value)
    return patch


@given(TREES, TREES.map(without_nulls))
def test_a_merge_patch_made_of_the_difference_leads_from_one_tree_to_the_other(one: Tree, other: Tree) -> None:
    assert equal(merge_patch.merge(one, merge_difference(one, other)), other)


@given(TREES, TREES)
def test_merging_twice_is_merging_once(target: Tree, patch: Tree) -> None:
    once = merge_patch.merge(target, patch)
    assert equal(merge_patch.merge(once, patch), once)
