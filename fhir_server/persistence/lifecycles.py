"""Orders and requests under lock: the facts that the rules want, and the steps that they allow.

`migrations/sql/0016_facts.sql` says what the facts are; triggers go by the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.errors import CheckViolation

from business.authorizations import Authorization, Use
from business.orders import Facts, Line, OrderFacts, RequestFacts
from fhir_server.errors import Issue, Unprocessable
from fhir_server.mapping.resource import Resource

LIFECYCLE = "lifecycle"
"""The name of the constraint that the triggers say is violated."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A row under lock: its table and key, the facts for the rules, and what it says of a shipment and a reason."""

    table: str
    key: int
    facts: Facts


# The portal's keys, which no element says, and the copies beside them, which one does.
_SAID_AS: Mapping[str, str] = {"facility_id": "facility_fhir_id", "product_request_id": "product_request_fhir_id"}


def expression_of(resource: Resource, field: str) -> str:
    """The FHIRPath of the element by which a problem with a field can be mended; else of the resource."""
    return resource.expression_of(_SAID_AS.get(field, field))


def against_the_rules(resource: Resource, error: CheckViolation) -> Unprocessable:
    """What a trigger said of a status, as one issue for each problem."""
    sentences = str(error.diag.message_primary).split("\n")
    columns = str(error.diag.column_name).split(",")
    issues = tuple(
        Issue("error", "business-rule", sentence, (expression_of(resource, column),))
        for sentence, column in zip(sentences, columns, strict=True)
    )
    return Unprocessable(" ".join(sentences), issues=issues)


_LOCK_REQUEST_OF_ORDER = """
SELECT r.id FROM product_requests AS r
WHERE r.id = (SELECT o.product_request_id FROM orders AS o WHERE o.fhir_id = %s) FOR NO KEY UPDATE
"""
_ORDER = """
SELECT o.id, lifecycle.order_facts(o, o.status) FROM orders AS o
WHERE o.fhir_id = %s AND o.deleted_at IS NULL
"""
_REQUEST = """
SELECT r.id, lifecycle.request_facts(r, r.status) FROM product_requests AS r
WHERE r.fhir_id = %s AND r.deleted_at IS NULL
"""


def lock_request_of(connection: Connection[Any], order: str) -> None:
    """Lock the product request of an order, which must be done before the order itself is locked.

    Who changes a request goes on to its orders; in the other order the two would wait for each other.
    """
    connection.execute(_LOCK_REQUEST_OF_ORDER, (order,))


def standing(connection: Connection[Any], table: str, fhir_id: str) -> Standing:
    """The facts of a row of `orders` or `product_requests` that the transaction holds locked and that is there."""
    ((key, facts),) = connection.execute(_ORDER if table == "orders" else _REQUEST, (fhir_id,))
    return Standing(table, key, _facts(json.loads(facts, parse_float=Decimal)))


def _facts(said: Mapping[str, Any]) -> Facts:
    common: dict[str, Any] = {
        "status": said["status"],
        "today": date.fromisoformat(said["today"]),
        "lines": tuple(
            Line(one["product"], one["quantity"], one["requires_authorization"], decimal_of(one["total"]))
            for one in said["lines"]
        ),
        "authorizations": tuple(authorization_of(one) for one in said["authorizations"]),
        "uses": tuple(use_of(one) for one in said["uses"]),
        "reason": said["reason"],
        "held_from": said["held_from"],
    }
    if said["lifecycle"] == "product-request":
        return RequestFacts(**common, patient=said["patient"], facility=said["facility"])
    return OrderFacts(
        **common, request=said["request"], tracking_number=said["tracking_number"], carrier=said["carrier"]
    )


def authorization_of(said: Mapping[str, Any]) -> Authorization:
    """An authorization as the facts say it."""
    return Authorization(
        said["id"],
        said["status"],
        said["number"],
        _day(said["approved_on"]),
        _day(said["expires_on"]),
        said["approved_units"],
        None if said["approved_amount"] is None else decimal_of(said["approved_amount"]),
    )


def use_of(said: Mapping[str, Any]) -> Use:
    """What an order takes of an authorization, as the facts say it."""
    return Use(said["order"], said["status"], said["units"], decimal_of(said["amount"]), _day(said["ordered_on"]))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def decimal_of(number: int | Decimal) -> Decimal:
    """An amount of the facts in cents."""
    return Decimal(number).quantize(Decimal("0.01"))


# The tables and columns that a step may set; nothing else of a statement comes from outside of this module.
_STEP_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "orders": ("status", "status_reason", "tracking_number", "shipping_carrier", "expected_ship_date"),
    "product_requests": ("status", "status_reason", "submitted_at", "completed_at", "clinical_details"),
}


def take_step(connection: Connection[Any], row: Standing, values: Mapping[str, Any]) -> None:
    """Set columns of a row, as the portal would. Raises psycopg.errors.CheckViolation when a trigger refuses."""
    known = _STEP_COLUMNS[row.table]
    if not values.keys() <= set(known):
        raise ValueError(sorted(values.keys() - set(known)))
    if values.get("status_reason") is not None:
        # The trigger takes a reason that was there before for none, also where somebody gives the same again.
        connection.execute(
            f"UPDATE {row.table} SET status_reason = NULL WHERE id = %s AND status_reason = %s",
            (row.key, values["status_reason"]),
        )
    sets = ", ".join(f"{name} = %({name})s" for name in known if name in values)
    connection.execute(f"UPDATE {row.table} SET {sets} WHERE id = %(key)s", {**values, "key": row.key})


_SET_PRODUCTS = """
UPDATE product_requests SET clinical_details = coalesce(clinical_details, '{}') || jsonb_build_object('products', (
    SELECT jsonb_agg(jsonb_build_object('product_id', p.id, 'quantity', asked.quantity) ORDER BY asked.place)
    FROM unnest(%(ids)s::text[], %(quantities)s::int[]) WITH ORDINALITY AS asked (id, quantity, place)
    JOIN products AS p ON p.fhir_id = asked.id))
WHERE fhir_id = %(request)s AND jsonb_typeof(coalesce(clinical_details, '{}')) = 'object'
    AND NOT EXISTS (SELECT FROM unnest(%(ids)s::text[]) AS asked (id)
                    WHERE NOT EXISTS (SELECT FROM products AS p WHERE p.fhir_id = asked.id AND p.deleted_at IS NULL))
RETURNING id
"""


def set_products(connection: Connection[Any], request: str, products: Mapping[str, int]) -> None:
    """Note which products a locked request asks for, by the ids of their rows.

    Raises Unprocessable for unknown ones.
    """
    said = {"request": request, "ids": list(products), "quantities": list(products.values())}
    if connection.execute(_SET_PRODUCTS, said).fetchone() is None:
        raise Unprocessable("A product that is asked for is none of the portal's products", ("DeviceRequest",))


def act_as(connection: Connection[Any], user_id: int | None) -> None:
    """Say to the triggers, until the transaction ends, who changes things."""
    if user_id is not None:
        connection.execute("SELECT set_config('portal.user_id', %s, true)", (str(user_id),))
