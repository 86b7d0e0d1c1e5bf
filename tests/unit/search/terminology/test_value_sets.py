"""The codes of value sets, out of definitions that name systems, concepts, filters and other value sets."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.search.terminology import MAX_CODES, TooManyCodes, related_codes, value_set_content

BASE = "http://server.example/fhir"
COLOURS, ANIMALS = "urn:colours", "urn:animals"


class Shelf:
    """Definitions by url and by id."""

    def __init__(self, *trees: dict[str, Any]) -> None:
        self.trees = trees

    def by_id(self, resource_type: str, fhir_id: str) -> dict[str, Any] | None:
        return self._first(resourceType=resource_type, id=fhir_id)

    def by_url(self, resource_type: str, url: str, version: str | None) -> dict[str, Any] | None:
        asked = {"resourceType": resource_type, "url": url}
        return self._first(**asked, **({"version": version} if version else {}))

    def _first(self, **asked: str) -> dict[str, Any] | None:
        return next((tree for tree in self.trees if all(tree.get(key) == text for key, text in asked.items())), None)


def system(url: str, *concepts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "CodeSystem", "url": url, "content": "complete", "concept": list(concepts), **more}


def concept(code: str, *beneath: dict[str, Any], **properties: str) -> dict[str, Any]:
    said = [{"code": name, "valueCode": value} for name, value in properties.items()]
    return {"code": code, "concept": list(beneath), "property": said}


def value_set(url: str, *includes: dict[str, Any], exclude: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    compose = {"include": list(includes), "exclude": list(exclude)}
    return {"resourceType": "ValueSet", "id": url.rpartition(":")[2], "url": url, "compose": compose}


def codes(*names: str, of: str = COLOURS) -> dict[str, Any]:
    return {"system": of, "concept": [{"code": name} for name in names]}


def chosen(name: str, operator: str, value: str, of: str = COLOURS) -> dict[str, Any]:
    return {"system": of, "filter": [{"property": name, "op": operator, "value": value}]}


TREE = system(
    COLOURS,
    concept("warm", concept("red", concept("crimson")), concept("orange")),
    concept("cold", concept("blue")),
    concept("scarlet", parent="red", tone="bright"),
    concept("cyan", subsumedBy="blue", tone="bright"),
)


def content(asked: dict[str, Any], *others: dict[str, Any]) -> dict[str, set[str] | None]:
    found = value_set_content(Shelf(asked, TREE, *others), asked["url"], None, BASE)
    return {url: None if listed is None else set(listed) for url, listed in found.items()}


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (codes("red", "none"), {"red", "none"}),
        ({"system": COLOURS}, None),
        (chosen("concept", "is-a", "red"), {"red", "crimson", "scarlet"}),
        (chosen("concept", "descendent-of", "red"), {"crimson", "scarlet"}),
        (chosen("concept", "is-not-a", "warm"), {"cold", "blue", "cyan"}),
        (chosen("concept", "generalizes", "crimson"), {"crimson", "red", "warm"}),
        (chosen("concept", "=", "red"), {"red"}),
        (chosen("concept", "in", "red, blue,none"), {"red", "blue"}),
        (chosen("code", "not-in", "warm,red,crimson,orange,cold"), {"blue", "scarlet", "cyan"}),
        (chosen("tone", "=", "bright"), {"scarlet", "cyan"}),
        (chosen("tone", "exists", "true"), {"scarlet", "cyan"}),
        (chosen("parent", "=", "red"), {"crimson", "scarlet"}),
        (chosen("child", "exists", "false"), {"crimson", "orange", "scarlet", "cyan"}),
    ],
)
def test_s_107_an_include_names_codes(include: dict[str, Any], expected: set[str] | None) -> None:
    assert content(value_set("urn:v", include)) == {COLOURS: expected}


def test_s_107_all_filters_of_an_include_must_hold() -> None:
    both = chosen("concept", "is-a", "warm")
    both["filter"] += chosen("tone", "=", "bright")["filter"]
    assert content(value_set("urn:v", both)) == {COLOURS: {"scarlet"}}


def test_s_107_includes_add_up_and_excludes_take_away() -> None:
    asked = value_set(
        "urn:v", codes("red", "blue"), codes("cyan"), codes("cat", of=ANIMALS), exclude=(codes("blue", "cat"),)
    )
    assert content(asked) == {COLOURS: {"red", "cyan"}, ANIMALS: {"cat"}}


def test_s_107_codes_left_out_of_a_whole_system_need_the_system() -> None:
    asked = value_set("urn:v", {"system": COLOURS}, exclude=(chosen("concept", "is-a", "warm"),))
    assert content(asked) == {COLOURS: {"cold", "blue", "cyan"}}
    with pytest.raises(InvalidRequest, match="not stored on this server"):
        content(value_set("urn:v", {"system": ANIMALS}, exclude=(codes("cat", of=ANIMALS),)))


def test_s_107_a_system_and_imports_in_one_include_must_all_hold() -> None:
    imported = value_set("urn:w", codes("red", "blue"), codes("cat", of=ANIMALS))
    both = {"system": COLOURS, "valueSet": ["urn:w"]}
    assert content(value_set("urn:v", both), imported) == {COLOURS: {"red", "blue"}}
    assert content(value_set("urn:v", {"valueSet": ["urn:w"]}), imported) == {
        COLOURS: {"red", "blue"},
        ANIMALS: {"cat"},
    }


@pytest.mark.parametrize(
    ("address", "version", "expected"),
    [("urn:v", "1", {"red"}), ("urn:v", "2", {"blue"}), ("ValueSet/two", None, {"blue"}),
     (f"{BASE}/ValueSet/one", None, {"red"})],
)  # fmt: skip
def test_s_107_a_value_set_is_named_by_url_version_or_id(address: str, version: str | None, expected: set[str]) -> None:
    one = {**value_set("urn:v", codes("red")), "version": "1", "id": "one"}
    two = {**value_set("urn:v", codes("blue")), "version": "2", "id": "two"}
    found = value_set_content(Shelf(one, two), address, version, BASE)
    assert set(found[COLOURS] or ()) == expected


def expansion(*listed: tuple[str, str], **more: Any) -> dict[str, Any]:
    contains = [{"system": url, "code": code} for url, code in listed]
    return {"resourceType": "ValueSet", "url": "urn:v", "expansion": {"contains": contains, **more}}


def test_s_107_a_stored_expansion_is_as_good_as_a_definition() -> None:
    nested = expansion((COLOURS, "warm"))
    nested["expansion"]["contains"][0] |= {"abstract": True, "contains": [{"system": COLOURS, "code": "red"}]}
    assert content(nested) == {COLOURS: {"red"}}
    unanswerable = {**expansion((COLOURS, "red")), "compose": {"include": [chosen("concept", "regex", ".*")]}}
    assert content(unanswerable) == {COLOURS: {"red"}}


LOOP = value_set("urn:v", {"valueSet": ["urn:w"]}), value_set("urn:w", {"valueSet": ["urn:v"]})
CHAIN = tuple(value_set(f"urn:{number}", {"valueSet": [f"urn:{number + 1}"]}) for number in range(30))


@pytest.mark.parametrize(
    ("asked", "others", "why"),
    [
        (value_set("urn:v", {"valueSet": ["urn:none"]}), (), "imports one that is not stored"),
        (LOOP[0], LOOP[1:], "imports itself"),
        (CHAIN[0], CHAIN[1:], "levels deep"),
        (value_set("urn:v", {}), (), "without saying of which system"),
        ({"resourceType": "ValueSet", "url": "urn:v"}, (), "neither a definition nor an expansion"),
        (expansion((COLOURS, "red"), total=2), (), "only a part"),
        (value_set("urn:v", chosen("concept", "regex", "r.*")), (), "filter 'regex' on 'concept'"),
        (value_set("urn:v", chosen("concept", "is-a", "cat", of=ANIMALS)), (), "not stored on this server"),
        (
            value_set("urn:v", chosen("concept", "is-a", "cat", of=ANIMALS)),
            (system(ANIMALS, content="fragment"),),
            "does not hold all of its concepts",
        ),
    ],
)
def test_s_107_what_cannot_be_worked_out_is_refused(asked: Any, others: Any, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why) as refused:
        content(asked, *others)
    assert refused.value.issues[0].code == "not-supported"


def test_s_107_an_unknown_value_set_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="is not stored on this server"):
        value_set_content(Shelf(), "urn:v", None, BASE)


def test_s_107_too_many_codes_are_too_costly() -> None:
    half = MAX_CODES // 2 + 1
    includes = (codes(*(f"{part}{number}" for number in range(half))) for part in "ab")
    with pytest.raises(TooManyCodes) as refused:
        content(value_set("urn:v", *includes))
    assert (refused.value.status, refused.value.code) == (422, "too-costly")


@pytest.mark.parametrize(
    ("direction", "code", "expected"),
    [
        ("below", "warm", {"warm", "red", "crimson", "orange", "scarlet"}),
        ("below", "cyan", {"cyan"}),
        ("above", "scarlet", {"scarlet", "red", "warm"}),
        ("above", "cyan", {"cyan", "blue", "cold"}),
    ],
)
def test_s_107_codes_above_and_below(direction: str, code: str, expected: set[str]) -> None:
    assert set(related_codes(Shelf(TREE), direction, COLOURS, code)) == expected


def test_circles_of_concepts_end() -> None:
    circle = system(COLOURS, concept("a", parent="c"), concept("b", parent="a"), concept("c", parent="b"))
    assert set(related_codes(Shelf(circle), "below", COLOURS, "a")) == {"a", "b", "c"}


def test_properties_may_have_other_names_and_children_too() -> None:
    named = [{"code": "broader", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"}]
    tree = system(COLOURS, concept("a", child="c"), concept("b", broader="a"), concept("c"), property=named)
    assert set(related_codes(Shelf(tree), "below", COLOURS, "a")) == {"a", "b", "c"}


def test_a_very_deep_system_is_walked() -> None:
    deep = concept("c0")
    for number in range(1, 3000):
        deep = concept(f"c{number}", deep)
    assert len(related_codes(Shelf(system(COLOURS, deep)), "below", COLOURS, "c2999")) == 3000


@pytest.mark.parametrize(("url", "code"), [(ANIMALS, "cat"), (COLOURS, "none")])
def test_s_107_an_unknown_system_or_code_is_refused(url: str, code: str) -> None:
    with pytest.raises(InvalidRequest):
        related_codes(Shelf(TREE), "below", url, code)
