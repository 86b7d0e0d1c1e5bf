"""What the resources over logs share: who did it, what a name in a log leads to, columns that logs answer from.

https://hl7.org/fhir/R4/auditevent.html and https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Label, and_, func, literal_column

from business.lifecycles import ORDERS, REQUESTS
from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.mapping.minted import is_logical_id, logical_id
from fhir_server.mapping.primitives import text_or_absent
from fhir_server.mapping.rendering import instant
from fhir_server.mapping.source import DateColumn, ReferenceColumn, Through, TokenColumn
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import Row
from fhir_server.mapping.words import DATA_ABSENT_REASON
from fhir_server.persistence.tables import fhir_practitioners
from fhir_server.resources.canonical import EXTENSION
from fhir_server.resources.order_numbers import USER

Tree = dict[str, Any]

USER_AGENT = f"{EXTENSION}/user-agent"

AUDIT_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
ENTITY_TYPES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ENTITY_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
ACTIONS = "http://hl7.org/fhir/audit-event-action"
OUTCOMES = "http://hl7.org/fhir/audit-event-outcome"
IP_ADDRESS = "2"

SERVER = {"type": "Device", "display": "fhir-server"}
"""The observer of what its logs say; it has no resource of its own."""

_MILLISECOND: ColumnElement[Any] = literal_column("interval '1 millisecond'")
_NAME = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([1-9][0-9]{0,17}))?")

WRITES = (
    "create",
    "update",
    "patch",
    "delete",
    "transaction",
    "meta-add",
    "meta-delete",
    "validate-mac",
    *sorted({step.action for lifecycle in (REQUESTS, ORDERS) for step in lifecycle.transitions}),
)
"""What the audit calls interactions and operations that make versions; all that a successful one names are its."""


def columns_of_versions(key: str, created_at: ColumnElement[Any]) -> tuple[Label[Any], ...]:
    """The columns that every table of resources has, for rows that have one version for ever.

    Keys are negative: those of resources are not.
    """
    return (
        literal_column(f"-{key}").label("resource_key"),
        literal_column("1::bigint").label("version_id"),
        created_at.label("updated_at"),
        literal_column("NULL::timestamptz").label("deleted_at"),
        literal_column("NULL::bigint").label("document_version"),
    )


def practitioner_of(user: str) -> Label[Any]:
    """The practitioner behind a user, as for the requests of orders."""
    return literal_column(
        f"(SELECT p.fhir_id FROM fhir_practitioners AS p WHERE p.user_id = {user} "
        "ORDER BY p.deleted_at IS NOT NULL, p.id LIMIT 1)"
    ).label("practitioner_fhir_id")


def moment(column: ColumnElement[Any]) -> DateColumn:
    """A point in time as clients see it, in milliseconds; its index serves every prefix."""
    whole: ColumnElement[Any] = func.date_trunc(literal_column("'milliseconds'"), column)
    return DateColumn(column, whole + _MILLISECOND, complete=True, widest=_MILLISECOND)


def constant_code(system: str, code: str) -> TokenColumn:
    """The column of an element that says the same code in every row."""
    return TokenColumn(literal_column(f"'{code}'"), system=system, complete=True)


def sayable(created_at: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a row was written at a moment which FHIR can say; nobody logs at infinity."""
    return and_(
        created_at >= literal_column("'1970-01-01Z'::timestamptz"),
        created_at < literal_column("'9999-12-31Z'::timestamptz"),
    )


PRACTITIONER = ReferenceColumn(
    fhir_practitioners.c.fhir_id, "Practitioner", Through(fhir_practitioners, "user_id", "user_id"), complete=True
)
"""The practitioner behind the column user_id."""


def who(row: Row) -> Tree:
    """The practitioner behind the user, else the user's key, else that nobody knows."""
    practitioner, user = row.get("practitioner_fhir_id"), row.get("user_id")
    if isinstance(practitioner, str) and practitioner:
        return {"reference": f"Practitioner/{logical_id(practitioner)}"}
    if user is not None:
        return {"identifier": {"system": USER, "value": str(user)}}
    return {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "unknown"}]}


def recorded(row: Row) -> str:
    """When the row was written, as meta.lastUpdated says it."""
    return instant(datetime.fromisoformat(row["updated_at"]))


def named(text: Any) -> tuple[str, str, str | None] | None:
    """(type, id, version) of a name in a log; None for what is none."""
    found = _NAME.fullmatch(text) if isinstance(text, str) else None
    return (found[1], found[2], found[3]) if found is not None and found[1] in RESOURCE_TYPES else None


def asked_for(row: Row) -> str | None:
    """`Type/id` of what the row says was asked for, if that can be."""
    kind, identity = row.get("resource_type"), row.get("resource_id")
    if isinstance(kind, str) and isinstance(identity, str) and kind in RESOURCE_TYPES and is_logical_id(identity):
        return f"{kind}/{identity}"
    return None


def text(value: Any) -> str | None:
    """A column as FHIR string, None where it is none."""
    said = text_or_absent(value)
    return None if said is ABSENT else str(said)


def coding(system: str, code: str, display: str | None = None) -> Tree:
    """A Coding."""
    return {"system": system, "code": code} | ({} if display is None else {"display": display})


def network(row: Row) -> Tree:
    """Where a request came from, as a member of AuditEvent.agent."""
    address = text(row.get("ip_address"))
    return {} if address is None else {"network": {"address": address, "type": IP_ADDRESS}}


def user_agent(row: Row) -> Tree:
    """With what it was made, as an extension of AuditEvent.agent."""
    said = text(row.get("user_agent"))
    return {} if said is None else {"extension": [{"url": USER_AGENT, "valueString": said}]}
