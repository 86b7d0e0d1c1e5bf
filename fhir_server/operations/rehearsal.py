"""Whether a write would be accepted: it is done and taken back, so the answer is the one that the write would get.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from psycopg import Connection, Rollback

from fhir_server.errors import FhirError, Issue
from fhir_server.interactions.content import checked_id, without_server_meta
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest
from fhir_server.persistence.own_definitions import refuse_own
from fhir_server.persistence.parameters import SEARCH_PARAMETER, define
from fhir_server.persistence.states import State, lock_states
from fhir_server.persistence.writes import Change, write

REFUSALS = frozenset({400, 409, 412, 422})
"""The statuses of what a client did wrong; anything else says nothing about the write."""


def rehearse_create(context: Context, request: FhirRequest, tree: dict[str, Any]) -> tuple[Issue, ...]:
    """Why a valid resource could not be created; empty when it could."""
    kind = tree["resourceType"]
    return _rehearsed(context, request, lambda _: Change(kind, str(uuid4()), "POST", without_server_meta(tree)))


def rehearse_update(context: Context, request: FhirRequest, tree: dict[str, Any], fhir_id: str) -> tuple[Issue, ...]:
    """Why a valid resource could not be stored under the id of this row; empty when it could."""
    kind = tree["resourceType"]
    try:
        checked_id(tree, fhir_id)
    except FhirError as error:
        return error.issues

    def change(connection: Connection[Any]) -> Change:
        return Change(kind, fhir_id, "PUT", without_server_meta(tree), _state(context, connection, kind, fhir_id))

    return _rehearsed(context, request, change)


def rehearse_delete(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> tuple[Issue, ...]:
    """Why the resource could not be deleted; empty when it could."""

    def change(connection: Connection[Any]) -> Change | None:
        state = _state(context, connection, resource_type, fhir_id)
        gone = state is None or state.deleted_at is not None
        return None if gone else Change(resource_type, fhir_id, "DELETE", None, state)

    return _rehearsed(context, request, change)


def _state(context: Context, connection: Connection[Any], kind: str, fhir_id: str) -> State | None:
    return lock_states(connection, context.registry, [(kind, fhir_id)]).get((kind, fhir_id))


def _rehearsed(
    context: Context, request: FhirRequest, make: Callable[[Connection[Any]], Change | None]
) -> tuple[Issue, ...]:
    def work(connection: Connection[Any]) -> None:
        # A block of its own is taken back without a failure of the transaction around it.
        with connection.transaction() as block:
            change = make(connection)
            if change is not None:
                refuse_own(connection, [change])
                write(connection, context.registry, [change], base_url=request.base_url, zone=context.zone)
                if change.resource_type == SEARCH_PARAMETER:
                    define(connection, [change], None)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            # Statements wait in the pipeline for their errors until somebody reads.
            connection.execute("SELECT 1").fetchone()
            raise Rollback(block)

    try:
        context.database.transaction(work)
    except FhirError as error:
        if error.status not in REFUSALS:
            raise
        return error.issues
    return ()
