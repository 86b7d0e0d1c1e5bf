"""delete and conditional delete (https://hl7.org/fhir/R4/http.html#delete)."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from fhir_server.errors import MultipleMatches
from fhir_server.interactions import preconditions
from fhir_server.interactions.conditional import lock_criteria, matches
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.etags import entity_tag
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.storing import store
from fhir_server.persistence import audit
from fhir_server.persistence.states import lock_states
from fhir_server.persistence.writes import Change


def delete(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """Delete the resource: a version of its own, after which reads are 410; what is not there is deleted already."""
    return context.database.transaction(
        lambda connection: _delete(context, connection, request, resource_type, fhir_id)
    )


def conditional_delete(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """Delete the one resource that the criteria match, if any."""

    def work(connection: Connection[Any]) -> FhirResponse:
        lock_criteria(connection, resource_type, request.query)
        found = matches(context, connection, request, resource_type, request.query)
        if len(found) > 1:
            raise MultipleMatches("The criteria match more than one resource; only single ones are deleted")
        if not found:
            audit.record(connection, audit_of(request, "delete", resource_type, status=204))
            return FhirResponse(204)
        return _delete(context, connection, request, resource_type, found[0])

    return context.database.transaction(work)


def _delete(
    context: Context, connection: Connection[Any], request: FhirRequest, resource_type: str, fhir_id: str
) -> FhirResponse:
    state = lock_states(connection, context.registry, [(resource_type, fhir_id)]).get((resource_type, fhir_id))
    preconditions.check(request.headers.get("if-match"), None, state)
    if state is None or state.deleted_at is not None:
        audit.record(connection, audit_of(request, "delete", resource_type, fhir_id, status=204))
        return FhirResponse(204)
    written = store(context, connection, request, [Change(resource_type, fhir_id, "DELETE", None, state)], "delete")[0]
    return FhirResponse(204, {"ETag": entity_tag(str(written.version_id))})
