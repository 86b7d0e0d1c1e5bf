"""What a ConceptMap makes of a code (https://hl7.org/fhir/R4/conceptmap.html)."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.operations.terminology.codings import Coding
from fhir_server.operations.terminology.concept_maps import REVERSED, Asked, matches

CODING = Coding("urn:a", "x")


def mapped(relation: str, **members: Any) -> dict[str, Any]:
    element = {"code": "x", "target": [{"code": "y", "equivalence": relation, **members}]}
    return {"url": "urn:map", "group": [{"source": "urn:a", "target": "urn:b", "element": [element]}]}


def nothing(url: str) -> None:
    return None


@pytest.mark.parametrize("relation", [*REVERSED, "equal", "equivalent", "relatedto"])
def test_backwards_and_backwards_again_is_the_same_relation(relation: str) -> None:
    asked = Asked(Coding("urn:b", "y"), is_reverse=True)
    (found,) = matches(mapped(relation), asked, nothing)
    assert found.concept == {"system": "urn:a", "code": "x"}
    assert REVERSED.get(found.equivalence, found.equivalence) == relation


@pytest.mark.parametrize(("relation", "expected"), [("equal", True), ("unmatched", False), ("disjoint", False)])
def test_some_relations_say_that_there_is_no_match(relation: str, expected: bool) -> None:
    (found,) = matches(mapped(relation), Asked(CODING), nothing)
    assert found.is_match is expected


def test_what_depends_on_other_elements_is_no_match() -> None:
    (found,) = matches(mapped("equal", dependsOn=[{"property": "urn:p", "value": "v"}]), Asked(CODING), nothing)
    assert (found.is_match, found.needs_more) == (False, True)


def test_products_are_part_of_a_match() -> None:
    product = {"property": "urn:p", "system": "urn:s", "value": "v"}
    (found,) = matches(mapped("equal", product=[product]), Asked(CODING), nothing)
    assert found.part()["part"][2] == {
        "name": "product",
        "part": [
            {"name": "element", "valueUri": "urn:p"},
            {"name": "concept", "valueCoding": {"system": "urn:s", "code": "v"}},
        ],
    }


def test_a_code_that_is_not_mapped_may_stay_as_it_is() -> None:
    group = {"source": "urn:a", "target": "urn:b", "element": [], "unmapped": {"mode": "provided"}}
    (found,) = matches({"group": [group]}, Asked(CODING), nothing)
    assert found.concept == {"system": "urn:b", "code": "x"}


def test_maps_that_lead_to_each_other_come_to_an_end() -> None:
    group = {"source": "urn:a", "target": "urn:b", "unmapped": {"mode": "other-map", "url": "urn:self"}}
    circle = {"url": "urn:self", "group": [group]}
    assert list(matches(circle, Asked(CODING), lambda url: circle)) == []


@pytest.mark.parametrize(("said", "found"), [(None, 1), ("1", 1), ("2", 0)])
def test_the_version_of_the_source_counts_where_it_is_said(said: str | None, found: int) -> None:
    definition = mapped("equal")
    definition["group"][0]["sourceVersion"] = "1"
    assert len(list(matches(definition, Asked(Coding("urn:a", "x", said)), nothing))) == found
