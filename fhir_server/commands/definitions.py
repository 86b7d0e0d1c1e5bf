"""Brings our own definitions into a database before a command uses it (see conformance.publishing).

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fhir_server.settings import Settings


def publish(settings: Settings) -> int:
    """Stores what is new or changed, and returns how many. Raises WrongBase; `database_url` must be set."""
    from fhir_server.conformance.publishing import publish as store
    from fhir_server.persistence.connections import close_thread_connections
    from fhir_server.persistence.database import Database
    from fhir_server.resources.registry import registry

    database = Database(settings.database_url or "", settings.statement_timeout_ms)
    try:
        return store(database, registry(), settings.base_url, ZoneInfo(settings.clinic_time_zone))
    finally:
        # The workers are forked from this process and must find no connections in it.
        close_thread_connections()
