"""The last steps that all writes share: store the changes, write the audit row, say what a state reads as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest
from fhir_server.json_text import encode_json
from fhir_server.mapping.minted import version_name
from fhir_server.mapping.rendering import with_meta
from fhir_server.persistence import audit
from fhir_server.persistence.lifecycles import act_as
from fhir_server.persistence.own_definitions import refuse_own
from fhir_server.persistence.parameters import SEARCH_PARAMETER, define
from fhir_server.persistence.states import State
from fhir_server.persistence.writes import Blame, Change, Written, write


def store(
    context: Context,
    connection: Connection[Any],
    request: FhirRequest,
    changes: Sequence[Change],
    operation: str,
    blame: Blame | None = None,
) -> list[Written]:
    """Store `changes` and their audit row in the caller's transaction; see `writes.write` for what is raised.

    Unprocessable also for the server's own definitions."""
    refuse_own(connection, changes, blame)
    act_as(connection, request.principal.user_id)
    written = write(connection, context.registry, changes, base_url=request.base_url, zone=context.zone, blame=blame)
    if any(change.resource_type == SEARCH_PARAMETER for change in changes):
        define(connection, changes, blame)
        context.database.parameters.note_change()
    entities = tuple(version_name(one.resource_type, one.fhir_id, one.version_id) for one in written)
    single = changes[0] if len(changes) == 1 else None
    audit.record(
        connection,
        audit_of(
            request,
            operation,
            single.resource_type if single else "Bundle",
            single.fhir_id if single else None,
            entities=entities,
        ),
    )
    return written


def as_written(context: Context, state: State) -> Written:
    """The state as if it had just been written: for answers that must look as a write would."""
    tree = with_meta(state.tree(context.registry), state.fhir_id, state.version_id, state.updated_at)
    return Written(
        state.source.resource_type, state.fhir_id, state.version_id, state.updated_at, encode_json(tree), False
    )
