"""SupplyDelivery over order_shipments: an order once more, as what was sent (https://hl7.org/fhir/R4/supplydelivery.html).

The table follows the orders: what it says is changed there. Other deliveries live in the generic store.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Column, Text, func, literal_column

from business.statuses import status_map
from fhir_server.mapping import spoken
from fhir_server.mapping.branches import array, extension
from fhir_server.mapping.concepts import coded, reference
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.primitives import EXACT_INSTANT, ascii_lower, text_or_absent, token_or_absent
from fhir_server.mapping.projections import derived
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, PLACE, Atomic, Slots
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import value
from fhir_server.persistence.tables import PHI, order_shipments
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION, SOURCE_STATUS
from fhir_server.resources.order_numbers import TRACKING_NUMBER, order_of

LOCAL_TYPES = f"{CODE_SYSTEM}/identifier-type"
TRACKED = "tracking-number"
_NO_PART_OF_A_URL = re.compile("[^a-z0-9]+")

t = order_shipments.c

# R4 demands no status, and has none for what nobody knows: the portal's text then stands beside nothing.
STATUS = coded(
    t.status,
    status_map("shipment").codes,
    system="http://hl7.org/fhir/supplydelivery-status",
    source_url=SOURCE_STATUS,
)


class tracking_number(Word):  # noqa: N801
    """The number of a parcel; each carrier has a system of its own, because two may give the same number."""

    def __init__(self, number: Column[Any], carrier: Column[Any]) -> None:
        self.number, self.carrier = number, carrier
        self.type = {"coding": [{"system": LOCAL_TYPES, "code": TRACKED}]}

    def compose(self, row: Row) -> Any:
        number, carrier = token_or_absent(row.get(self.number.name)), row.get(self.carrier.name)
        if number is ABSENT:
            return ABSENT
        name = _NO_PART_OF_A_URL.sub("-", ascii_lower(carrier)).strip("-") if isinstance(carrier, str) else ""
        said: dict[str, Any] = {
            "type": self.type,
            "system": f"{TRACKING_NUMBER}/{name}" if name else TRACKING_NUMBER,
            "value": number,
        }
        assigner = text_or_absent(carrier)
        return Atomic(said if assigner is ABSENT else {**said, "assigner": {"display": assigner}})

    def _system(self) -> Sql:
        # The constants are compiled as they stand.
        pattern: Sql = literal_column(f"'{_NO_PART_OF_A_URL.pattern}'")
        dash: Sql = literal_column("'-'")
        plain = func.regexp_replace(spoken.ascii_lower(self.carrier), pattern, dash, literal_column("'g'"))
        name = func.nullif(func.btrim(plain, dash), literal_column("''"))
        named = literal_column(f"'{TRACKING_NUMBER}/'", Text()) + name
        return func.coalesce(named, literal_column(f"'{TRACKING_NUMBER}'"))

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (TokenColumn(self.number, system_column=self._system(), said=spoken.is_token(self.number)),)

    def of_type_columns(self) -> tuple[SearchColumn, ...]:
        return (TokenColumn(self.number, system=f"{LOCAL_TYPES}|{TRACKED}", said=spoken.is_token(self.number)),)


class lines(Word):  # noqa: N801
    """The lines of the order, by the logical ids that a trigger lists."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        ids = [one for one in held if isinstance(one, str)] if isinstance(held, list) else []
        pairs = [
            (f"{PLACE}{place}", Atomic(reference=f"SupplyRequest/{logical_id(one)}")) for place, one in enumerate(ids)
        ]
        return Slots(pairs) if pairs else ABSENT


ORDER = order_of(t.order_fhir_id, t.order_number)
NUMBER = tracking_number(t.tracking_number, t.shipping_carrier)

SUPPLY_DELIVERY = Resource(
    "SupplyDelivery",
    order_shipments,
    store=PHI,
    creatable=False,
    moves=False,
    agrees=("basedOn", "status", "patient", "supplier", "destination"),
    elements={
        "extension": derived(
            array([extension(f"{EXTENSION}/order", {"valueReference": ORDER})]), "SupplyDelivery.extension"
        ),
        "identifier": derived(array([NUMBER]), "SupplyDelivery.identifier"),
        "basedOn": lines(t.line_fhir_ids),
        "status": derived(STATUS, "SupplyDelivery.status"),
        "patient": derived(reference("Patient", t.patient_fhir_id), "SupplyDelivery.patient"),
        "occurrenceDateTime": derived(value(t.shipped_at, EXACT_INSTANT), "SupplyDelivery.occurrence"),
        "supplier": derived(reference("Organization", t.manufacturer_fhir_id), "SupplyDelivery.supplier"),
        "destination": derived(reference("Location", t.facility_fhir_id), "SupplyDelivery.destination"),
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "patient": "patient",
        "supplier": "supplier",
        "order": ORDER.search_columns("reference"),
        "order-number": ORDER.search_columns("token"),
        "tracking-number": NUMBER.search_columns("token"),
        "tracking-number:of-type": NUMBER.of_type_columns(),
    },
    must_exist={"order_fhir_id": "Task"},
)
