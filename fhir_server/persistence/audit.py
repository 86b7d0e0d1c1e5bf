"""The one audit sink: a row in fhir_audit_logs for every interaction, in the statement or transaction that it is about.

A read or search carries its audit row in the same statement (`audited`), so neither happens without the other; a write
puts it into its transaction. Values of queries and resources never get here: only who asked what kind of thing, and
which versions were returned or written.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import Connection

from fhir_server.errors import FhirError
from fhir_server.persistence.database import Database

log = logging.getLogger(__name__)

_COLUMNS = (
    "resource_type",
    "resource_id",
    "operation",
    "user_id",
    "ip_address",
    "user_agent",
    "outcome",
    "request_id",
    "status",
    "entities",
    "caller",
)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Who did what to which kind of resource; `entities` are `Type/id/_history/version` of what was touched.

    `caller` names who is no user of the portal.
    """

    operation: str
    resource_type: str
    resource_id: str | None
    user_id: int | None
    ip_address: str | None
    user_agent: str | None
    request_id: str
    outcome: str = "success"
    status: int | None = None
    entities: Sequence[str] = ()
    caller: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The statement parameters `audit_…` of this record."""
        return {
            "audit_operation": self.operation,
            "audit_resource_type": self.resource_type,
            "audit_resource_id": self.resource_id,
            "audit_user_id": self.user_id,
            "audit_ip_address": self.ip_address,
            "audit_user_agent": self.user_agent,
            "audit_request_id": self.request_id,
            "audit_outcome": self.outcome,
            "audit_status": self.status,
            "audit_entities": list(self.entities),
            "audit_caller": self.caller,
        }


_VALUES = """%(audit_resource_type)s::varchar, %(audit_resource_id)s::varchar, %(audit_operation)s::varchar,
 %(audit_user_id)s::bigint, %(audit_ip_address)s::varchar, %(audit_user_agent)s::text, {outcome},
 %(audit_request_id)s::text, {status}, {entities}, %(audit_caller)s::text"""

_INSERT = f"INSERT INTO fhir_audit_logs ({', '.join(_COLUMNS)}) SELECT " + _VALUES.format(
    outcome="%(audit_outcome)s::varchar", status="%(audit_status)s::int", entities="%(audit_entities)s::text[]"
)

# The page asks for one match more than it shows, to know whether there is a next one: that one is not returned.
_VERSION = "a.resource_type || '/' || fhir_logical_id(a.fhir_id) || '/_history/' || a.version_id"
_RETURNED = f"""ARRAY(SELECT {_VERSION} FROM answer AS a
 WHERE a.mode = 'match' AND a.deleted_at IS NULL LIMIT %(audit_shown)s::int)
 || ARRAY(SELECT {_VERSION} FROM answer AS a WHERE a.mode = 'include')"""


@lru_cache(maxsize=2000)
def audited(sql: str, *, when_found: bool = False) -> str:
    """`sql`, which gives the resource columns, with its audit row; it takes parameters `audit_…` and `audit_shown`.

    `when_found` is for reads: what finds nothing is a failure, which `record_failure` tells.
    """
    found = " WHERE EXISTS (SELECT FROM answer WHERE deleted_at IS NULL)" if when_found else ""
    values = _VALUES.format(outcome="%(audit_outcome)s::varchar", status="%(audit_status)s::int", entities=_RETURNED)
    return (
        f"WITH answer AS MATERIALIZED ({sql}), audited AS (INSERT INTO fhir_audit_logs ({', '.join(_COLUMNS)}) "
        f"SELECT {values}{found}) SELECT * FROM answer"
    )


def record(connection: Connection[Any], audit: AuditRecord) -> None:
    """Write the audit row on this connection, in its transaction if it is in one."""
    connection.execute(_INSERT, audit.parameters())


def record_alone(database: Database, audit: AuditRecord) -> None:
    """Write the audit row of what several statements have read."""
    database.run(_INSERT, audit.parameters())


def record_failure(database: Database, audit: AuditRecord) -> None:
    """Write the audit row of a request that failed; never raises: the client is to be told of the first fault."""
    try:
        record_alone(database, audit)
    except (psycopg.Error, FhirError) as error:
        log.error("request %s: its failure could not be audited (%s)", audit.request_id, type(error).__name__)
