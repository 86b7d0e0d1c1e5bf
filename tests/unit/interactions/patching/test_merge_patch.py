from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.interactions.patching import merge_patch

PATIENT = {"resourceType": "Patient", "id": "1", "active": True, "maritalStatus": {"text": "Married"}}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_does_what_rfc_7386_says(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch.merge(target, patch) == result


def test_what_is_not_named_stays_as_it_was() -> None:
    assert merge_patch.apply(PATIENT, {"active": False}) == {**PATIENT, "active": False}


def test_an_object_that_nulls_leave_empty_disappears() -> None:
    assert "maritalStatus" not in merge_patch.apply(PATIENT, {"maritalStatus": {"text": None}})
    assert "a" not in merge_patch.apply(PATIENT, {"a": {"bb": {"ccc": None}}})


def test_an_empty_object_that_the_patch_brings_stays_for_the_validation_to_refuse() -> None:
    assert merge_patch.apply(PATIENT, {"contact": [{}]})["contact"] == [{}]


@pytest.mark.parametrize("patch", [[], "x", None, 1])
def test_a_patch_that_is_no_object_is_400(patch: Any) -> None:
    with pytest.raises(InvalidRequest):
        merge_patch.apply(PATIENT, patch)


@pytest.mark.parametrize("patch", [{"id": "2"}, {"id": None}, {"resourceType": "Group"}])
def test_id_and_resource_type_cannot_change(patch: Any) -> None:
    with pytest.raises(Unprocessable):
        merge_patch.apply(PATIENT, patch)


def test_neither_side_changes_or_is_shared() -> None:
    patch = {"name": [{"given": ["Ann"]}]}
    result = merge_patch.apply(PATIENT, patch)
    result["name"][0]["given"].append("Bea")
    result["maritalStatus"]["text"] = "Widowed"
    assert patch == {"name": [{"given": ["Ann"]}]}
    assert PATIENT["maritalStatus"] == {"text": "Married"}
