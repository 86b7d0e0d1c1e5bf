"""AuditEvent over fhir_audit_logs: who read or wrote what through FHIR (https://hl7.org/fhir/R4/auditevent.html).

In the shape of IHE's Basic Audit Log Patterns: a type `rest`, the interaction, who asked, the server, and an entity for
each version that was returned or written. What was searched for is not in the log, and so not here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column, or_, select

from fhir_server.mapping.log import Log
from fhir_server.mapping.source import Listed, LogIdColumn, NamesColumn, StringColumn, TokenColumn
from fhir_server.mapping.word import Row
from fhir_server.persistence.tables import PHI, fhir_audit_logs
from fhir_server.resources.canonical import CODE_SYSTEM
from fhir_server.resources.logged import (
    ACTIONS,
    AUDIT_TYPES,
    DCM,
    ENTITY_ROLES,
    ENTITY_TYPES,
    OUTCOMES,
    PRACTITIONER,
    SERVER,
    Tree,
    asked_for,
    coding,
    columns_of_versions,
    constant_code,
    moment,
    named,
    network,
    practitioner_of,
    recorded,
    sayable,
    text,
    user_agent,
    who,
)

RESTFUL = "http://hl7.org/fhir/restful-interaction"
OPERATIONS = f"{CODE_SYSTEM}/audit-operation"
BASIC_ENTITY_TYPES = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
REQUEST_ID = "XrequestId"
PERSON, SYSTEM_OBJECT = "1", "2"
PATIENT_ROLE, DOMAIN_RESOURCE = "1", "4"

INTERACTIONS = ("read", "vread", "update", "patch", "delete", "create", "transaction")
"""What the log and FHIR's code system of interactions call the same."""

ACTION_OF = {
    "create": "C",
    "read": "R",
    "vread": "R",
    "history": "R",
    "update": "U",
    "patch": "U",
    "meta-add": "U",
    "meta-delete": "U",
    "delete": "D",
}
"""All others are executions: `E`."""

a = fhir_audit_logs.c

ROWS = Listed.rows(
    "fhir_access_events",
    select(
        func.fhir_log_id(literal_column("'access'"), a.created_at, a.id).label("fhir_id"),
        *columns_of_versions("fhir_audit_logs.id", a.created_at),
        a.id,
        a.resource_type,
        a.resource_id,
        a.operation,
        a.user_id,
        a.ip_address,
        a.user_agent,
        a.outcome,
        a.status,
        a.entities,
        a.request_id,
        practitioner_of("fhir_audit_logs.user_id"),
    ).where(sayable(a.created_at)),
)
r = ROWS.c


def compose(row: Row) -> Tree:
    """The AuditEvent of one access."""
    operation = str(row.get("operation"))
    event: Tree = {"type": coding(AUDIT_TYPES, "rest", "RESTful Operation")}
    subtype = _subtype(row, operation)
    if subtype:
        event["subtype"] = subtype
    event |= {"action": ACTION_OF.get(operation, "E"), "recorded": recorded(row)}
    outcome = _outcome(row)
    if outcome is not None:
        event["outcome"] = outcome
        if outcome != "0":
            event["outcomeDesc"] = f"HTTP status {row['status']}"
    event["agent"] = [_requestor(row), _server(operation)]
    event["source"] = {"observer": SERVER}
    entities = _entities(row)
    if entities:
        event["entity"] = entities
    return event


def _subtype(row: Row, operation: str) -> list[Tree]:
    if operation in INTERACTIONS:
        return [coding(RESTFUL, operation)]
    kind = row.get("resource_type")
    if operation == "search":
        return [coding(RESTFUL, "search-system" if kind == "Resource" else "search-type")]
    if operation == "history":
        level = "instance" if row.get("resource_id") is not None else "system" if kind == "Resource" else "type"
        return [coding(RESTFUL, f"history-{level}")]
    name = text(operation)
    own = [] if name is None or " " in name else [coding(OPERATIONS, name)]
    return own if operation == "other" else [coding(RESTFUL, "operation"), *own]


def _outcome(row: Row) -> str | None:
    if row.get("outcome") == "success":
        return "0"
    status = row.get("status")
    if row.get("outcome") != "failure" or not isinstance(status, int):
        return None
    return "4" if 400 <= status <= 499 else "8" if 500 <= status <= 599 else None


def _requestor(row: Row) -> Tree:
    reads = str(row.get("operation")) not in ("create", "update", "patch", "delete")
    role = coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP" if reads else "AUT")
    agent: Tree = {"type": {"coding": [role]}, "who": who(row), "requestor": True}
    return user_agent(row) | agent | network(row)


def _server(operation: str) -> Tree:
    # In a read the data goes from the server to the client, otherwise the request does the other way.
    code, display = (
        ("110153", "Source Role ID") if operation in ("read", "vread") else ("110152", "Destination Role ID")
    )
    return {"type": {"coding": [coding(DCM, code, display)]}, "who": SERVER, "requestor": False}


def _entities(row: Row) -> list[Tree]:
    entities = row.get("entities")
    names = [one for one in entities if named(one)] if isinstance(entities, list) else []
    asked = asked_for(row)
    if not names and asked is not None:
        names = [asked]
    found = [_entity(name) for name in dict.fromkeys(names)]
    request = text(row.get("request_id"))
    if request is not None:
        found.append({"what": {"identifier": {"value": request}}, "type": coding(BASIC_ENTITY_TYPES, REQUEST_ID)})
    return found


def _entity(name: str) -> Tree:
    if name.startswith("Patient/"):
        kind, role = coding(ENTITY_TYPES, PERSON, "Person"), coding(ENTITY_ROLES, PATIENT_ROLE, "Patient")
    else:
        kind = coding(ENTITY_TYPES, SYSTEM_OBJECT, "System Object")
        role = coding(ENTITY_ROLES, DOMAIN_RESOURCE, "Domain Resource")
    return {"what": {"reference": name}, "type": kind, "role": role}


def _same(*codes: str) -> Any:
    return lambda code: (code,) if code in codes else ()


def _operations_of(action: str) -> tuple[str, ...]:
    return tuple(operation for operation, code in ACTION_OF.items() if code == action)


def _levels() -> ColumnElement[Any]:
    """The interactions that differ by what they are asked of, and operations."""
    is_system = r.resource_type == literal_column("'Resource'")
    search = case((is_system, literal_column("'search-system'")), else_=literal_column("'search-type'"))
    history = case(
        (r.resource_id.is_not(None), literal_column("'history-instance'")),
        (is_system, literal_column("'history-system'")),
        else_=literal_column("'history-type'"),
    )
    plain = r.operation.in_([literal_column(f"'{name}'") for name in (*INTERACTIONS, "other")])
    return case(
        (r.operation == literal_column("'search'"), search),
        (r.operation == literal_column("'history'"), history),
        (~plain, literal_column("'operation'")),
    )


def _own_operation() -> ColumnElement[Any]:
    known: list[ColumnElement[Any]] = [literal_column(f"'{name}'") for name in (*INTERACTIONS, "search", "history")]
    return case((r.operation.not_in(known), r.operation))


def _names(pattern: str) -> ColumnElement[bool]:
    texts = func.array_to_string(r.entities, literal_column("' '"))
    return texts.bool_op("~")(literal_column(f"'{pattern}'"))


_alone = and_(func.coalesce(func.cardinality(r.entities), 0) == literal_column("0"), r.resource_id.is_not(None))
_of_patient = r.resource_type == literal_column("'Patient'")
_person = or_(_names("(^| )Patient/"), and_(_alone, _of_patient))
_object = or_(_names("(^| )(?!Patient/)[A-Z]"), and_(_alone, ~_of_patient))


def _where(condition: ColumnElement[bool], system: str, code: str) -> TokenColumn:
    """A code that rows say where a condition holds."""
    return TokenColumn(case((condition, literal_column(f"'{code}'"))), system=system, complete=True)


_executed = r.operation.not_in([literal_column(f"'{name}'") for name in ACTION_OF])
_LEVELLED = ("search-type", "search-system", "history-instance", "history-type", "history-system", "operation")

ACCESS_EVENT = Log(
    "AuditEvent",
    ROWS,
    PHI,
    compose,
    search={
        "_id": (LogIdColumn(r.fhir_id, r.id, "fhir_log_keys", "access"),),
        "_lastUpdated": (moment(r.updated_at),),
        "date": (moment(r.updated_at),),
        "type": (constant_code(AUDIT_TYPES, "rest"),),
        "subtype": (
            TokenColumn(r.operation, system=RESTFUL, stored=_same(*INTERACTIONS), complete=True),
            TokenColumn(_levels(), system=RESTFUL, stored=_same(*_LEVELLED), complete=True),
            TokenColumn(_own_operation(), system=OPERATIONS, complete=True),
        ),
        "action": (
            TokenColumn(r.operation, system=ACTIONS, stored=_operations_of, complete=True),
            TokenColumn(case((_executed, literal_column("'E'"))), system=ACTIONS, stored=_same("E"), complete=True),
        ),
        "outcome": (
            _where(r.outcome == literal_column("'success'"), OUTCOMES, "0"),
            *(
                _where(
                    and_(
                        r.outcome == literal_column("'failure'"),
                        r.status.between(literal_column(f"{first}00"), literal_column(f"{first}99")),
                    ),
                    OUTCOMES,
                    code,
                )
                for first, code in ((4, "4"), (5, "8"))
            ),
        ),
        "address": (StringColumn(r.ip_address, complete=True),),
        "agent": (PRACTITIONER,),
        "entity": (NamesColumn(r.entities, r.resource_type, r.resource_id),),
        "patient": (NamesColumn(r.entities, r.resource_type, r.resource_id, target_type="Patient"),),
        "entity-type": (
            _where(_person, ENTITY_TYPES, PERSON),
            _where(_object, ENTITY_TYPES, SYSTEM_OBJECT),
            _where(r.request_id.is_not(None), BASIC_ENTITY_TYPES, REQUEST_ID),
        ),
        "entity-role": (
            _where(_person, ENTITY_ROLES, PATIENT_ROLE),
            _where(_object, ENTITY_ROLES, DOMAIN_RESOURCE),
        ),
    },
    sort={"date": r.updated_at},
)
