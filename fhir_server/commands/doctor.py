"""`fhir-server doctor`: tells what is wrong with this installation and what to do about it.

https://www.postgresql.org/support/versioning/
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from fhir_server.commands.serve import port_problem
from fhir_server.settings import Settings, unknown_variables

NAME: Final = "doctor"
SUMMARY: Final = "check this installation and say what to do about each problem"

_LEAST_FREE_BYTES: Final = 1_000_000_000
_OLDEST_POSTGRES: Final = 15
_OLDEST_PYTHON: Final = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was checked, whether it is all right, and otherwise what to do."""

    subject: str
    ok: bool
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{'ok     ' if self.ok else 'problem'}  {self.subject}: {self.found}"
        return line if self.ok or not self.remedy else f"{line}\n         → {self.remedy}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints a line for each check; 0 when all are ok, 1 otherwise."""
    healthy = True
    for finding in findings(settings):
        sys.stdout.write(f"{finding}\n")
        healthy = healthy and finding.ok
    return 0 if healthy else 1


def findings(settings: Settings) -> Iterator[Finding]:
    """Every check in turn; one that fails in itself is a finding too."""
    for check in LOCAL_CHECKS:
        yield _guarded(check.__name__.strip("_").replace("_", " "), partial(check, settings))
    yield from _database_findings(settings)


def _guarded(subject: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a doctor reports what goes wrong instead of going wrong
        # The first line only: a driver's message goes on with hints, and never holds the password.
        reason = (str(error).strip().splitlines() or [""])[0]
        return Finding(subject, False, f"{type(error).__name__}: {reason}")


def _python(settings: Settings) -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("Python", sys.version_info >= _OLDEST_PYTHON, version, "Install Python 3.11 or newer.")


def _settings(settings: Settings) -> Finding:
    unknown = unknown_variables(os.environ)
    return Finding("settings", not unknown, " ".join(unknown) or "understood", "Correct or remove the variable.")


def _port(settings: Settings) -> Finding:
    problem = port_problem(settings.host, settings.port)
    if problem is None:
        return Finding("port", True, f"{settings.address} is free")
    return Finding("port", False, problem, "If that program is this server, all is well.")


def _disk_space(settings: Settings) -> Finding:
    existing = next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    said = f"{free / 1e9:.1f} GB free at {existing}"
    return Finding("disk space", free >= _LEAST_FREE_BYTES, said, "Make room, or choose another --data-dir.")


def _data_directory(settings: Settings) -> Finding:
    if settings.database_url is not None:
        return Finding("data directory", True, "not used, DATABASE_URL is set")
    existing: Path = next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.exists())
    writable = os.access(existing, os.W_OK | os.X_OK)
    said = f"{settings.data_dir} {'exists' if settings.data_dir.exists() else 'will be made'}"
    return Finding("data directory", writable, said, f"Give this user the right to write to {existing}.")


def _business_tokens(settings: Settings) -> Finding:
    from fhir_server.auth.business_tokens import BadTokenFile, read_entries

    path = settings.business_tokens
    if path is None:
        return Finding("business tokens", True, "none, business_tokens is not set")
    try:
        number = len(read_entries(path))
    except BadTokenFile as error:
        return Finding("business tokens", False, f"{path}: {error}", "Nobody in it gets in until it is corrected.")
    return Finding("business tokens", True, f"{number} in {path}")


LOCAL_CHECKS: Final = (_python, _settings, _port, _data_directory, _disk_space, _business_tokens)


def _database_findings(settings: Settings) -> Iterator[Finding]:
    from fhir_server.commands.database import database

    if settings.database_url is None and not (settings.data_dir / "postgres" / "PG_VERSION").exists():
        yield Finding("database", True, "none yet, fhir-server serve makes one in the data directory")
        return
    with ExitStack() as stack:
        conninfo = ""

        def reach() -> Finding:
            nonlocal conninfo
            conninfo = stack.enter_context(database(settings))
            return _database(conninfo)

        reached = _guarded("database", reach)
        if not reached.ok and not reached.remedy:
            what = "Check DATABASE_URL and whether that server runs." if settings.database_url else "See the message."
            reached = Finding(reached.subject, False, reached.found, what)
        yield reached
        if reached.ok:
            yield _guarded("schema", lambda: _schema(conninfo))
            yield _guarded("audit partitions", lambda: _partitions(conninfo))
            if settings.business_tokens is not None:
                yield _guarded("business callers", lambda: _business_callers(conninfo))


def _database(conninfo: str) -> Finding:
    from fhir_server.persistence.connections import connect

    with connect(conninfo) as connection:
        version = connection.info.server_version // 10_000
    return Finding("database", version >= _OLDEST_POSTGRES, f"PostgreSQL {version}", "Use PostgreSQL 15 or newer.")


def _schema(conninfo: str) -> Finding:
    from fhir_server.persistence import migrate

    current, newest = migrate.current(conninfo), migrate.newest()
    said = f"at {current or 'nothing yet'}" + ("" if current == newest else f", newest is {newest}")
    return Finding("schema", current == newest, said, "Run: fhir-server migrate (serve does it too)")


def _business_callers(conninfo: str) -> Finding:
    from fhir_server.persistence.connections import connect
    from fhir_server.persistence.restricted import ROLE, role_problem

    with connect(conninfo) as connection:
        problem = role_problem(connection)
    remedy = f"As an administrator: CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO the login; SELECT fhir_grant();"
    return Finding("business callers", problem is None, problem or f"served under the role {ROLE}", remedy)


def _partitions(conninfo: str) -> Finding:
    from fhir_server.persistence import partitions

    missing = partitions.missing(conninfo)
    said = ", ".join(missing) + " missing" if missing else "there for this and next month"
    return Finding("audit partitions", not missing, said, "Run: fhir-server migrate (serve does it too)")
