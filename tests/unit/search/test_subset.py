"""Parts of resources by _summary and _elements."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from fhir_server.search.subset import SUBSETTED, subset

META = {"tag": [SUBSETTED]}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "pa",
    "text": {"status": "generated", "div": "<div/>"},
    "active": True,
    "name": [{"family": "x"}],
    "deceasedBoolean": False,
    "birthDate": "2000",
    "_birthDate": {"id": "b"},
    "contact": [{"gender": "male"}],
    "link": [{"other": {"reference": "Patient/1"}, "type": "seealso"}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o",
    "meta": {"versionId": "1", "tag": [{"code": "mine"}]},
    "status": "final",
    "code": {"text": "c", "coding": [{"code": "x", "display": "y"}]},
    "valueQuantity": {"value": 1},
    "note": [{"text": "n"}],
    "referenceRange": [{"text": "r"}],
    "component": [
        {"code": {"text": "q"}, "valueString": "x", "referenceRange": [{"text": "u"}]},
        {"referenceRange": [{"text": "only"}]},
    ],
}


@pytest.mark.parametrize(
    ("tree", "options", "left"),
    [
        (PATIENT, {"elements": ("name",)}, "id meta active name deceasedBoolean link"),
        (PATIENT, {"elements": ("birthDate",)}, "id meta active deceasedBoolean birthDate _birthDate link"),
        (PATIENT, {"elements": ("nonsense",)}, "id meta active deceasedBoolean link"),
        (PATIENT, {"summary": "true"}, "id meta active name deceasedBoolean birthDate _birthDate link"),
        (PATIENT, {"summary": "text"}, "id meta text"),
        (
            PATIENT,
            {"summary": "data"},
            "id meta active name deceasedBoolean birthDate _birthDate contact link",
        ),
        (OBSERVATION, {"elements": ("value",)}, "id meta status code valueQuantity"),
        (OBSERVATION, {"elements": ("value[x]",)}, "id meta status code valueQuantity"),
        (OBSERVATION, {"elements": ("valueQuantity",)}, "id meta status code valueQuantity"),
        (OBSERVATION, {"elements": ("valueString",)}, "id meta status code"),
        (OBSERVATION, {"summary": "true"}, "id meta status code valueQuantity component"),
        (OBSERVATION, {"summary": "text"}, "id meta status code"),
    ],
)
def test_what_is_left(tree: dict[str, Any], options: dict[str, Any], left: str) -> None:
    assert list(subset(tree["resourceType"], tree, **options)) == ["resourceType", *left.split()]


def test_what_is_left_is_marked_and_other_tags_stay() -> None:
    assert subset("Patient", PATIENT, summary="text")["meta"] == META
    marked = subset("Observation", OBSERVATION, summary="true")["meta"]
    assert marked == {"versionId": "1", "tag": [{"code": "mine"}, SUBSETTED]}
    assert subset("Observation", {**OBSERVATION, "meta": marked}, summary="true")["meta"] == marked


def test_the_summary_of_a_backbone_element_is_cut_too_and_never_becomes_empty() -> None:
    assert subset("Observation", OBSERVATION, summary="true")["component"] == [
        {"code": {"text": "q"}, "valueString": "x"},
        {"referenceRange": [{"text": "only"}]},
    ]


@pytest.mark.parametrize("options", [{}, {"summary": None}, {"summary": "count"}, {"elements": ()}])
def test_without_a_wish_the_tree_comes_back_itself(options: dict[str, Any]) -> None:
    assert subset("Patient", PATIENT, **options) is PATIENT


@pytest.mark.parametrize("options", [{"summary": "true"}, {"summary": "data"}, {"elements": ("component",)}])
def test_the_tree_that_goes_in_is_never_changed(options: dict[str, Any]) -> None:
    before = deepcopy(OBSERVATION)
    subset("Observation", OBSERVATION, **options)
    assert before == OBSERVATION
