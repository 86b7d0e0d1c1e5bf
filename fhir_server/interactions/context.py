"""What every interaction works with: settings, registry, database, rules of visibility; made once per process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from fhir_server.interactions.request import FhirRequest
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.audit import AuditRecord
from fhir_server.persistence.database import Database
from fhir_server.search import Limits, Statements, Visibility
from fhir_server.search.paging import PageTokens
from fhir_server.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by all threads of a process; immutable but for the connections inside `database`."""

    settings: Settings
    registry: Registry
    database: Database
    statements: Statements
    page_tokens: PageTokens
    limits: Limits
    visibility: Visibility

    @property
    def zone(self) -> ZoneInfo:
        """The zone of times that are written without one."""
        return ZoneInfo(self.settings.clinic_time_zone)

    def within(self, connection: Connection[Any]) -> Context:
        """The same context seen from inside a transaction: everything runs on its connection."""
        return replace(self, database=self.database.pinned(connection))


def audit_of(
    request: FhirRequest,
    operation: str,
    resource_type: str,
    resource_id: str | None = None,
    *,
    status: int | None = None,
    entities: tuple[str, ...] = (),
    outcome: str = "success",
) -> AuditRecord:
    """The audit row of an interaction by the caller of `request`; `resource_id` is the id of the row."""
    return AuditRecord(
        operation,
        resource_type,
        resource_id and logical_id(resource_id),
        request.principal.user_id,
        request.ip_address,
        request.user_agent,
        request.request_id,
        outcome,
        status,
        entities,
        None if request.principal.scope is None else request.principal.name,
    )
