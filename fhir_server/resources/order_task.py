"""Task over orders: the fulfilment of a product request by a manufacturer (https://hl7.org/fhir/R4/task.html).

A Task `fulfill` with an order number of the portal is one of its orders; all others live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, case

from business.statuses import status_map
from fhir_server.mapping import spoken
from fhir_server.mapping.concepts import coded, reference
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.intervals import day_columns
from fhir_server.mapping.primitives import EXACT_INSTANT, TOKEN, text_or_absent, token_or_absent
from fhir_server.mapping.projections import until_documented
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import always, always_code, constant, fits, value
from fhir_server.persistence.tables import PHI, orders
from fhir_server.resources.canonical import CODE_SYSTEM, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.order_numbers import ORDER_NUMBER, PLACER, has_number, money, priority

TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"
INTENTS = "http://hl7.org/fhir/request-intent"
OUTPUTS = f"{CODE_SYSTEM}/order-output"
FULFILL = {"coding": [{"system": TASK_CODES, "code": "fulfill"}]}
UNLISTED = "on-hold"
"""What Task says of a state that nobody has listed: R4 has no `unknown`, and on hold nobody acts or thinks it done."""

t = orders.c


class task_status(coded):  # noqa: N801
    """A state whose text stands in businessStatus, not in an extension."""

    is_text_beside = False

    def compose_sibling(self, row: Row) -> Any:
        return ABSENT


STATUS = task_status(
    t.status,
    status_map("order").codes,
    system="http://hl7.org/fhir/task-status",
    source_url=SOURCE_STATUS,
    otherwise=UNLISTED,
)


class business_status(Word):  # noqa: N801
    """The portal's text of a state, where the state has several and this is not the first of them.

    A text that means another state than Task.status is not heard.
    """

    def __init__(self, status: coded) -> None:
        self.status = status
        self.columns = status.columns

    def compose(self, row: Row) -> Any:
        text = text_or_absent(row.get(self.status.column.name))
        if text is ABSENT or self.status.canonical.get(self.status.compose(row)) == text:
            return ABSENT
        return Atomic(text=text)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        column = self.status.column
        text = value.get("text") if isinstance(value, dict) else None
        if (
            token_or_absent(text) is ABSENT
            or not fits(column, text)
            or self.status.of(text) != self.status.compose(row)
        ):
            return False
        row[column.name] = text
        return True

    def forget(self, row: HeardRow) -> None:
        # The column is the status's; without a text of its own the status decides.
        return

    def text_columns(self) -> tuple[SearchColumn, ...]:
        column = self.status.column
        said = case((column.not_in(sorted(self.status.canonical.values())), column))
        return (StringColumn(said, said=spoken.is_text(column)),)


def output(code: str, column: Column[Any] | Word) -> dict[str, Any]:
    """One output of the fulfilment with the text of a column."""
    return {"type": constant({"coding": [{"system": OUTPUTS, "code": code}]}), "valueString": column}


NUMBER = identifier(ORDER_NUMBER, t.order_number, type_code=PLACER)

TASK = Resource(
    "Task",
    orders,
    store=PHI,
    accepts=lambda tree: _is_fulfilment(tree) and has_number(tree, ORDER_NUMBER),
    moves=False,
    agrees=("code", "intent", "status", "businessStatus", "focus", "for", "owner"),
    outdated=("lastModified",),
    elements={
        "extension": [money("total-amount", t.total_amount)],
        "identifier": [
            NUMBER,
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": STATUS,
        "statusReason": {"text": t.status_reason},
        "businessStatus": business_status(STATUS),
        "intent": always_code("order", INTENTS),
        "priority": priority(t.priority),
        "code": always(FULFILL),
        "focus": reference("DeviceRequest", t.product_request_fhir_id, complete=True),
        "for": reference("Patient", t.patient_fhir_id, complete=True),
        "authoredOn": value(t.created_at, EXACT_INSTANT),
        "requester": until_documented(reference("Practitioner", t.requester_fhir_id), t.document_version),
        "owner": reference("Organization", t.manufacturer_fhir_id, complete=True),
        "note": [{"text": t.notes}],
        "restriction": {"period": {"end": t.expected_ship_date}},
        "output": [output("tracking-number", value(t.tracking_number, TOKEN)), output("carrier", t.shipping_carrier)],
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "intent": "intent",
        "priority": "priority",
        "code": "code",
        "focus": "focus",
        "subject": "for",
        "patient": "for",
        "authored-on": "authoredOn",
        "requester": "requester",
        "owner": "owner",
        "order-number": NUMBER.search_columns("token"),
        "order-number:of-type": NUMBER.of_type_columns(),
        "tracking-number": (TokenColumn(t.tracking_number, said=spoken.is_token(t.tracking_number)),),
        "due": (day_columns(t.expected_ship_date),),
        "business-status:text": (*business_status(STATUS).text_columns(),),
    },
    must_exist={"product_request_fhir_id": "DeviceRequest", "manufacturer_fhir_id": "Organization"},
)


def _is_fulfilment(tree: dict[str, Any]) -> bool:
    return any(
        coding.get("system") == TASK_CODES and coding.get("code") == "fulfill"
        for coding in tree.get("code", {}).get("coding", ())
    )
