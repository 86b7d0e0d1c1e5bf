"""DeviceRequest/$order-readiness: every condition of an order in one answer (`business/readiness.py`)."""

from __future__ import annotations

from business.eligibility import eligibility
from business.mac import ab_mac, is_medicare
from business.readiness import Condition, Evidence, ReadinessFacts, readiness
from fhir_server.errors import Unprocessable
from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import Tree
from fhir_server.mapping.minted import logical_id
from fhir_server.operations.arguments import arguments_of
from fhir_server.operations.instances import current
from fhir_server.operations.operation import INSTANCE, Operation, OperationParameter
from fhir_server.persistence.audit import record
from fhir_server.persistence.readiness import Known, known_of

TYPES = {
    "eligibility-check": "CoverageEligibilityResponse",
    "mac-validation": "Task",
    "prior-authorization": "ClaimResponse",
    "ivr-episode": "Task",
    "document": "DocumentReference",
}
"""What each kind of evidence is as a resource."""


def order_readiness(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """Parameters with one `condition` for each condition, whatever the others say."""
    arguments_of(request, context.limits).only(())
    known = known_request(context, resource_type, fhir_id)
    answer = readiness(readiness_facts(known))
    record(context.database.reader(), audit_of(request, "order-readiness", resource_type, fhir_id, status=200))
    said: list[Tree] = [{"name": "ready", "valueBoolean": answer.is_ready}]
    if answer.next_due is not None:
        said.append({"name": "next-due", "valueDate": answer.next_due.isoformat()})
    said += [{"name": "condition", "part": _condition(known, one)} for one in answer.conditions]
    return json_answer({"resourceType": "Parameters", "parameter": said})


def known_request(context: Context, resource_type: str, fhir_id: str) -> Known:
    """What is known of a product request. Raises NotFound, Gone, and Unprocessable for others than the portal's."""
    current(context, resource_type, fhir_id)
    known = known_of(context.database.reader(), fhir_id, context.zone)
    if known is None:
        raise Unprocessable("Only a product request of the portal has this operation")
    return known


def readiness_facts(known: Known) -> ReadinessFacts:
    """The facts that the rules want; the payer is that of the check that counts, else of the request."""
    check = eligibility(known.checks, known.now).check
    place = known.facility_place if known.facility_place.is_known else known.patient_place
    return ReadinessFacts(
        now=known.now,
        products=known.products,
        is_medicare=is_medicare((check.payer if check is not None else None) or known.payer),
        jurisdiction=ab_mac(place.state, place.zip_code).jurisdiction if place.is_known else None,
        checks=known.checks,
        validations=known.validations,
        authorizations=known.authorizations,
        episodes=known.episodes,
        papers=known.papers,
    )


def _reference(known: Known, one: Evidence) -> Tree:
    """A reference to what proves a condition, or speaks against it."""
    return {"reference": f"{TYPES[one.kind]}/{logical_id(known.fhir_ids[one.kind, one.id])}"}


def _condition(known: Known, one: Condition) -> list[Tree]:
    said: list[Tree] = [
        {"name": "name", "valueCode": one.code},
        {"name": "state", "valueCode": one.state},
        {"name": "reason", "valueString": one.reason},
    ]
    if one.due is not None:
        said.append({"name": "due", "valueDate": one.due.isoformat()})
    said += [{"name": "missing", "valueString": text} for text in one.missing]
    said += [{"name": "evidence", "valueReference": _reference(known, each)} for each in one.evidence]
    return said


_PARTS = (
    OperationParameter("name", "out", 1, "1", "code", "eligibility, mac, authorization, ivr or documents."),
    OperationParameter("state", "out", 1, "1", "code", "met, unmet, unknown or not-needed."),
    OperationParameter("reason", "out", 1, "1", "string", "Why, in a sentence."),
    OperationParameter("due", "out", 0, "1", "date", "The last day on which it holds, or by which to act."),
    OperationParameter("missing", "out", 0, "*", "string", "What is missing."),
    OperationParameter("evidence", "out", 0, "*", "Reference", "What proves it, or speaks against it."),
)
ORDER_READINESS = Operation(
    "order-readiness",
    "DeviceRequest-order-readiness",
    "DeviceRequest",
    frozenset({INSTANCE}),
    False,
    order_readiness,
    "Whether an order may go out",
    "Says of each condition of an order whether it is met, why, until when, and by which evidence. What is not known"
    " is not met.",
    (
        OperationParameter("ready", "out", 1, "1", "boolean", "Whether no condition stands in the way."),
        OperationParameter("next-due", "out", 0, "1", "date", "When a condition that is met may end first."),
        OperationParameter("condition", "out", 5, "5", None, "One condition.", _PARTS),
    ),
)
