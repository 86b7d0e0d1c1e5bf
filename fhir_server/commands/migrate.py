"""`fhir-server migrate`: brings the database schema up to date.

https://alembic.sqlalchemy.org
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "migrate"
SUMMARY: Final = "bring the database schema up to date (serve does this too)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Migrates; 0 when done."""
    from fhir_server.commands import definitions
    from fhir_server.commands.database import database
    from fhir_server.persistence import migrate, partitions
    from fhir_server.persistence.building import tasks
    from fhir_server.persistence.database import Database

    with database(settings) as conninfo:
        before = migrate.current(conninfo)
        migrate.upgrade(conninfo)
        partitions.ensure(conninfo)
        after = migrate.current(conninfo)
        stored = definitions.publish(dataclasses.replace(settings, database_url=conninfo))
        waiting = tasks(Database(conninfo, settings.statement_timeout_ms))
    changed = f"from {before or 'empty'} to {after}" if before != after else f"was already at {after}"
    sys.stdout.write(f"The schema {changed}.\n")
    if stored:
        sys.stdout.write(f"Definitions of the server itself that were new or changed: {stored}.\n")
    if waiting:
        names = ", ".join(f"{task.resource_type}.{task.code}" for task in waiting)
        sys.stdout.write(f"Older resources are not indexed under {names} yet: run `fhir-server index`.\n")
    return 0
