"""DeviceRequest over product_requests (https://hl7.org/fhir/R4/devicerequest.html).

A DeviceRequest with a request number of the portal is one of its requests; all others live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, and_, case, literal_column, or_

from business.statuses import status_map
from fhir_server.mapping.branches import extension, required
from fhir_server.mapping.concepts import coded, reference
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.json_members import member
from fhir_server.mapping.primitives import EXACT_INSTANT
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn, TokenColumn
from fhir_server.mapping.trees import Atomic
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import value
from fhir_server.persistence.tables import PHI, product_requests
from fhir_server.resources.canonical import EXTENSION, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.order_numbers import PLACER, REQUEST_NUMBER, USER, has_number, priority
from fhir_server.resources.product_concepts import requested_product
from fhir_server.resources.request_details import (
    clinical_parameters,
    coverage_columns,
    diagnoses,
    insurances,
    references_to,
    shipping,
)

INTENTS = "http://hl7.org/fhir/request-intent"

t = product_requests.c

STATUS = coded(
    t.status,
    status_map("product-request").codes,
    system="http://hl7.org/fhir/request-status",
    source_url=SOURCE_STATUS,
    otherwise=status_map("product-request").other,
)


class intent(Word):  # noqa: N801
    """`order` once the request is submitted, `plan` for a draft and for what nobody knows to be submitted."""

    def __init__(self, status: coded, submitted: Column[Any]) -> None:
        self.status, self.submitted = status, submitted

    def compose(self, row: Row) -> Any:
        state = self.status.compose(row)
        is_open = state == "unknown" and row.get(self.submitted.name) is None
        return "plan" if state == "draft" or is_open else "order"

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        (said,) = (column.column for column in self.status.search_columns("token") if isinstance(column, TokenColumn))
        is_open = and_(said == literal_column("'unknown'"), self.submitted.is_(None))
        is_plan = or_(said == literal_column("'draft'"), is_open)
        found = case((is_plan, literal_column("'plan'::text")), else_=literal_column("'order'::text"))
        return (TokenColumn(found, system=INTENTS, complete=True),)


class requester(Word):  # noqa: N801
    """The practitioner who is the user of the portal, or the user's key where none is."""

    def __init__(self, practitioner: Column[Any], user: Column[Any]) -> None:
        self.word, self.user = reference("Practitioner", practitioner), user
        self.columns = self.word.columns

    def compose(self, row: Row) -> Any:
        user = row.get(self.user.name)
        if row.get(self.word.column.name) is not None or user is None:
            return self.word.compose(row)
        return Atomic(identifier={"system": USER, "value": str(user)})

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return self.word.decompose(value, row)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return self.word.search_columns(parameter_type)


ORGANIZATION = reference("Organization", t.organization_fhir_id)
FACILITY = reference("Location", t.facility_fhir_id)
NUMBER = identifier(REQUEST_NUMBER, t.request_number, type_code=PLACER)

DEVICE_REQUEST = Resource(
    "DeviceRequest",
    product_requests,
    store=PHI,
    accepts=lambda tree: has_number(tree, REQUEST_NUMBER),
    moves=False,
    agrees=("status", "intent", "subject", "requester"),
    elements={
        "extension": [
            extension(f"{EXTENSION}/requesting-organization", {"valueReference": ORGANIZATION}),
            extension(f"{EXTENSION}/requesting-facility", {"valueReference": FACILITY}),
            extension(f"{EXTENSION}/completed-at", {"valueDateTime": t.completed_at}),
            shipping(t.shipping_details),
            extension(f"{EXTENSION}/status-reason", {"valueString": t.status_reason}),
        ],
        "identifier": [
            NUMBER,
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": STATUS,
        "intent": intent(STATUS, t.submitted_at),
        "priority": priority(t.priority),
        "codeCodeableConcept": requested_product(
            t.product_name, t.product_hcpcs_code, t.product_sku, t.has_several_products
        ),
        "parameter": [clinical_parameters(t.clinical_details)],
        "subject": required(reference("Patient", t.patient_fhir_id, complete=True)),
        "authoredOn": value(t.submitted_at, EXACT_INSTANT),
        "requester": requester(t.requester_fhir_id, t.user_id),
        "reasonCode": [diagnoses(t.clinical_details)],
        "reasonReference": [
            references_to(t.clinical_details, "Condition", "condition_fhir_ids", "condition_fhir_id"),
            references_to(t.clinical_details, "Observation", "observation_fhir_ids", "observation_fhir_id"),
        ],
        "insurance": insurances(t.insurance_details),
        "note": [
            {"text": t.notes},
            {"text": member(t.clinical_details, "clinical_notes", "notes", path="markdown")},
        ],
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "intent": "intent",
        "code": "codeCodeableConcept",
        "insurance": coverage_columns(t.insurance_details),
        "subject": "subject",
        "patient": "subject",
        "authored-on": "authoredOn",
        "requester": "requester",
        "request-number": NUMBER.search_columns("token"),
        "request-number:of-type": NUMBER.of_type_columns(),
        "organization": ORGANIZATION.search_columns("reference"),
        "facility": FACILITY.search_columns("reference"),
    },
    unanswered={
        "requester": "the key of a user without a practitioner",
        "insurance": "the number of a member whose Coverage the portal does not name",
    },
    must_exist={"patient_fhir_id": "Patient", "requester_fhir_id": "Practitioner"},
)
