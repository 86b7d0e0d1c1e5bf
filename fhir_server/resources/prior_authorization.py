"""ClaimResponse over prior_authorizations: what a payer authorizes (https://hl7.org/fhir/R4/claimresponse.html).

A preauthorization with an authorization number of the portal is one of its authorizations; all others, and all answers
to claims, live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from business.statuses import status_map
from fhir_server.mapping.branches import extension, required
from fhir_server.mapping.concepts import reference
from fhir_server.mapping.conform import conform
from fhir_server.mapping.days import day_or_moment, day_period
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.json_columns import items_of
from fhir_server.mapping.primitives import MONEY, token_or_absent
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.states import Codes, States
from fhir_server.mapping.trees import ABSENT, PLACE, Slots
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import always_code, constant, value
from fhir_server.persistence.tables import PHI, prior_authorizations
from fhir_server.resources.canonical import PORTAL_IDENTIFIER
from fhir_server.resources.insurance_numbers import (
    ABSENT_CONCEPT,
    APPROVED_UNITS,
    AUTHORIZATION_NUMBER,
    AUTHORIZED_REQUEST,
    MEMBER,
    MEMBER_NUMBER,
    OUTCOMES,
    STATUSES,
    SUPPORTING_DOCUMENT,
    payer,
    record_number,
)
from fhir_server.resources.order_numbers import has_number

USES = "http://hl7.org/fhir/claim-use"
PREAUTHORIZATION = "preauthorization"
BENEFIT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "benefit"}]}

t = prior_authorizations.c

STATES = States(
    t.status,
    {
        "status": Codes(status_map("prior-authorization-status").codes, STATUSES, otherwise="draft"),
        "outcome": Codes(status_map("prior-authorization-outcome").codes, OUTCOMES, otherwise="queued"),
    },
    written=(
        *status_map("prior-authorization-outcome").canonical.values(),
        *status_map("prior-authorization-status").canonical.values(),
    ),
    text_in="disposition",
)
"""A text that nobody has listed is a draft without a result: nothing is delivered on the strength of it."""


class repeated(Word):  # noqa: N801
    """The number of the record once more; it is heard as the identifier."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column

    def compose(self, row: Row) -> Any:
        return token_or_absent(row.get(self.column.name))


class supporting_documents(Word):  # noqa: N801
    """The items of a JSON list as references: `DocumentReference/id`, an object of a Reference, or a plain name."""

    is_list = True
    url = SUPPORTING_DOCUMENT

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        said = [_document(item) for item in items_of(row.get(self.column.name))]
        pairs = [(f"{PLACE}{place}", one) for place, one in enumerate(said) if one is not ABSENT]
        return Slots(pairs) if pairs else ABSENT

    def take(self, items: list[Any], row: HeardRow) -> None:
        heard = [one for one in items if isinstance(one, dict) and one.get("url") == SUPPORTING_DOCUMENT]
        before = row.current.get(self.column.name) if row.current is not None else None
        kept = [(_document(item), item) for item in items_of(before)]
        if [said for said, _ in kept if said is not ABSENT] == heard:
            row[self.column.name] = before
        else:
            mine = [next((item for said, item in kept if said == one), None) or _held(one) for one in heard]
            row[self.column.name] = [item for item in mine if item is not ABSENT] or None
        items[:] = [one for one in items if all(one is not other for other in heard)]


def _document(item: Any) -> Any:
    """The extension that says an item, ABSENT where it says nothing."""
    if isinstance(item, str):
        is_id = item.startswith("DocumentReference/")
        item = {"reference": item} if is_id else {"display": item}
    said = conform("Reference", item) if isinstance(item, dict) else ABSENT
    if said is ABSENT or not said.get("reference", "DocumentReference/").startswith("DocumentReference/"):
        return ABSENT
    return {"url": SUPPORTING_DOCUMENT, "valueReference": said}


def _held(said: dict[str, Any]) -> Any:
    found = conform("Reference", said.get("valueReference"))
    return found if found is not ABSENT and _document(found) is not ABSENT else ABSENT


REQUEST = reference("DeviceRequest", t.product_request_fhir_id)
INSURER = payer(t.payer_name)
PERIOD = day_period(t.approved_date, t.expiry_date)

PRIOR_AUTHORIZATION = Resource(
    "ClaimResponse",
    prior_authorizations,
    store=PHI,
    accepts=lambda tree: tree.get("use") == PREAUTHORIZATION and has_number(tree, AUTHORIZATION_NUMBER),
    moves=False,
    agrees=("disposition", "outcome", "status", "use", "patient", "created", "preAuthRef"),
    elements={
        "extension": [
            extension(AUTHORIZED_REQUEST, {"valueReference": REQUEST}),
            extension(APPROVED_UNITS, {"valueInteger": t.approved_units}),
            supporting_documents(t.supporting_documents),
        ],
        "identifier": [
            record_number(AUTHORIZATION_NUMBER, t.auth_number, "ClaimResponse"),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": STATES.code("status"),
        # What kind of claim it would be is known to nobody here.
        "type": constant(ABSENT_CONCEPT),
        "use": always_code(PREAUTHORIZATION, USES),
        "patient": required(reference("Patient", t.patient_fhir_id, complete=True)),
        "created": required(day_or_moment(t.requested_date, t.created_at), primitive=True),
        "insurer": required(INSURER),
        "outcome": STATES.code("outcome"),
        "disposition": STATES.text(),
        "preAuthRef": repeated(t.auth_number),
        "preAuthPeriod": PERIOD,
        "total": [{"category": constant(BENEFIT), "amount": {"value": value(t.approved_amount, MONEY)}}],
        "processNote": [{"text": t.denial_reason}],
        "insurance": [
            {
                "sequence": 1,
                "focal": True,
                "coverage": {"identifier": identifier(MEMBER, t.member_id, type_code=MEMBER_NUMBER)},
            }
        ],
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "use": "use",
        "patient": "patient",
        "created": "created",
        "outcome": "outcome",
        "disposition": "disposition",
        "expires": PERIOD.end_columns(),
        "payer": INSURER.name_or_number_columns(),
        "authorized-request": REQUEST.search_columns("reference"),
    },
    must_exist={"product_request_fhir_id": "DeviceRequest", "patient_fhir_id": "Patient"},
)
