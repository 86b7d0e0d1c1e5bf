"""The constraints of `fhir_server.validation.constraints.clinical`: each broken once and kept once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.validation.constraints.samples import (
    PATIENT,
    Case,
    answers,
    assert_refused_and_kept,
    coded,
    condition,
    number,
    observation,
    quantity,
    resource,
    risk,
)

CASES: list[Case] = [
    (
        "obs-3",
        "Observation.referenceRange[0]",
        observation(referenceRange=[{"type": {"text": "x"}}]),
        observation(referenceRange=[{"text": "x"}]),
    ),
    (
        "obs-6",
        "Observation",
        observation(valueString="a", dataAbsentReason={"text": "x"}),
        observation(dataAbsentReason={"text": "x"}),
    ),
    (
        "obs-7",
        "Observation",
        observation(
            code={"coding": [{"system": "http://loinc.org", "code": "1-1"}]},
            valueString="a",
            component=[{"code": {"coding": [{"code": "1-1", "system": "http://loinc.org"}]}}],
        ),
        observation(
            code={"coding": [{"system": "http://loinc.org", "code": "1-1"}]},
            valueString="a",
            component=[{"code": {"coding": [{"code": "1-2", "system": "http://loinc.org"}]}}],
        ),
    ),
    ("ras-2", "RiskAssessment.prediction[0]", risk(probabilityDecimal=number("100.1")), risk(probabilityDecimal=100)),
    (
        "ras-1",
        "RiskAssessment.prediction[0]",
        risk(probabilityRange={"low": quantity("1", "1")}),
        risk(probabilityRange={"low": quantity("1", "%")}),
    ),
    (
        "con-4",
        "Condition",
        condition(abatementDateTime="2024"),
        condition(abatementDateTime="2024", clinicalStatus=coded("condition-clinical", "resolved")),
    ),
    (
        "con-5",
        "Condition",
        condition(
            clinicalStatus=coded("condition-clinical", "active"),
            verificationStatus=coded("condition-ver-status", "entered-in-error"),
        ),
        condition(
            clinicalStatus=coded("condition-clinical", "active"),
            verificationStatus=coded("condition-ver-status", "confirmed"),
        ),
    ),
    (
        "con-1",
        "Condition.stage[0]",
        condition(stage=[{"type": {"text": "x"}}]),
        condition(stage=[{"summary": {"text": "x"}}]),
    ),
    (
        "con-2",
        "Condition.evidence[0]",
        condition(evidence=[{"extension": [{"url": "http://example.org/x", "valueCode": "a"}]}]),
        condition(evidence=[{"code": [{"text": "x"}]}]),
    ),
    (
        "qrs-1",
        "QuestionnaireResponse.item[0]",
        answers(answer=[{"valueBoolean": True}], item=[{"linkId": "2"}]),
        answers(answer=[{"valueBoolean": True, "item": [{"linkId": "2"}]}]),
    ),
    (
        "ait-1",
        "AllergyIntolerance",
        resource("AllergyIntolerance", patient=PATIENT),
        resource("AllergyIntolerance", patient=PATIENT, clinicalStatus=coded("allergyintolerance-clinical", "active")),
    ),
]


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES, ids=[case[0] for case in CASES])
def test_what_breaks_a_constraint_is_refused_and_what_keeps_it_is_not(
    key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert_refused_and_kept(key, place, broken, kept)
