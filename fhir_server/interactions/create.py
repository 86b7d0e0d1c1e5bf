"""create and conditional create (https://hl7.org/fhir/R4/http.html#create)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from psycopg import Connection

from fhir_server.errors import MultipleMatches
from fhir_server.interactions.answers import preferred_body, prefers, version_headers, written_answer
from fhir_server.interactions.conditional import lock_criteria, matches
from fhir_server.interactions.content import acceptable, resource_of
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.storing import as_written, store
from fhir_server.mapping.minted import version_name
from fhir_server.persistence import audit
from fhir_server.persistence.states import lock_states
from fhir_server.persistence.writes import Change


def create(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """Store a new resource under an id of the server's making; with If-None-Exist only when nothing matches."""
    tree = acceptable(context, resource_of(request, resource_type), second=True)
    criteria = request.headers.get("if-none-exist")

    def work(connection: Connection[Any]) -> FhirResponse:
        if criteria is not None:
            lock_criteria(connection, resource_type, criteria)
            found = matches(context, connection, request, resource_type, criteria)
            if len(found) > 1:
                raise MultipleMatches("If-None-Exist matches more than one resource")
            if found:
                return _existing(context, request, connection, resource_type, found[0])
        written = store(context, connection, request, [Change(resource_type, str(uuid4()), "POST", tree)], "create")[0]
        return written_answer(request, written)

    return context.database.transaction(work)


def _existing(
    context: Context, request: FhirRequest, connection: Connection[Any], resource_type: str, fhir_id: str
) -> FhirResponse:
    state = lock_states(connection, context.registry, [(resource_type, fhir_id)])[resource_type, fhir_id]
    written = as_written(context, state)
    entity = version_name(resource_type, fhir_id, state.version_id)
    audit.record(connection, audit_of(request, "read", resource_type, fhir_id, status=200, entities=(entity,)))
    headers = version_headers(state.version_id, state.updated_at)
    headers["Location"] = f"{request.base_url}/{entity}"
    return FhirResponse(200, headers, preferred_body(prefers(request, "return"), written))
