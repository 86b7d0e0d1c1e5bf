"""Coverage over eligibility_coverages, which follow the eligibility checks (https://hl7.org/fhir/R4/coverage.html).

A check that knows whether the coverage is active has one. What it shows is changed at the check; what a client says
beside that is kept. Coverages of others live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, case, false, literal_column, true

from business.statuses import status_map
from fhir_server.mapping import spoken
from fhir_server.mapping.branches import array, required
from fhir_server.mapping.concepts import reference
from fhir_server.mapping.conform import conform
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.primitives import TOKEN, decimal_text
from fhir_server.mapping.projections import derived
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import constant, value
from fhir_server.persistence.tables import PHI, eligibility_coverages
from fhir_server.resources.canonical import PORTAL_IDENTIFIER
from fhir_server.resources.insurance_numbers import MEMBER, MEMBER_NUMBER, STATUSES, payer

CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"
COPAY_TYPES = "http://terminology.hl7.org/CodeSystem/coverage-copay-type"

SHARES = ("copay", "deductible")
DETAILS = ("coverage_type", "plan_name", "effective_date", "termination_date", *SHARES)
"""The members of coverage_details that Coverage has a place for; all others stay in the portal."""

t = eligibility_coverages.c


def shown_details(details: Any) -> bool:
    """Whether coverage_details say anything that Coverage may have a place for."""
    return isinstance(details, dict) and any(name in details for name in DETAILS)


class in_force(Word):  # noqa: N801
    """Whether the coverage is active, as a status; a check that does not know has no Coverage."""

    CODES = status_map("coverage").codes

    def __init__(self, active: Column[Any]) -> None:
        self.active = active

    def compose(self, row: Row) -> Any:
        active = row.get(self.active.name)
        return self.CODES["true" if active else "false"] if isinstance(active, bool) else ABSENT

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        said = case(
            *(
                (self.active.is_(flag), _literal(self.CODES[text]))
                for text, flag in (("true", true()), ("false", false()))
            )
        )
        return (TokenColumn(said, system=STATUSES, complete=True),)


class detail(Word):  # noqa: N801
    """A text in a member of the details."""

    def __init__(self, details: Column[Any], name: str) -> None:
        self.details, self.name = details, name

    def compose(self, row: Row) -> Any:
        return conform("string", _member(row.get(self.details.name), self.name))

    def text_column(self) -> StringColumn:
        """The column that answers a string parameter."""
        return StringColumn(spoken.json_text(self.sql()))

    def sql(self) -> Sql:
        """The member as JSON."""
        return spoken.member(self.details, self.name)


class effective(Word):  # noqa: N801
    """The days between which the coverage is effective, if the details say legal ones."""

    def __init__(self, details: Column[Any]) -> None:
        self.details = details

    def compose(self, row: Row) -> Any:
        held = row.get(self.details.name)
        days = {"start": _member(held, "effective_date"), "end": _member(held, "termination_date")}
        said = conform("Period", {name: day for name, day in days.items() if day is not None})
        return ABSENT if said is ABSENT else Atomic(said)


class share(Word):  # noqa: N801
    """An amount that the member pays."""

    def __init__(self, details: Column[Any], name: str) -> None:
        self.details, self.name = details, name

    def compose(self, row: Row) -> Any:
        amount = decimal_text(_member(row.get(self.details.name), self.name))
        if amount is ABSENT:
            return ABSENT
        return Atomic(type={"coding": [{"system": COPAY_TYPES, "code": self.name}]}, valueMoney={"value": amount})


def _member(details: Any, name: str) -> Any:
    return details.get(name) if isinstance(details, dict) else None


def _literal(text: str) -> Sql:
    return literal_column(f"'{text}'::text")


def _class(code: str, said: Any) -> dict[str, Any]:
    return {"type": constant({"coding": [{"system": CLASSES, "code": code}]}), "value": said}


def _class_token(code: str, said: Sql) -> TokenColumn:
    return TokenColumn(case((said, _literal(code))), system=CLASSES)


PAYOR = payer(t.payer_name, t.payer_id)
PLAN = detail(t.coverage_details, "plan_name")
KIND = detail(t.coverage_details, "coverage_type")
GROUP = value(t.group_number)

COVERAGE = Resource(
    "Coverage",
    eligibility_coverages,
    store=PHI,
    accepts=lambda tree: False,
    creatable=False,
    moves=False,
    elements={
        "identifier": [
            derived(identifier(MEMBER, t.member_id, type_code=MEMBER_NUMBER), "Coverage.identifier"),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": derived(in_force(t.coverage_active), "Coverage.status"),
        "type": derived({"text": KIND}, "Coverage.type"),
        "subscriberId": derived(value(t.member_id, TOKEN), "Coverage.subscriberId"),
        "beneficiary": derived(reference("Patient", t.patient_fhir_id, complete=True), "Coverage.beneficiary"),
        "period": derived(effective(t.coverage_details), "Coverage.period"),
        "payor": derived(required(array([PAYOR])), "Coverage.payor"),
        "class": derived(array([_class("group", GROUP), _class("plan", PLAN)]), "Coverage.class"),
        "costToBeneficiary": derived(
            array([share(t.coverage_details, name) for name in SHARES]), "Coverage.costToBeneficiary"
        ),
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "beneficiary": "beneficiary",
        "patient": "beneficiary",
        "type:text": (KIND.text_column(),),
        "class-type": (
            _class_token("group", spoken.is_text(t.group_number)),
            _class_token("plan", spoken.json_text(PLAN.sql()).is_not(None)),
        ),
        "class-value": (*GROUP.search_columns("string"), PLAN.text_column()),
        "payer": PAYOR.name_or_number_columns(),
    },
    unanswered={"payor": "the payer by number, who is found by the parameter payer"},
)
