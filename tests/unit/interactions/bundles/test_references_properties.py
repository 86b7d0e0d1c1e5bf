from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.interactions.bundles.references import Targets, collect, rewrite, unresolved_urns
from fhir_server.json_text import encode_json

Tree = Any

KEYS = ["urn:uuid:1", "urn:uuid:2", "http://x.org/fhir/Patient/3", "Patient?identifier=a|b"]
TARGETS = Targets({key: f"Patient/new{number}" for number, key in enumerate(KEYS)})
BACK = Targets({target: key for key, target in TARGETS.exact.items()})
LINK_NAMES = ["reference", "url", "valueUri", "system", "source", "div"]
NAMES = st.sampled_from(
    [
        *LINK_NAMES,
        "resourceType",
        "subject",
        "performer",
        "extension",
        "contained",
        "valueReference",
        "valueString",
        "_status",
        "text",
        "meta",
        "profile",
        "component",
        "display",
        "identifier",
        "value",
        "note",
        "unknown",
    ]
)
TEXTS = st.sampled_from(
    [
        *KEYS,
        *(key + "#f" for key in KEYS),
        "Observation",
        "Patient",
        "Bundle",
        "#f",
        "Patient/3",
        "x",
        f'<a href="{KEYS[0]}" title="{KEYS[0]}">{KEYS[0]}</a>',
    ]
)
TREES = st.recursive(
    TEXTS | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)
RESOURCES = st.dictionaries(NAMES, TREES, max_size=6).map(lambda members: members | {"resourceType": "Observation"})


def changes(one: Tree, other: Tree, name: str = "") -> list[tuple[str, Tree, Tree]]:
    """Where two trees of the same form differ: the property's name and both values."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        return [change for key in one for change in changes(one[key], other[key], key)]
    if isinstance(one, list):
        assert len(one) == len(other)
        return [change for pair in zip(one, other, strict=True) for change in changes(*pair, name)]
    return [] if one == other else [(name, one, other)]


@given(RESOURCES, st.none() | st.just("http://x.org/fhir/Observation/1"))
def test_rewriting_changes_links_and_nothing_else(tree: Tree, full_url: str | None) -> None:
    before = encode_json(tree)
    rewritten = rewrite(tree, TARGETS, full_url)
    assert encode_json(tree) == before
    relative = {"Patient/3": TARGETS.exact[KEYS[2]]} if full_url else {}
    for name, old, new in changes(tree, rewritten):
        assert name in LINK_NAMES
        if name == "div":
            assert new == old.replace(f'href="{KEYS[0]}"', 'href="Patient/new0"')
        else:
            link, mark, fragment = old.partition("#")
            assert new == {**TARGETS.exact, **relative}[link] + mark + fragment


@given(RESOURCES)
def test_without_links_to_replace_the_very_same_tree_comes_back(tree: Tree) -> None:
    assert rewrite(tree, Targets({})) is tree
    assert rewrite(tree, Targets({"urn:uuid:other": "Patient/1"})) is tree


@given(RESOURCES)
def test_rewriting_back_gives_the_same_resource(tree: Tree) -> None:
    assert rewrite(rewrite(tree, TARGETS), BACK) == tree


@given(RESOURCES)
def test_after_rewriting_no_reference_is_left_to_an_entry(tree: Tree) -> None:
    rewritten = rewrite(tree, TARGETS)
    assert unresolved_urns(rewritten) == ()
    assert not any(found.value in TARGETS.exact for found in collect(rewritten))
    assert [found.path for found in collect(rewritten)] == [found.path for found in collect(tree)]
