"""`fhir-server database-url`: how to reach the database with psql or another program.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "database-url"
SUMMARY: Final = "print how to reach the database of the running server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--psql` prints a command instead of the bare conninfo."""
    parser.add_argument("--psql", action="store_true", help="print a psql command line")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints one line; 1 when there is no database to reach."""
    conninfo = settings.database_url or _embedded(settings)
    if conninfo is None:
        sys.stderr.write(
            f"No embedded PostgreSQL is running in {settings.data_dir}. Start it with: fhir-server serve\n"
        )
        return 1
    sys.stdout.write((psql_command(conninfo) if arguments.psql else conninfo) + "\n")
    return 0


def psql_command(conninfo: str) -> str:
    """A psql command line for a shell: the psql on the PATH, else the one that comes with the embedded PostgreSQL."""
    from fhir_server.persistence.embedded import programs

    program = "psql" if shutil.which("psql") else str(programs() / "psql")
    return shlex.join([program, conninfo])


def _embedded(settings: Settings) -> str | None:
    from fhir_server.persistence.connections import connect
    from fhir_server.persistence.embedded import EmbeddedPostgres

    conninfo = EmbeddedPostgres(settings.data_dir).conninfo()
    try:
        connect(conninfo).close()
    except Exception:  # noqa: BLE001 - for whatever reason: nothing that answers is there
        return None
    return conninfo
