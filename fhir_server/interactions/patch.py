"""patch and conditional patch, with JSON Patch, FHIRPath Patch and merge patch (https://hl7.org/fhir/R4/http.html#patch)."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from fhir_server.errors import Gone, MultipleMatches, NotFound, UnsupportedMediaType
from fhir_server.interactions import preconditions
from fhir_server.interactions.answers import written_answer
from fhir_server.interactions.conditional import lock_criteria, matches
from fhir_server.interactions.content import acceptable
from fhir_server.interactions.context import Context
from fhir_server.interactions.patching import patched
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.storing import store
from fhir_server.json_text import Tree, parse_json
from fhir_server.mapping.minted import logical_id
from fhir_server.persistence.states import State, lock_states
from fhir_server.persistence.writes import Change


def patch(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """Apply the patch to the current version, which makes the next one."""
    document = _patch_of(request)
    return context.database.transaction(
        lambda connection: _apply(context, connection, request, resource_type, fhir_id, document)
    )


def conditional_patch(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """Patch the one resource that the criteria match."""
    document = _patch_of(request)

    def work(connection: Connection[Any]) -> FhirResponse:
        lock_criteria(connection, resource_type, request.query)
        found = matches(context, connection, request, resource_type, request.query)
        if not found:
            raise NotFound("No resource matches the criteria")
        if len(found) > 1:
            raise MultipleMatches("The criteria match more than one resource")
        return _apply(context, connection, request, resource_type, found[0], document)

    return context.database.transaction(work)


def _patch_of(request: FhirRequest) -> Tree:
    if request.content_type is None:
        raise UnsupportedMediaType("The request needs a body of Content-Type application/json-patch+json")
    return parse_json(request.body)


def _apply(
    context: Context,
    connection: Connection[Any],
    request: FhirRequest,
    resource_type: str,
    fhir_id: str,
    document: Tree,
) -> FhirResponse:
    state = lock_states(connection, context.registry, [(resource_type, fhir_id)]).get((resource_type, fhir_id))
    preconditions.check(request.headers.get("if-match"), request.headers.get("if-none-match"), state)
    tree = patched_state(context, state, request.content_type or "", document)
    change = Change(resource_type, fhir_id, "PUT", tree, state)
    return written_answer(request, store(context, connection, request, [change], "patch")[0])


def patched_state(context: Context, state: State | None, content_type: str, document: Tree) -> dict[str, Any]:
    """The valid resource that the patch makes of a locked state.

    Raises NotFound and Gone besides what patching raises.
    """
    if state is None:
        raise NotFound("There is no such resource")
    if state.deleted_at is not None:
        raise Gone("The resource was deleted")
    before = {**state.tree(context.registry), "id": logical_id(state.fhir_id)}
    tree = patched(before["resourceType"], before, content_type, document)
    return acceptable(context, tree, second=True)
