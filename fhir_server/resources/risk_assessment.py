"""RiskAssessment over opportunity_risks: the score behind a clinical opportunity.

https://hl7.org/fhir/R4/riskassessment.html. The table is a shadow of opportunities: what is copied changes there only.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.branches import array, extension, required
from fhir_server.mapping.concepts import coded, reference
from fhir_server.mapping.primitives import DECIMAL, EXACT_INSTANT, text_or_absent
from fhir_server.mapping.projections import derived
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.trees import ABSENT, Slots
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import value
from fhir_server.persistence.tables import PHI, opportunity_risks
from fhir_server.resources.canonical import EXTENSION, SOURCE_STATUS
from fhir_server.resources.opportunity import RISK_SCORE

PERCENTAGE = "percentage"
SCALE = f"{EXTENSION}/risk-scale"

t = opportunity_risks.c

# A model has said it and nobody has checked it: never `final`, whatever became of the opportunity.
STATUS = coded(
    t.status,
    {"false_positive": "entered-in-error"},
    system="http://hl7.org/fhir/observation-status",
    source_url=SOURCE_STATUS,
    otherwise="preliminary",
)


class risk_status(Word):  # noqa: N801
    """The state, without the text of another resource's state."""

    def __init__(self, status: coded) -> None:
        self.status = status

    def compose(self, row: Row) -> Any:
        return self.status.compose(row)


class prediction(Word):  # noqa: N801
    """What may come and how likely: a probability only where the scale is said to be per cent."""

    own_extensions = ((RISK_SCORE, "decimal"), (SCALE, "string"))

    def __init__(self, outcome: Column[Any], score: Column[Any], scale: Column[Any]) -> None:
        self.outcome, self.score, self.scale = outcome, score, scale

    def compose(self, row: Row) -> Any:
        score, scale = DECIMAL.compose(row.get(self.score.name)), text_or_absent(row.get(self.scale.name))
        if score is ABSENT:
            return ABSENT
        outcome = text_or_absent(row.get(self.outcome.name))
        said: dict[str, Any] = {} if outcome is ABSENT else {"outcome": {"text": outcome}}
        if scale == PERCENTAGE and 0 <= Decimal(score) <= 100:
            return Slots([("score", {**said, "probabilityDecimal": score})])
        beside = [{"url": RISK_SCORE, "valueDecimal": score}]
        if scale is not ABSENT:
            beside.append({"url": SCALE, "valueString": scale})
        return Slots([("score", {"extension": beside, **said})])


RISK_ASSESSMENT = Resource(
    "RiskAssessment",
    opportunity_risks,
    store=PHI,
    creatable=False,
    moves=False,
    elements={
        "extension": derived(
            array([extension(f"{EXTENSION}/opportunity", {"valueReference": reference("Task", t.task_fhir_id)})]),
            "RiskAssessment.extension",
        ),
        "status": derived(risk_status(STATUS), "RiskAssessment.status"),
        "subject": derived(required(reference("Patient", t.patient_fhir_id)), "RiskAssessment.subject"),
        "occurrenceDateTime": derived(value(t.created_at, EXACT_INSTANT), "RiskAssessment.occurrence"),
        "prediction": derived(prediction(t.opportunity_type, t.risk_score, t.risk_scale), "RiskAssessment.prediction"),
    },
    search={"subject": "subject", "patient": "subject", "date": "occurrenceDateTime"},
    unanswered={"probability": "the score of a row without a document"},
)
