"""ValueSet/$expand (https://hl7.org/fhir/R4/valueset-operation-expand.html)."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.validation import validate


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["code"] for one in answer.json()["expansion"].get("contains", ())]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("all/$expand", ["ulcer", "venous", "arterial", "burn", "scald"]),
        ("all/$expand?activeOnly=true", ["ulcer", "venous", "arterial", "burn"]),
        ("$expand?url=urn:example:all|1", ["ulcer", "venous", "arterial", "burn", "scald"]),
        ("$expand?url=urn:example:all&valueSetVersion=1&filter=ULC", ["ulcer", "venous", "arterial"]),
        ("all/$expand?filter=ulcer ven", ["venous"]),
        ("all/$expand?filter=unterschenkel", ["venous"]),
        ("all/$expand?offset=1&count=2", ["venous", "arterial"]),
        ("all/$expand?offset=9", []),
        ("all/$expand?count=0", []),
        ("ulcers/$expand", ["venous", "arterial", "leg"]),
        ("both/$expand", ["venous", "arterial", "leg", "male"]),
        ("$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender", ["male", "female", "other", "unknown"]),
    ],
)
def test_the_codes_of_a_value_set_are_listed(wounds: Any, path: str, expected: list[str]) -> None:
    assert codes(wounds.get(f"/ValueSet/{path}")) == expected


def test_an_expansion_is_a_valid_value_set_that_says_what_was_asked(wounds: Any) -> None:
    tree = wounds.tree("/ValueSet/all/$expand?filter=u&offset=0&count=3")
    assert not validate("ValueSet", tree)
    assert "compose" not in tree
    assert (tree["url"], tree["expansion"]["total"], tree["expansion"]["offset"]) == ("urn:example:all", 4, 0)
    assert tree["expansion"]["parameter"] == [
        {"name": "filter", "valueString": "u"},
        {"name": "offset", "valueInteger": 0},
        {"name": "count", "valueInteger": 3},
        {"name": "version", "valueUri": "urn:example:wounds|2"},
    ]
    assert tree["expansion"]["contains"][0] == {
        "system": "urn:example:wounds",
        "abstract": True,
        "code": "ulcer",
        "display": "Ulcer",
    }


def test_names_come_from_the_value_set_and_its_imports_too(wounds: Any) -> None:
    found = {one["code"]: one for one in wounds.tree("/ValueSet/both/$expand")["expansion"]["contains"]}
    assert (found["leg"]["display"], found["venous"]["display"]) == ("The leg", "Venous ulcer")
    assert "display" not in found["male"]
    asked = "/ValueSet/both/$expand?includeDesignations=true&includeDefinition=true"
    tree = wounds.tree(asked)
    assert tree["expansion"]["contains"][0]["designation"] == [{"language": "de", "value": "Unterschenkelgeschwür"}]
    assert "compose" in tree


def test_a_value_set_may_come_with_the_request(wounds: Any) -> None:
    given = {
        "resourceType": "ValueSet",
        "status": "draft",
        "compose": {"include": [{"valueSet": ["urn:example:all"]}], "exclude": [{"valueSet": ["urn:example:ulcers"]}]},
    }
    tree = {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": given}]}
    assert codes(wounds.send_json("POST", "/ValueSet/$expand", tree)) == ["ulcer", "burn", "scald"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("$expand?url=urn:none", 404, "not-found"),
        ("$expand?url=urn:example:all|9", 404, "not-found"),
        ("none/$expand", 404, "not-found"),
        ("$expand", 400, "invalid"),
        ("all/$expand?url=urn:example:all", 400, "invalid"),
        ("all/$expand?count=-1", 400, "invalid"),
        ("all/$expand?activeOnly=perhaps", 400, "invalid"),
        ("all/$expand?unknown=1", 400, "invalid"),
        ("elsewhere/$expand", 422, "not-supported"),
    ],
)
def test_what_cannot_be_expanded_is_refused(wounds: Any, path: str, status: int, code: str) -> None:
    answer = wounds.get(f"/ValueSet/{path}")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (status, code), answer.text


def test_too_many_codes_are_refused_without_pages(wounds: Any) -> None:
    many = [{"code": f"c{number}"} for number in range(10_001)]
    system = {"resourceType": "CodeSystem", "id": "many", "url": "urn:many", "status": "draft", "content": "complete"}
    assert wounds.update({**system, "concept": many}).status_code in (200, 201)
    given = {"resourceType": "ValueSet", "status": "draft", "compose": {"include": [{"system": "urn:many"}]}}
    tree = {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": given}]}
    answer = wounds.send_json("POST", "/ValueSet/$expand", tree)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "too-costly")
    tree["parameter"].append({"name": "count", "valueInteger": 2})
    assert codes(wounds.send_json("POST", "/ValueSet/$expand", tree)) == ["c0", "c1"]
