"""The current resource that an operation on an instance is about (https://hl7.org/fhir/R4/operations.html)."""

from __future__ import annotations

from typing import Any

from fhir_server.errors import Gone, NotFound
from fhir_server.interactions.context import Context
from fhir_server.interactions.read import refuse_absent
from fhir_server.interactions.stored import StoredVersion
from fhir_server.json_text import read_json
from fhir_server.persistence.states import State


def current(context: Context, resource_type: str, fhir_id: str) -> dict[str, Any]:
    """The resource as a read gives it; `fhir_id` is that of the row. Raises NotFound and Gone as a read does."""
    statement = context.statements.read(resource_type, fhir_id, visibility=context.visibility)
    rows = context.database.rows(statement.sql, statement.parameters)
    if not rows:
        refuse_absent(context, resource_type, fhir_id)
    one = StoredVersion(*rows[0][1:])
    if one.deleted_at is not None:
        raise Gone("The resource was deleted")
    found: dict[str, Any] = read_json(one.json(context.registry))
    return found


def living(state: State | None) -> State:
    """A locked state that is there. Raises NotFound and Gone."""
    if state is None:
        raise NotFound("There is no such resource")
    if state.deleted_at is not None:
        raise Gone("The resource was deleted")
    return state
