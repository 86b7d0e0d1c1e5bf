"""update, update-as-create and conditional update (https://hl7.org/fhir/R4/http.html#update)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from psycopg import Connection

from fhir_server.errors import Conflict, InvalidRequest, MultipleMatches
from fhir_server.interactions import preconditions
from fhir_server.interactions.answers import written_answer
from fhir_server.interactions.conditional import lock_criteria, matches
from fhir_server.interactions.content import acceptable, checked_id, resource_of
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.storing import store
from fhir_server.persistence.states import lock_states
from fhir_server.persistence.writes import Change


def update(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """Replace the resource, or make it under the client's id where there is none."""
    tree = resource_of(request, resource_type)
    checked_id(tree, fhir_id)
    tree = acceptable(context, tree, second=True)
    return context.database.transaction(lambda connection: _put(context, connection, request, tree, fhir_id))


def conditional_update(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """Replace the one resource that the criteria match, or create it when nothing matches."""
    tree = acceptable(context, resource_of(request, resource_type), second=True)

    def work(connection: Connection[Any]) -> FhirResponse:
        lock_criteria(connection, resource_type, request.query)
        found = matches(context, connection, request, resource_type, request.query)
        said_id = tree.get("id")
        fhir_id = target_of(found, said_id and context.database.row_ids.one(said_id))
        if not found and fhir_id is not None:
            states = lock_states(connection, context.registry, [(resource_type, fhir_id)])
            if any(state.deleted_at is None for state in states.values()):
                raise Conflict("Nothing matches the criteria, but the resource's id belongs to another resource")
        return _put(context, connection, request, tree, fhir_id or str(uuid4()))

    return context.database.transaction(work)


def target_of(found: list[str], said_id: str | None) -> str | None:
    """The id that a conditional update writes: the match, or the resource's own id, or None for a new one; all of rows.

    Raises MultipleMatches, and InvalidRequest when the resource says another id than the match has.
    """
    if len(found) > 1:
        raise MultipleMatches("The criteria match more than one resource")
    if not found:
        return said_id
    if said_id is not None and said_id != found[0]:
        raise InvalidRequest("The resource has another id than the one that the criteria match")
    return found[0]


def _put(
    context: Context, connection: Connection[Any], request: FhirRequest, tree: dict[str, Any], fhir_id: str
) -> FhirResponse:
    resource_type = tree["resourceType"]
    state = lock_states(connection, context.registry, [(resource_type, fhir_id)]).get((resource_type, fhir_id))
    preconditions.check(request.headers.get("if-match"), request.headers.get("if-none-match"), state)
    change = Change(resource_type, fhir_id, "PUT", tree, state)
    return written_answer(request, store(context, connection, request, [change], "update")[0])
