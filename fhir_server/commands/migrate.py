"""`fhir-server migrate`: brings the database schema up to date.

https://alembic.sqlalchemy.org
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "migrate"
SUMMARY: Final = "bring the database schema up to date (serve does this too)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Migrates; 0 when done."""
    from fhir_server.commands.database import database
    from fhir_server.persistence import migrate, partitions

    with database(settings) as conninfo:
        before = migrate.current(conninfo)
        migrate.upgrade(conninfo)
        partitions.ensure(conninfo)
        after = migrate.current(conninfo)
    changed = f"from {before or 'empty'} to {after}" if before != after else f"was already at {after}"
    sys.stdout.write(f"The schema {changed}.\n")
    return 0
