"""`fhir-server upkeep`: the background work of one database, which `serve` starts beside its workers.

Run it once per database where the workers are started in another way. Two of them do no harm: they skip each other's
rows.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from zoneinfo import ZoneInfo

from fhir_server.settings import Settings

NAME: Final = "upkeep"
SUMMARY: Final = "merge portal writes and make audit partitions in the background (serve does this too)"
_SECONDS_TO_STOP: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The process with which this one ends, which `serve` names."""
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Works until SIGTERM, Ctrl-C or the end of the process that started it; 0 then."""
    from fhir_server.commands.database import database
    from fhir_server.persistence.database import Database
    from fhir_server.persistence.upkeep import keep_up
    from fhir_server.resources.registry import registry

    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    # Asked here it might already be another one: this process takes a while to start.
    parent = arguments.parent or os.getppid()
    with database(settings) as conninfo:
        keep_up(
            Database(conninfo, settings.statement_timeout_ms),
            registry(),
            base_url=settings.base_url,
            zone=ZoneInfo(settings.clinic_time_zone),
            # A killed parent cannot say goodbye; its children get another parent.
            wait=lambda seconds: over.wait(seconds) or os.getppid() != parent,
        )
    return 0


@contextmanager
def beside(settings: Settings) -> Iterator[None]:
    """The upkeep process runs while the block does; `settings` must have a database URL."""
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url or "",
        "FHIR_SERVER_PUBLIC_BASE_URL": settings.base_url,
    }
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "fhir_server.cli", NAME, "--parent", str(os.getpid())],
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
