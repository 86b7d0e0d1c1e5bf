"""CoverageEligibilityResponse over eligibility_checks (https://hl7.org/fhir/R4/coverageeligibilityresponse.html).

One with a check number of the portal is one of its checks; all others live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from business.statuses import status_map
from fhir_server.mapping.branches import extension, required
from fhir_server.mapping.concepts import reference
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.intervals import instant_columns
from fhir_server.mapping.primitives import EXACT_INSTANT, token_or_absent
from fhir_server.mapping.projections import until_documented
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.states import Codes, States
from fhir_server.mapping.trees import ABSENT, Atomic, Slots
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import constant, fits, value
from fhir_server.persistence.tables import PHI, eligibility_checks
from fhir_server.resources.canonical import PORTAL_IDENTIFIER
from fhir_server.resources.coverage import shown_details
from fhir_server.resources.insurance_numbers import (
    ABSENT_CONCEPT,
    CHECK_NUMBER,
    CHECK_SOURCE,
    GROUP_NUMBER,
    MEMBER,
    MEMBER_NUMBER,
    OUTCOMES,
    RESULT_EXPIRES,
    STATUSES,
    coverage_id,
    payer,
    record_number,
)
from fhir_server.resources.order_numbers import has_number

t = eligibility_checks.c

STATES = States(
    t.eligibility_status,
    {
        "status": Codes(status_map("eligibility-record").codes, STATUSES, otherwise="draft"),
        "outcome": Codes(status_map("eligibility").codes, OUTCOMES, otherwise="queued"),
    },
    written=(*status_map("eligibility").canonical.values(), *status_map("eligibility-record").canonical.values()),
    text_in="disposition",
)
"""A text that nobody has listed is a draft without a result: nobody relies on it."""


class purposes(Word):  # noqa: N801
    """Every check validates a coverage; one with details about it has asked for benefits too."""

    def __init__(self, details: Column[Any]) -> None:
        self.details = details

    def compose(self, row: Row) -> Any:
        asked = ("validation", "benefits") if shown_details(row.get(self.details.name)) else ("validation",)
        return Slots([(code, code) for code in asked])


class insured(Word):  # noqa: N801
    """The insurance that was asked about: the member, the Coverage that follows the check, whether it is in force."""

    MEMBER_IDENTIFIER = identifier(MEMBER, t.member_id, type_code=MEMBER_NUMBER)

    def __init__(self, member: Column[Any], active: Column[Any], document_version: Column[Any]) -> None:
        self.member, self.active, self.document_version = member, active, document_version
        self.columns = (member.name, active.name)

    def compose(self, row: Row) -> Any:
        number = self.MEMBER_IDENTIFIER.compose(row)
        active, check = row.get(self.active.name), row.get("fhir_id")
        coverage: dict[str, Any] = {}
        # A client that numbers the member need not know the id of the Coverage.
        if active is not None and check and (number is ABSENT or row.get(self.document_version.name) is None):
            coverage["reference"] = f"Coverage/{coverage_id(check)}"
        if number is not ABSENT:
            coverage["identifier"] = number
        said = {"coverage": Atomic(coverage)} if coverage else {}
        return said | ({} if active is None else {"inforce": active}) or ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        coverage = value.get("coverage") if isinstance(value, dict) else None
        if not isinstance(coverage, dict):
            return False
        named = coverage.get("identifier")
        number = named.get("value") if isinstance(named, dict) and named.get("system") == MEMBER else None
        check = row.current.get("fhir_id") if row.current is not None else None
        is_own = check is not None and coverage.get("reference") == f"Coverage/{coverage_id(check)}"
        is_number = token_or_absent(number) is not ABSENT and fits(self.member, number)
        if not (is_number or (is_own and number is None)):
            return False
        row[self.member.name] = number
        row[self.active.name] = value.get("inforce")
        return True


EXPIRES = value(t.expires_at, EXACT_INSTANT)
INSURER = payer(t.payer_name, t.payer_id)

ELIGIBILITY_CHECK = Resource(
    "CoverageEligibilityResponse",
    eligibility_checks,
    store=PHI,
    accepts=lambda tree: has_number(tree, CHECK_NUMBER),
    moves=False,
    agrees=("disposition", "outcome", "status", "created", "insurance"),
    elements={
        "extension": [
            extension(RESULT_EXPIRES, {"valueDateTime": EXPIRES}),
            extension(CHECK_SOURCE, {"valueString": t.source}),
            extension(GROUP_NUMBER, {"valueString": t.group_number}),
        ],
        "identifier": [
            record_number(CHECK_NUMBER, t.check_number, "CoverageEligibilityResponse"),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": STATES.code("status"),
        "purpose": until_documented(purposes(t.coverage_details), t.document_version),
        "patient": reference("Patient", t.patient_fhir_id, complete=True),
        "created": required(value(t.check_date, EXACT_INSTANT), primitive=True),
        # The portal keeps no requests, and none is made up.
        "request": constant(ABSENT_CONCEPT),
        "outcome": STATES.code("outcome"),
        "disposition": STATES.text(),
        "insurer": required(INSURER),
        "insurance": [insured(t.member_id, t.coverage_active, t.document_version)],
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "patient": "patient",
        "created": "created",
        "outcome": "outcome",
        "disposition": "disposition",
        "expires": (instant_columns(t.expires_at),),
        "payer": INSURER.name_or_number_columns(),
    },
    unanswered={"insurer": "the payer by number, who is found by the parameter payer"},
    must_exist={"patient_fhir_id": "Patient"},
)
