"""The constraints of the clinical types.

https://hl7.org/fhir/R4/resourcelist.html
"""

from __future__ import annotations

from decimal import Decimal

from fhir_server.validation.constraints.predicates import (
    UCUM,
    Constraint,
    Constraints,
    Node,
    at_most_one,
    coded,
    count,
    each,
    equals,
    every,
    exactly_one,
    excludes,
    has,
    has_choice,
    implies,
    lacks,
    needs,
    negated,
    nodes,
    ordered,
    some,
)

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_ALLERGY_ERROR = coded("verificationStatus", _TERMINOLOGY + "allergyintolerance-verification", "entered-in-error")
_CONDITION_ERROR = coded("verificationStatus", _TERMINOLOGY + "condition-ver-status", "entered-in-error")
_CONDITION_ENDED = coded("clinicalStatus", _TERMINOLOGY + "condition-clinical", "resolved", "remission", "inactive")


def _value_or_component(observation: Node) -> bool:
    if "component" not in observation or not has_choice("value")(observation):
        return True
    own = nodes(observation, "code.coding")
    return not any(coding in own for coding in nodes(observation, "component.code.coding"))


def _probability(prediction: Node) -> bool:
    probability = prediction.get("probabilityDecimal")
    return not isinstance(probability, (int, Decimal)) or probability <= 100


def _percentages(prediction: Node) -> bool:
    limits = nodes(prediction, "probabilityRange.low") + nodes(prediction, "probabilityRange.high")
    return all(limit.get("code") == "%" and limit.get("system") == UCUM for limit in limits)


def _on_behalf_of_practitioner(participant: Node) -> bool:
    if "onBehalfOf" not in participant:
        return True
    reference = (participant.get("member") or {}).get("reference")
    # What the reference does not tell cannot be held against it.
    return not isinstance(reference, str) or "/" not in reference or "Practitioner/" in reference


def _one_genome(sequence: Node) -> bool:
    names = ("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString")
    return sum(has(name)(sequence) for name in names) == 1


CONSTRAINTS: Constraints = {
    "AllergyIntolerance": (
        Constraint(
            "ait-1", "clinicalStatus is required unless entered in error", some(_ALLERGY_ERROR, has("clinicalStatus"))
        ),
        Constraint(
            "ait-2", "clinicalStatus excludes entered-in-error", negated(every(_ALLERGY_ERROR, has("clinicalStatus")))
        ),
    ),
    "CarePlan.activity": (
        Constraint("cpl-3", "detail and reference exclude each other", excludes("detail", "reference")),
    ),
    "CareTeam.participant": (
        Constraint("ctm-1", "only a Practitioner acts on behalf of an organization", _on_behalf_of_practitioner),
    ),
    "Composition.section": (
        Constraint(
            "cmp-1", "a section needs text, entries or sections", some(has("text"), has("entry"), has("section"))
        ),
        Constraint("cmp-2", "emptyReason and entry exclude each other", excludes("emptyReason", "entry")),
    ),
    "Condition": (
        Constraint(
            "con-4",
            "an abatement needs the clinicalStatus inactive, resolved or remission",
            implies(has_choice("abatement"), _CONDITION_ENDED),
        ),
        Constraint(
            "con-5", "clinicalStatus excludes entered-in-error", negated(every(_CONDITION_ERROR, has("clinicalStatus")))
        ),
    ),
    "Condition.evidence": (Constraint("con-2", "evidence needs a code or a detail", some(has("code"), has("detail"))),),
    "Condition.stage": (
        Constraint("con-1", "a stage needs a summary or an assessment", some(has("summary"), has("assessment"))),
    ),
    "FamilyMemberHistory": (
        Constraint("fhs-1", "age and born exclude each other", at_most_one(has_choice("age"), has_choice("born"))),
        Constraint("fhs-2", "estimatedAge needs an age", implies(has("estimatedAge"), has_choice("age"))),
    ),
    "Goal.target": (Constraint("gol-1", "a detail needs a measure", implies(has_choice("detail"), has("measure"))),),
    "Immunization.education": (
        Constraint(
            "imm-1", "education needs a documentType or a reference", some(has("documentType"), has("reference"))
        ),
    ),
    "ImmunizationRecommendation.recommendation": (
        Constraint(
            "imr-1", "a vaccineCode or a targetDisease must be there", some(has("vaccineCode"), has("targetDisease"))
        ),
    ),
    "List": (
        Constraint("lst-1", "emptyReason and entry exclude each other", excludes("emptyReason", "entry")),
        Constraint(
            "lst-2",
            "only a list of changes has deleted entries",
            some(equals("mode", "changes"), each("entry", lacks("deleted"))),
        ),
        Constraint(
            "lst-3",
            "only a working list has dates on entries",
            some(equals("mode", "working"), each("entry", lacks("date"))),
        ),
    ),
    "MedicationAdministration.dosage": (
        Constraint("mad-1", "a dosage needs a dose or a rate", some(has("dose"), has_choice("rate"))),
    ),
    "MedicationDispense": (
        Constraint(
            "mdd-1", "whenHandedOver must not be before whenPrepared", ordered("whenPrepared", "whenHandedOver")
        ),
    ),
    "MolecularSequence": (Constraint("msq-3", "coordinateSystem must be 0 or 1", equals("coordinateSystem", 0, 1)),),
    "MolecularSequence.referenceSeq": (
        Constraint(
            "msq-5",
            "chromosome and genomeBuild must both be there or neither",
            lambda n: has("chromosome")(n) == has("genomeBuild")(n),
        ),
        Constraint("msq-6", "exactly one of genomeBuild and the referenceSeq elements must be there", _one_genome),
    ),
    "Observation": (
        Constraint(
            "obs-6",
            "dataAbsentReason and value exclude each other",
            at_most_one(has("dataAbsentReason"), has_choice("value")),
        ),
        Constraint("obs-7", "with a component of the same code there must be no value", _value_or_component),
    ),
    "Observation.referenceRange": (
        Constraint("obs-3", "a referenceRange needs low, high or text", some(has("low"), has("high"), has("text"))),
    ),
    "Questionnaire.item.enableWhen": (
        Constraint(
            "que-7",
            "the operator exists needs a boolean answer",
            implies(equals("operator", "exists"), has("answerBoolean")),
        ),
    ),
    "QuestionnaireResponse.item": (
        Constraint("qrs-1", "answer and item exclude each other", excludes("answer", "item")),
    ),
    "RequestGroup.action": (
        Constraint("rqg-1", "an action has either a resource or actions", exactly_one(has("resource"), has("action"))),
    ),
    "RiskAssessment.prediction": (
        Constraint("ras-1", "the limits of a probability must be percentages of UCUM", _percentages),
        Constraint("ras-2", "a probability must not be greater than 100", _probability),
    ),
    "ServiceRequest": (Constraint("prr-1", "orderDetail needs a code", needs("orderDetail", "code")),),
    "Linkage": (Constraint("lnk-1", "a linkage needs more than one item", lambda n: count("item")(n) > 1),),
}
