from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import FhirError, InvalidRequest, TooLarge, Unprocessable
from fhir_server.interactions.patching import json_patch
from fhir_server.json_text import DecimalText, encode_json, parse_json

Patch = list[dict[str, Any]]


def on(document: dict[str, Any], *operations: dict[str, Any]) -> Any:
    """The members of `document` after the operations, inside a resource that stays out of the way."""
    patched = json_patch.apply({"resourceType": "Basic", **document}, list(operations))
    del patched["resourceType"]
    return patched


def error(document: dict[str, Any], *operations: Any) -> FhirError:
    with pytest.raises(FhirError) as caught:
        json_patch.apply({"resourceType": "Basic", **document}, list(operations))
    return caught.value


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        ({"a": 1}, {"op": "add", "path": "/b", "value": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"op": "add", "path": "/a", "value": 2}, {"a": 2}),
        ({"a": 1}, {"op": "add", "path": "/a", "value": None}, {"a": None}),
        ({"a": [1, 3]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2, 3]}),
        ({"a": [1, 3]}, {"op": "add", "path": "/a/2", "value": 4}, {"a": [1, 3, 4]}),
        ({"a": [1]}, {"op": "add", "path": "/a/-", "value": [2]}, {"a": [1, [2]]}),
        ({"a": {}}, {"op": "add", "path": "/a/-", "value": 2}, {"a": {"-": 2}}),
        ({"a": {}}, {"op": "add", "path": "/a/0", "value": 2}, {"a": {"0": 2}}),
        ({"": 1}, {"op": "replace", "path": "/", "value": 2}, {"": 2}),
        ({"a/b": 1}, {"op": "replace", "path": "/a~1b", "value": 2}, {"a/b": 2}),
        ({"a~b": 1}, {"op": "replace", "path": "/a~0b", "value": 2}, {"a~b": 2}),
        ({"~1": 1}, {"op": "replace", "path": "/~01", "value": 2}, {"~1": 2}),
        ({"a": 1, "b": 2}, {"op": "remove", "path": "/a"}, {"b": 2}),
        ({"a": [1, 2]}, {"op": "remove", "path": "/a/0"}, {"a": [2]}),
        ({"a": [1, 2]}, {"op": "replace", "path": "/a/1", "value": {"x": 1}}, {"a": [1, {"x": 1}]}),
        ({"a": {"x": 1, "z": 0}}, {"op": "move", "from": "/a/x", "path": "/b"}, {"a": {"z": 0}, "b": 1}),
        ({"a": [1, 2, 3]}, {"op": "move", "from": "/a/0", "path": "/a/2"}, {"a": [2, 3, 1]}),
        ({"a": [1, 2, 3]}, {"op": "move", "from": "/a/2", "path": "/a/-"}, {"a": [1, 2, 3]}),
        ({"a": {"b": 1}}, {"op": "move", "from": "/a", "path": "/a"}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"op": "move", "from": "/a/b", "path": "/a"}, {"a": 1}),
        ({"a": [1]}, {"op": "copy", "from": "/a", "path": "/b"}, {"a": [1], "b": [1]}),
        ({"a": [1]}, {"op": "copy", "from": "/a", "path": "/a/0"}, {"a": [[1], 1]}),
        ({"a": 1}, {"op": "add", "path": "/b", "value": 2, "comment": "unknown members are ignored"}, {"a": 1, "b": 2}),
    ],
)
def test_an_operation_does_what_rfc_6902_says(before: Any, operation: Any, after: Any) -> None:
    assert on(before, operation) == after


@pytest.mark.parametrize(
    ("stored", "wanted", "passes"),
    [
        (DecimalText("1.0"), 1, True),
        (DecimalText("1.50"), DecimalText("1.5"), True),
        (DecimalText("1e2"), 100, True),
        (1, 2, False),
        (1, True, False),
        (True, 1, False),
        (0, False, False),
        (True, True, True),
        ("1", 1, False),
        (None, None, True),
        (None, 0, False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": [True]}, {"a": [1]}, False),
        ([], {}, False),
    ],
)
def test_a_test_compares_json_values(stored: Any, wanted: Any, passes: bool) -> None:
    operation = {"op": "test", "path": "/x", "value": wanted}
    if passes:
        assert on({"x": stored, "y": 1}, operation) == {"x": stored, "y": 1}
    else:
        assert error({"x": stored}, operation).status == 422


def test_a_failing_test_is_422_and_names_its_operation() -> None:
    failed = error(
        {"a": 1}, {"op": "add", "path": "/b", "value": 1}, {"op": "test", "path": "/a", "value": "secret value"}
    )
    assert isinstance(failed, Unprocessable)
    assert "operation 1 (test)" in failed.diagnostics
    assert "secret" not in failed.diagnostics
    assert failed.expression == ("Basic.a",)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/b"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "replace", "path": "/list/-", "value": 1},
        {"op": "replace", "path": "/list/3", "value": 1},
        {"op": "add", "path": "/list/4", "value": 1},
        {"op": "add", "path": "/list/01", "value": 1},
        {"op": "add", "path": "/list/-1", "value": 1},
        {"op": "add", "path": "/list/1e0", "value": 1},
        {"op": "add", "path": "/list/+1", "value": 1},
        {"op": "add", "path": "/list/٣", "value": 1},
        {"op": "add", "path": "/list/999999999999999999999", "value": 1},
        {"op": "add", "path": "/missing/x", "value": 1},
        {"op": "add", "path": "/text/x", "value": 1},
        {"op": "add", "path": "/list/0/x", "value": 1},
        {"op": "test", "path": "/missing", "value": None},
        {"op": "copy", "from": "/missing", "path": "/x"},
        {"op": "move", "from": "/missing", "path": "/missing"},
        {"op": "move", "from": "/object", "path": "/object/inner"},
        {"op": "move", "from": "", "path": "/x"},
        {"op": "add", "path": "x", "value": 1},
        {"op": "add", "path": "/~", "value": 1},
        {"op": "add", "path": "/~2", "value": 1},
        {"op": "move", "from": "object", "path": "/x"},
        {"op": "replace", "path": "", "value": 1},
        {"op": "replace", "path": "", "value": {"resourceType": "Patient"}},
    ],
)
def test_what_cannot_be_applied_is_422(operation: dict[str, Any]) -> None:
    assert error({"list": [1, 2, 3], "text": "x", "object": {"inner": 1}}, operation).status == 422


@pytest.mark.parametrize(
    "document",
    [
        {},
        "x",
        None,
        [1],
        [{}],
        [{"op": "add"}],
        [{"op": "spam", "path": "/a"}],
        [{"op": ["add"], "path": "/a", "value": 1}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "path": 1, "value": 1}],
        [{"op": "add", "path": None, "value": 1}],
        [{"op": "copy", "path": "/a"}],
        [{"op": "move", "path": "/a", "from": 1}],
        [{"op": "test", "path": "/a"}],
        [{"op": "remove", "path": "/a"}] * 1001,
    ],
)
def test_what_is_no_json_patch_is_400(document: Any) -> None:
    with pytest.raises(InvalidRequest):
        json_patch.apply({"resourceType": "Basic", "a": 1}, document)


def test_a_malformed_operation_is_found_before_anything_is_applied() -> None:
    assert error({}, {"op": "remove", "path": "/missing"}, {"op": "spam"}).status == 400


def test_neither_the_resource_nor_the_patch_changes_or_is_shared() -> None:
    tree = {"resourceType": "Basic", "a": {"b": [1]}}
    patch: Patch = [
        {"op": "add", "path": "/c", "value": {"d": []}},
        {"op": "add", "path": "/c/d/-", "value": 1},
        {"op": "copy", "from": "/a", "path": "/e"},
        {"op": "add", "path": "/e/b/-", "value": 2},
    ]
    kept = encode_json([tree, patch])
    result = json_patch.apply(tree, patch)
    assert result == {"resourceType": "Basic", "a": {"b": [1]}, "c": {"d": [1]}, "e": {"b": [1, 2]}}
    result["c"]["d"].append(3)
    result["a"]["b"].append(3)
    assert encode_json([tree, patch]) == kept


def test_what_a_removal_leaves_empty_disappears() -> None:
    assert on({"name": [{"given": ["Ann"]}], "b": 1}, {"op": "remove", "path": "/name/0/given/0"}) == {"b": 1}
    assert on({"name": [{"a": 1}, {"b": 1}]}, {"op": "remove", "path": "/name/0/a"}) == {"name": [{"b": 1}]}


def test_a_list_that_is_emptied_and_filled_again_stays() -> None:
    operations = ({"op": "remove", "path": "/a/0"}, {"op": "add", "path": "/a/-", "value": 2})
    assert on({"a": [1]}, *operations) == {"a": [2]}


def test_an_empty_value_that_the_patch_brings_stays_for_the_validation_to_refuse() -> None:
    assert on({"a": 1}, {"op": "add", "path": "/b", "value": []}) == {"a": 1, "b": []}


def test_numbers_keep_their_text() -> None:
    tree = parse_json(b'{"resourceType":"Basic","a":1.50}')
    patch = parse_json(b'[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/c","value":1e2}]')
    assert encode_json(json_patch.apply(tree, patch)) == b'{"resourceType":"Basic","a":1.50,"b":1.50,"c":1e2}'


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "/id", "value": "2"}],
        [{"op": "remove", "path": "/id"}],
        [{"op": "replace", "path": "/resourceType", "value": "Group"}],
        [{"op": "replace", "path": "", "value": {"resourceType": "Patient", "id": "2"}}],
        [{"op": "move", "from": "/id", "path": "/language"}],
    ],
)
def test_id_and_resource_type_cannot_change(operations: Patch) -> None:
    with pytest.raises(Unprocessable):
        json_patch.apply({"resourceType": "Patient", "id": "1", "active": True}, operations)


def test_the_whole_resource_can_be_replaced_by_one_with_the_same_identity() -> None:
    new = {"resourceType": "Patient", "id": "1", "active": False}
    tree = {"resourceType": "Patient", "id": "1", "active": True}
    assert json_patch.apply(tree, [{"op": "replace", "path": "", "value": new}]) == new


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "/meta/versionId", "value": "9"}],
        [{"op": "remove", "path": "/meta/lastUpdated"}],
        [{"op": "replace", "path": "/meta", "value": {"versionId": "9", "tag": [{"code": "t"}]}}],
        [{"op": "add", "path": "/meta/lastUpdated", "value": "1999-01-01T00:00:00Z"}],
    ],
)
def test_version_and_time_in_meta_are_restored(operations: Patch) -> None:
    meta = {"versionId": "3", "lastUpdated": "2024-01-01T00:00:00Z", "tag": [{"code": "t"}]}
    assert json_patch.apply({"resourceType": "Patient", "id": "1", "meta": meta}, operations)["meta"] == meta


def test_meta_that_would_only_hold_a_forged_version_goes() -> None:
    patch = [{"op": "add", "path": "/meta", "value": {"versionId": "9"}}]
    assert json_patch.apply({"resourceType": "Patient", "id": "1"}, patch) == {"resourceType": "Patient", "id": "1"}


def test_a_patch_that_doubles_the_resource_again_and_again_is_refused() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 1000
    with pytest.raises((TooLarge, Unprocessable)):
        json_patch.apply({"resourceType": "Basic", "a": ["x" * 1000]}, doubling)


def test_a_result_over_the_limit_is_413() -> None:
    with pytest.raises(TooLarge):
        json_patch.apply({"resourceType": "Basic"}, [{"op": "add", "path": "/a", "value": "x" * 100}], max_size=50)


def test_moves_cannot_build_a_tower_that_is_too_deep_to_walk() -> None:
    flat: dict[str, Any] = {"resourceType": "Basic", **{f"a{number}": {"x": 1} for number in range(900)}}
    tower = [{"op": "move", "from": f"/a{number}", "path": f"/a{number + 1}/inner"} for number in range(899)]
    with pytest.raises(Unprocessable, match="64 levels"):
        json_patch.apply(flat, tower)


def test_a_pointer_with_a_clients_text_is_not_repeated_in_the_error() -> None:
    failed = error({"a": {}}, {"op": "remove", "path": "/a/Smith, 555-12-3456"})
    assert failed.expression == ("Basic.a",)
    assert "Smith" not in failed.diagnostics
