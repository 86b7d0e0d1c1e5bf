"""CoverageEligibilityRequest/$submit: notes a check by hand, or asks the payer where one is set.

https://hl7.org/fhir/R4/coverageeligibilityrequest-operation-submit.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from business.statuses import status_map
from fhir_server.errors import Gone, InvalidRequest, NotFound, Unprocessable
from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import Tree
from fhir_server.mapping.minted import is_logical_id, version_name
from fhir_server.operations.arguments import Arguments, arguments_of
from fhir_server.operations.instances import current
from fhir_server.operations.operation import TYPE, Operation, OperationParameter
from fhir_server.payers import PayerFailure, Question, Reply, payer_of
from fhir_server.persistence.audit import record
from fhir_server.persistence.eligibility import Check, store_check
from fhir_server.persistence.lifecycles import act_as
from fhir_server.validation import raise_if_invalid

REQUEST = "CoverageEligibilityRequest"
RESPONSE = "CoverageEligibilityResponse"
_OWN = ("eligibility-status", "coverage-active", "expires")

Resource = dict[str, Any]


def submit(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """The CoverageEligibilityResponse of the check that was made.

    Raises Unprocessable for a patient who is not known; a payer that gives no answer is a check without a result.
    """
    given = arguments_of(request, context.limits)
    given.only(("resource", *_OWN))
    asked = given.resource("resource", REQUEST)
    if asked is None:
        raise InvalidRequest(f"The operation needs a {REQUEST} as 'resource'.", ("resource",))
    raise_if_invalid(REQUEST, asked)
    patient = _read(context, asked.get("patient"), "Patient")
    if patient is None:
        raise Unprocessable("The patient is not one of this server", (f"{REQUEST}.patient",))
    question = _question(context, asked, patient)
    # The payer is asked before the transaction begins: nobody else waits for it.
    reply, source = _answer(context, given, question)
    check = Check(
        context.database.row_ids.one(str(patient["id"])),
        question.payer_name,
        question.payer_id,
        question.member_id,
        question.group_number,
        reply.status,
        reply.coverage_active,
        None if reply.details is None else dict(reply.details),
        reply.expires_at,
        source,
        {"trace": reply.trace} if reply.trace else None,
    )

    def work(connection: Any) -> Tree:
        act_as(connection, request.principal.user_id)
        fhir_id = store_check(connection, check)
        made = (version_name(RESPONSE, fhir_id, 1),)
        record(connection, audit_of(request, "submit", resource_type, status=200, entities=made))
        return current(context.within(connection), RESPONSE, fhir_id)

    return json_answer(context.database.transaction(work))


def _answer(context: Context, given: Arguments, question: Question) -> tuple[Reply, str]:
    """What is known of the coverage, and from where: said by hand, by the payer, or not yet."""
    said = given.text("eligibility-status")
    if said is not None:
        if not status_map("eligibility").lists(said):
            raise Unprocessable("The status is not one that a check can have", ("eligibility-status",))
        active = given.flag("coverage-active") if given.trees("coverage-active") else None
        until = given.interval("expires", context.zone)
        return Reply(said, active, until[0] if until else None), "manual"
    payer = payer_of(context.settings)
    if payer is None:
        return Reply("pending"), "manual"
    try:
        return payer.ask(question), payer.source
    except PayerFailure as failure:
        return Reply(failure.status), payer.source


def _question(context: Context, asked: Resource, patient: Resource) -> Question:
    listed: list[Resource] = asked.get("insurance", [])
    insurance = next((one for one in listed if one.get("focal")), listed[0] if listed else {})
    coverage = _read(context, insurance.get("coverage"), "Coverage") or {}
    payers = [one for one in (asked.get("insurer"), *coverage.get("payor", ())) if isinstance(one, dict)]
    name = next(filter(None, (_name(context, one) for one in payers)), None)
    name = name or (insurance.get("coverage") or {}).get("display")
    identifier = next((one["identifier"].get("value") for one in payers if "identifier" in one), None)
    # A Coverage that is not here may still be named by the number of the member.
    named = (insurance.get("coverage") or {}).get("identifier")
    member = coverage.get("subscriberId") or _member(coverage) or _member({"identifier": [named] if named else []})
    group = next((one.get("value") for one in coverage.get("class", ()) if _is_group(one)), None)
    names: Resource = next(iter(patient.get("name", ())), {})
    day = context.database.rows("SELECT lifecycle.day_of(now())", {})[0][0]
    parts = (patient["id"], name, identifier, member, group, day.isoformat())
    return Question(
        hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest(),
        name,
        identifier,
        member,
        group,
        names.get("family"),
        tuple(one for one in names.get("given", ()) if one),
        patient.get("birthDate"),
        day,
    )


def _read(context: Context, reference: Any, resource_type: str) -> Resource | None:
    text = reference.get("reference") if isinstance(reference, dict) else None
    kind, _, named = text.rpartition("/") if isinstance(text, str) else ("", "", "")
    if kind.rpartition("/")[2] != resource_type or not is_logical_id(named):
        return None
    with suppress(NotFound, Gone):
        return current(context, resource_type, context.database.row_ids.one(named))
    return None


def _name(context: Context, payer: Resource) -> str | None:
    found = _read(context, payer, "Organization")
    name = payer.get("display") or (found or {}).get("name")
    return name if isinstance(name, str) else None


def _member(coverage: Resource) -> str | None:
    for one in coverage.get("identifier", ()):
        if any(coding.get("code") == "MB" for coding in _codings(one.get("type"))):
            value = one.get("value")
            return value if isinstance(value, str) else None
    return None


def _is_group(one: Resource) -> bool:
    return any(coding.get("code") == "group" for coding in _codings(one.get("type")))


def _codings(concept: Any) -> Iterable[Resource]:
    return concept.get("coding", ()) if isinstance(concept, dict) else ()


SUBMIT = Operation(
    "submit",
    "CoverageEligibilityRequest-submit",
    REQUEST,
    frozenset({TYPE}),
    True,
    submit,
    parameters=(
        OperationParameter("resource", "in", 1, "1", "Resource", "The CoverageEligibilityRequest."),
        OperationParameter(
            "eligibility-status",
            "in",
            0,
            "1",
            "code",
            "What a person found out, such as eligible; nobody else is asked.",
        ),
        OperationParameter(
            "coverage-active", "in", 0, "1", "boolean", "Whether the coverage is active, by that person."
        ),
        OperationParameter("expires", "in", 0, "1", "dateTime", "How long that holds."),
        OperationParameter("return", "out", 1, "1", "Resource", "The CoverageEligibilityResponse."),
    ),
)
