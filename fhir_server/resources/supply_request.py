"""SupplyRequest over order_items: one line of an order (https://hl7.org/fhir/R4/supplyrequest.html).

Lines belong to the portal's orders: FHIR reads them and keeps what clients say beside them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from business.statuses import status_map
from fhir_server.mapping.branches import array, extension
from fhir_server.mapping.concepts import coded, reference
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.primitives import EXACT_INSTANT, decimal_text, text_or_absent
from fhir_server.mapping.projections import derived, projected
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn
from fhir_server.mapping.trees import ABSENT, PLACE, Slots
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import value
from fhir_server.persistence.tables import PHI, order_items
from fhir_server.resources.canonical import EXTENSION, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.order_numbers import ORDER_LINE, PLACER, money, order_of
from fhir_server.resources.product_concepts import UNKNOWN, product_concept

t = order_items.c

STATUS = coded(
    t.order_status,
    status_map("order-line").codes,
    system="http://hl7.org/fhir/supplyrequest-status",
    source_url=SOURCE_STATUS,
    otherwise=status_map("order-line").other,
)


class product(Word):  # noqa: N801
    """The product of the line by its codes and name; FHIR demands an item, so one without either is absent."""

    def __init__(self, snapshot: Column[Any]) -> None:
        self.snapshot = snapshot

    def compose(self, row: Row) -> Any:
        held = row.get(self.snapshot.name)
        held = held if isinstance(held, dict) else {}
        said = product_concept(held.get("name"), held.get("hcpcs_code"), held.get("sku"))
        return UNKNOWN if said is ABSENT else said


class specifications(Word):  # noqa: N801
    """The members of a JSON object as parameters: texts, amounts and truths; anything else stays in the portal."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        pairs: list[tuple[str, Any]] = []
        for name, item in held.items() if isinstance(held, dict) else ():
            code, said = text_or_absent(name), _parameter(item)
            if code is not ABSENT and said:
                pairs.append((f"{PLACE}{len(pairs)}", {"code": {"text": code}, **said}))
        return Slots(pairs) if pairs else ABSENT


def _parameter(item: Any) -> dict[str, Any]:
    if isinstance(item, bool):
        return {"valueBoolean": item}
    if isinstance(item, str):
        text = text_or_absent(item)
        return {} if text is ABSENT else {"valueCodeableConcept": {"text": text}}
    number = decimal_text(item)
    return {} if number is ABSENT else {"valueQuantity": {"value": number}}


class destination(Word):  # noqa: N801
    """Where the goods go: to the clinic that asked for them, or to the patient where none did."""

    def __init__(self, clinic: Column[Any], patient: Column[Any]) -> None:
        self.ways = (reference("Location", clinic), reference("Patient", patient))

    def compose(self, row: Row) -> Any:
        return next((said for way in self.ways if (said := way.compose(row)) is not ABSENT), ABSENT)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return tuple(column for way in self.ways for column in way.search_columns(parameter_type))


ORDER = order_of(t.order_fhir_id, t.order_number)
PATIENT = reference("Patient", t.patient_fhir_id)

SUPPLY_REQUEST = Resource(
    "SupplyRequest",
    order_items,
    store=PHI,
    creatable=False,
    moves=False,
    elements={
        "extension": derived(
            array(
                [
                    extension(f"{EXTENSION}/order", {"valueReference": ORDER}),
                    extension(f"{EXTENSION}/patient", {"valueReference": PATIENT}),
                    money("unit-price", t.unit_price),
                    money("total-price", t.total_price),
                ]
            ),
            "SupplyRequest.extension",
        ),
        "identifier": [
            derived(identifier(ORDER_LINE, t.line_identifier, type_code=PLACER), "SupplyRequest.identifier"),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": derived(STATUS, "SupplyRequest.status"),
        "itemCodeableConcept": derived(product(t.product_snapshot), "SupplyRequest.item"),
        "quantity": derived(
            {"value": t.quantity, "unit": projected(t.product_snapshot, "unit_of_measure")}, "SupplyRequest.quantity"
        ),
        "parameter": derived(specifications(t.product_specifications), "SupplyRequest.parameter"),
        "authoredOn": derived(value(t.order_created_at, EXACT_INSTANT), "SupplyRequest.authoredOn"),
        "requester": derived(reference("Practitioner", t.requester_fhir_id), "SupplyRequest.requester"),
        "supplier": derived(array([reference("Organization", t.manufacturer_fhir_id)]), "SupplyRequest.supplier"),
        "deliverTo": derived(destination(t.facility_fhir_id, t.recipient_fhir_id), "SupplyRequest.deliverTo"),
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "date": "authoredOn",
        "requester": "requester",
        "supplier": "supplier",
        "subject": "deliverTo",
        "patient": PATIENT.search_columns("reference"),
        "order": ORDER.search_columns("reference"),
        "order-number": ORDER.search_columns("token"),
    },
    must_exist={"order_fhir_id": "Task"},
)
