"""AuditEvent over order_audit_logs: what was done to an order or a product request, and by whom.

https://hl7.org/fhir/R4/auditevent.html

The log does not say whether it went well, so neither does the resource. Values before and after are details, without
all that could tell of a patient.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select

from fhir_server.json_text import encode_json
from fhir_server.mapping.log import Log
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.primitives import code_or_absent
from fhir_server.mapping.source import Listed, LogIdColumn, ReferenceColumn, StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import Row
from fhir_server.mapping.words import DATA_ABSENT_REASON
from fhir_server.persistence.tables import PHI, order_audit_logs, orders, product_requests
from fhir_server.resources.canonical import CODE_SYSTEM
from fhir_server.resources.logged import (
    ACTIONS,
    DCM,
    ENTITY_ROLES,
    ENTITY_TYPES,
    PRACTITIONER,
    SERVER,
    Tree,
    coding,
    columns_of_versions,
    constant_code,
    moment,
    network,
    practitioner_of,
    recorded,
    sayable,
    text,
    user_agent,
    who,
)

ORDER_ACTIONS = f"{CODE_SYSTEM}/order-action"
APPLICATION_ACTIVITY = "110100"

ACTION_OF = {
    "create": "C",
    "created": "C",
    "view": "R",
    "viewed": "R",
    "update": "U",
    "updated": "U",
    "status_changed": "U",
    "cancel": "U",
    "cancelled": "U",
    "canceled": "U",
    "accept": "U",
    "accepted": "U",
    "submit": "U",
    "submitted": "U",
    "ship": "U",
    "shipped": "U",
    "deliver": "U",
    "delivered": "U",
    "delete": "D",
    "deleted": "D",
}
"""The portal's words in lower case; a cancelled order is changed, not removed. All others are executions: `E`."""

SHOWN = frozenset(
    {
        "carrier",
        "expected_ship_date",
        "manufacturer_id",
        "order_number",
        "priority",
        "product_request_id",
        "shipping_carrier",
        "status",
        "total_amount",
        "tracking_number",
        "user_id",
    }
)
"""Keys whose values tell nothing of a patient. Of all others, known or not, only the name is shown."""

REDACTED = "[redacted]"
_KEY = re.compile("[A-Za-z][A-Za-z0-9_]{0,63}")

a, o, q = order_audit_logs.c, orders.c, product_requests.c

ROWS = Listed.rows(
    "fhir_order_events",
    select(
        func.fhir_log_id(literal_column("'order'"), a.created_at, a.id).label("fhir_id"),
        *columns_of_versions("order_audit_logs.id", a.created_at),
        a.id,
        a.action,
        a.old_values,
        a.new_values,
        a.user_id,
        a.ip_address,
        a.user_agent,
        o.fhir_id.label("order_fhir_id"),
        q.fhir_id.label("request_fhir_id"),
        func.coalesce(o.patient_fhir_id, q.patient_fhir_id).label("patient_fhir_id"),
        practitioner_of("order_audit_logs.user_id"),
    )
    .select_from(
        order_audit_logs.outerjoin(orders, o.id == a.order_id).outerjoin(product_requests, q.id == a.product_request_id)
    )
    .where(sayable(a.created_at)),
)
r = ROWS.c


def compose(row: Row) -> Tree:
    """The AuditEvent of one action."""
    event: Tree = {"type": coding(DCM, APPLICATION_ACTIVITY, "Application Activity")}
    action = row.get("action")
    code, said = code_or_absent(action), text(action)
    if code is not ABSENT:
        event["subtype"] = [coding(ORDER_ACTIONS, code)]
    elif said is not None:
        event["subtype"] = [{"system": ORDER_ACTIONS, "display": said}]
    event |= {"action": ACTION_OF.get(str(action).lower(), "E"), "recorded": recorded(row)}
    event["agent"] = [user_agent(row) | {"who": who(row), "requestor": True} | network(row)]
    event["source"] = {"observer": SERVER}
    order: Tree = {
        "what": _about(row),
        "type": coding(ENTITY_TYPES, "2", "System Object"),
        "role": coding(ENTITY_ROLES, "4", "Domain Resource"),
    }
    details = [
        {"type": name, "valueBase64Binary": b64encode(encode_json(redacted(held))).decode()}
        for name, held in (("old", row.get("old_values")), ("new", row.get("new_values")))
        if held is not None
    ]
    event["entity"] = [order | ({"detail": details} if details else {})]
    patient = row.get("patient_fhir_id")
    if isinstance(patient, str) and patient:
        event["entity"].append(
            {
                "what": {"reference": f"Patient/{logical_id(patient)}"},
                "type": coding(ENTITY_TYPES, "1", "Person"),
                "role": coding(ENTITY_ROLES, "1", "Patient"),
            }
        )
    return event


def _about(row: Row) -> Tree:
    for resource_type, column in (("Task", "order_fhir_id"), ("DeviceRequest", "request_fhir_id")):
        held = row.get(column)
        if isinstance(held, str):
            return {"reference": f"{resource_type}/{logical_id(held)}"}
    return {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "unknown"}]}


def redacted(held: Any) -> Any:
    """What was logged of an order with nothing that may tell of a patient.

    >>> redacted({"status": "shipped", "notes": "wound", "Ann Smith": 1})
    {'status': 'shipped', 'notes': '[redacted]'}
    """
    if not isinstance(held, dict):
        return REDACTED
    return {
        key: value if key in SHOWN and not isinstance(value, dict | list) else REDACTED
        for key, value in held.items()
        if _KEY.fullmatch(key)
    }


def _action() -> ColumnElement[Any]:
    by_code: dict[str, list[ColumnElement[Any]]] = {}
    for word, code in ACTION_OF.items():
        by_code.setdefault(code, []).append(literal_column(f"'{word}'"))
    lower = func.lower(r.action)
    return case(
        *((lower.in_(words), literal_column(f"'{code}'")) for code, words in by_code.items()),
        else_=literal_column("'E'"),
    )


def _of_patient(system: str, code: str) -> TokenColumn:
    said = case((r.patient_fhir_id.is_not(None), literal_column(f"'{code}'")))
    return TokenColumn(said, system=system, complete=True)


_ORDER = ReferenceColumn(r.order_fhir_id, "Task", complete=True)
_REQUEST = ReferenceColumn(r.request_fhir_id, "DeviceRequest", complete=True)
_PATIENT = ReferenceColumn(r.patient_fhir_id, "Patient", complete=True)

ORDER_EVENT = Log(
    "AuditEvent",
    ROWS,
    PHI,
    compose,
    search={
        "_id": (LogIdColumn(r.fhir_id, r.id, "fhir_log_keys", "order"),),
        "_lastUpdated": (moment(r.updated_at),),
        "date": (moment(r.updated_at),),
        "type": (constant_code(DCM, APPLICATION_ACTIVITY),),
        "subtype": (TokenColumn(r.action, system=ORDER_ACTIONS, complete=True),),
        "action": (TokenColumn(_action(), system=ACTIONS, complete=True),),
        "address": (StringColumn(r.ip_address, complete=True),),
        "agent": (PRACTITIONER,),
        "entity": (_ORDER, _REQUEST, _PATIENT),
        "patient": (_PATIENT,),
        "entity-type": (constant_code(ENTITY_TYPES, "2"), _of_patient(ENTITY_TYPES, "1")),
        "entity-role": (constant_code(ENTITY_ROLES, "4"), _of_patient(ENTITY_ROLES, "1")),
    },
    sort={"date": r.updated_at},
)
