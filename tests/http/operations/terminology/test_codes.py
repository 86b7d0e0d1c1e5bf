"""$validate-code, $lookup and $subsumes (https://hl7.org/fhir/R4/terminology-service.html)."""

from __future__ import annotations

from typing import Any

import pytest

WOUNDS = "urn:example:wounds"
GENDER = "http://hl7.org/fhir/administrative-gender"


def body(**values: Any) -> dict[str, Any]:
    listed = [{"name": key.partition("_")[0], f"value{key.partition('_')[2]}": value} for key, value in values.items()]
    return {"resourceType": "Parameters", "parameter": listed}


@pytest.mark.parametrize(
    ("path", "result", "words"),
    [
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=venous", True, ""),
        (f"ValueSet/all/$validate-code?coding={WOUNDS}|venous", True, ""),
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=venous&display=venous  ULCER", True, ""),
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=venous&display=Unterschenkelgeschwür", True, ""),
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=venous&display=Burn", False, "display"),
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=none", False, "not in the code system"),
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=ulcer", False, "abstract"),
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=ulcer&abstract=true", True, ""),
        (f"ValueSet/all/$validate-code?system={WOUNDS}&code=scald", True, "inactive"),
        (f"ValueSet/$validate-code?url=urn:example:ulcers&system={WOUNDS}&code=burn", False, "not in the value set"),
        ("ValueSet/$validate-code?url=urn:example:ulcers&system=urn:example:body&code=leg&display=Leg", False, "name"),
        ("ValueSet/$validate-code?url=urn:example:ulcers&system=urn:example:body&code=leg", True, ""),
        ("ValueSet/$validate-code?url=urn:example:elsewhere&system=http://loinc.org&code=1-8", False, "not stored"),
        (
            f"ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender&code=male&system={GENDER}",
            True,
            "",
        ),
        (f"CodeSystem/$validate-code?url={WOUNDS}&code=burn&display=Burn", True, ""),
        (f"CodeSystem/$validate-code?url={WOUNDS}&version=2&code=none", False, "not in the code system"),
        ("CodeSystem/wounds/$validate-code?code=burn", True, ""),
        ("CodeSystem/wounds/$validate-code?coding=urn:x|burn", False, "another system"),
        (f"CodeSystem/$validate-code?coding={WOUNDS}|burn", True, ""),
        ("CodeSystem/part/$validate-code?code=c", False, "Only a part"),
        ("CodeSystem/$validate-code?url=http://hl7.org/fhir/observation-status&code=final", True, ""),
    ],
)
def test_codes_are_told_to_belong_or_not(wounds: Any, said: Any, path: str, result: bool, words: str) -> None:
    found = said(wounds.get(f"/{path}"))
    assert found["result"] is result
    assert words in found.get("message", "")
    assert ("message" in found) is bool(words)


def test_the_right_display_is_told(wounds: Any, said: Any) -> None:
    found = said(wounds.get(f"/CodeSystem/$validate-code?url={WOUNDS}&code=burn&display=Fire"))
    assert (found["result"], found["display"]) == (False, "Burn")


def test_one_coding_of_a_concept_is_enough(wounds: Any, said: Any) -> None:
    codings = [{"system": "urn:x", "code": "y"}, {"system": WOUNDS, "code": "venous"}]
    tree = body(codeableConcept_CodeableConcept={"coding": codings})
    assert said(wounds.send_json("POST", "/ValueSet/ulcers/$validate-code", tree))["result"] is True
    tree = body(codeableConcept_CodeableConcept={"coding": codings[:1]})
    assert said(wounds.send_json("POST", "/ValueSet/ulcers/$validate-code", tree))["result"] is False


def test_all_that_a_system_says_of_a_code_is_told(wounds: Any, said: Any) -> None:
    answer = wounds.get(f"/CodeSystem/$lookup?system={WOUNDS}&code=venous")
    assert said(answer) == {"name": "Wounds", "version": "2", "display": "Venous ulcer"}
    parts = [
        (one["name"], [next(value for key, value in part.items() if key != "name") for part in one["part"]])
        for one in answer.json()["parameter"]
        if "part" in one
    ]
    assert parts == [
        ("designation", ["de", "Unterschenkelgeschwür"]),
        ("property", ["depth", 3]),
        ("property", ["parent", "ulcer"]),
    ]
    only = wounds.get(f"/CodeSystem/$lookup?coding={WOUNDS}|ulcer&property=child&property=definition").json()
    assert [one["part"][1] for one in only["parameter"] if "part" in one] == [
        {"name": "value", "valueString": "An open sore"},
        {"name": "value", "valueCode": "arterial"},
        {"name": "value", "valueCode": "venous"},
    ]


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        (f"system={WOUNDS}&codeA=ulcer&codeB=venous", "subsumes"),
        (f"system={WOUNDS}&codeA=venous&codeB=ulcer", "subsumed-by"),
        (f"system={WOUNDS}&codeA=burn&codeB=burn", "equivalent"),
        (f"codingA={WOUNDS}|burn&codingB={WOUNDS}|ulcer", "not-subsumed"),
    ],
)
def test_two_codes_are_compared(wounds: Any, said: Any, query: str, outcome: str) -> None:
    assert said(wounds.get(f"/CodeSystem/$subsumes?{query}")) == {"outcome": outcome}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("ValueSet/$validate-code?url=urn:none&system=urn:x&code=x", 404),
        ("ValueSet/all/$validate-code?code=burn", 400),
        ("ValueSet/all/$validate-code", 400),
        (f"ValueSet/all/$validate-code?code=burn&system={WOUNDS}&coding={WOUNDS}|burn", 400),
        ("CodeSystem/$validate-code?url=urn:none&code=x", 404),
        ("CodeSystem/$validate-code?code=x", 400),
        ("CodeSystem/$lookup?system=urn:none&code=x", 404),
        (f"CodeSystem/$lookup?system={WOUNDS}&code=none", 404),
        (f"CodeSystem/$lookup?system={WOUNDS}&version=1&code=burn", 404),
        ("CodeSystem/$lookup?code=burn", 400),
        ("CodeSystem/wounds/$lookup?code=burn", 404),
        ("CodeSystem/$subsumes?codingA=urn:x|a&codingB=urn:y|b", 400),
        ("CodeSystem/$subsumes?codingA=urn:x|a&codingB=urn:x|b", 404),
        ("CodeSystem/wounds/$subsumes?codeA=burn&codeB=none", 404),
        ("CodeSystem/part/$subsumes?codeA=a&codeB=b", 422),
        ("CodeSystem/part/$subsumes?codeA=a", 400),
    ],
)
def test_what_cannot_be_told_is_refused(wounds: Any, path: str, status: int) -> None:
    answer = wounds.get(f"/{path}")
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
