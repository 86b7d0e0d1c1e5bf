"""Brings a database to the schema of this version and tells which one it has.

https://alembic.sqlalchemy.org/en/latest/api/commands.html
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, pool

from fhir_server.persistence import partitions

LOCK = 0x66686972
"""Key of the advisory lock under which a database is migrated: "fhir" in ASCII."""

_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "migrations", _PACKAGE.parent / "migrations")
"""Where the scripts are: inside the installed package, or beside it in a source tree."""


def upgrade(conninfo: str, revision: str = "head") -> None:
    """Migrate up to `revision` in one transaction and make the coming audit partitions.

    Two processes may call this at once: the second waits and finds nothing to do.
    """
    _run(conninfo, lambda config: command.upgrade(config, revision))
    if revision == "head":
        partitions.ensure(conninfo)


def downgrade(conninfo: str, revision: str) -> None:
    """Migrate down to `revision` (`"base"` for nothing at all); the data of dropped tables and columns is lost."""
    _run(conninfo, lambda config: command.downgrade(config, revision))


def current(conninfo: str) -> str | None:
    """The revision the database is at, or None when it was never migrated."""
    engine = _engine(conninfo)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The newest revision that this version of the program has."""
    head = ScriptDirectory(str(_directory())).get_current_head()
    if head is None:
        raise RuntimeError("the migration scripts are missing from this installation")
    return head


def _engine(conninfo: str) -> Engine:
    # a plain conninfo, as libpq understands it, may be no SQLAlchemy URL (sockets, several hosts, services)
    return create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=pool.NullPool)


def _directory() -> Path:
    for place in _PLACES:
        if (place / "env.py").exists():
            return place
    raise RuntimeError("the migration scripts are missing from this installation")


def _run(conninfo: str, migrate: Callable[[Config], None]) -> None:
    directory = _directory()
    config = Config()
    config.set_main_option("script_location", str(directory))
    config.set_main_option("path_separator", "os")
    with _engine(conninfo).connect() as connection:
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        config.attributes["connection"] = connection
        config.attributes["run_file"] = lambda name: _run_file(connection, directory / "sql" / f"{name}.sql")
        migrate(config)
        connection.commit()


def _run_file(connection: Connection, path: Path) -> None:
    # straight to the driver and without parameters: only so may one text hold several statements
    connection.connection.cursor().execute(path.read_text(encoding="utf-8"))
