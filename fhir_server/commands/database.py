"""The database that a command works on: the configured one, or the embedded PostgreSQL, started if need be.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fhir_server.persistence.embedded import EmbeddedPostgres
from fhir_server.settings import Settings


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The conninfo of a running database; an embedded one that was started for this is stopped at the end."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    embedded = EmbeddedPostgres(settings.data_dir)
    try:
        yield embedded.start()
    finally:
        embedded.stop()
