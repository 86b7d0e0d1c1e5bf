"""Whatever is done to a resource, validation answers with issues that point somewhere and repeat no value."""

from __future__ import annotations

import copy
import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.json_text import DecimalText, parse_json
from fhir_server.validation import STATUS, status_of, validate
from fhir_server.validation.findings import Findings
from fhir_server.validation.gate import passes

SECRET = "Geheimrat"
MUTANTS: list[Any] = [
    None,
    True,
    0,
    -1,
    2**40,
    DecimalText("1.0"),
    "",
    SECRET,
    f"{SECRET} \x0b",
    [],
    {},
    [None],
    [[]],
    [{}],
    [SECRET],
    {SECRET: SECRET},
    {"id": SECRET},
    {"reference": f"#{SECRET}"},
    {"resourceType": SECRET},
    {"resourceType": "Bundle", "type": SECRET},
    {"extension": [{"url": SECRET}]},
    {"coding": [{"code": SECRET}]},
    {"start": "2024", "end": "2023"},
]
NAMES = ["id", "foo", "_id", "extension", "valueString", "_valueCode", "contained", "text", "resourceType", SECRET, ""]


def _load() -> list[Any]:
    path = Path(__file__).parents[2] / "data" / "examples-davinci-pas.ndjson.gz"
    with gzip.open(path) as lines:
        found = [parse_json(line) for line in lines]
    return [tree for tree in found if len(str(tree)) < 8000]


EXAMPLES = _load()


def _places(node: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        found.append((node, key))
        found.extend(_places(value))
    return found


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_a_damaged_resource_never_breaks_validation_and_never_shows_in_its_issues(data: st.DataObject) -> None:
    tree = copy.deepcopy(data.draw(st.sampled_from(EXAMPLES)))
    resource_type = tree["resourceType"]
    for _ in range(data.draw(st.integers(1, 3))):
        node, key = data.draw(st.sampled_from(_places(tree)))
        action = data.draw(st.sampled_from(["replace", "remove", "add", "repeat"]))
        if action == "replace":
            node[key] = copy.deepcopy(data.draw(st.sampled_from(MUTANTS)))
        elif action == "remove":
            del node[key]
        elif action == "add" and isinstance(node, dict):
            node[data.draw(st.sampled_from(NAMES))] = copy.deepcopy(data.draw(st.sampled_from(MUTANTS)))
        elif isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        if not tree:
            break
    issues = validate(resource_type, tree)
    for issue in issues:
        assert issue.severity == "error"
        assert issue.code in STATUS
        # A property's name is told when it could be an element's; nothing else that was sent is.
        assert SECRET not in issue.diagnostics.replace(f".{SECRET}", "")
        assert re.match(rf"{resource_type}\b", issue.expression[0])
        assert issue.diagnostics.startswith(issue.expression[0])
    assert [issue.code == "structure" for issue in issues] == sorted(
        (issue.code == "structure" for issue in issues), reverse=True
    )


@pytest.mark.parametrize("tree", EXAMPLES[:10], ids=lambda tree: tree["resourceType"])
def test_an_unknown_element_is_found_wherever_it_stands(tree: Any) -> None:
    objects = [node for node in [tree, *(value[key] for value, key in _places(tree))] if isinstance(node, dict)]
    assert len(objects) > 3
    for node in objects:
        node["foo"] = "x"
        issues = validate(tree["resourceType"], tree)
        del node["foo"]
        assert [(issue.code, issue.expression[0].endswith(".foo")) for issue in issues] == [("structure", True)]


@pytest.mark.parametrize("tree", EXAMPLES[:10], ids=lambda tree: tree["resourceType"])
def test_a_string_in_place_of_any_object_is_found(tree: Any) -> None:
    for node, key in _places(tree):
        if isinstance(node[key], dict):
            kept, node[key] = node[key], "x"
            assert status_of(validate(tree["resourceType"], tree)) == 400
            node[key] = kept


def test_the_first_issue_is_one_that_says_that_this_is_not_fhir() -> None:
    issues = validate("Patient", {"resourceType": "Patient", "gender": "x", "foo": 1})
    assert [issue.code for issue in issues] == ["structure", "code-invalid"]


def test_a_missing_element_is_400_nowhere() -> None:
    assert STATUS["required"] == STATUS["invariant"] == STATUS["value"] == STATUS["code-invalid"] == 422


def test_one_element_is_reported_once() -> None:
    findings = Findings()
    assert not passes("Patient", {"resourceType": "Patient", "gender": 5}, "Patient", findings)
    assert [issue.code for issue in findings.issues] == ["structure"]
