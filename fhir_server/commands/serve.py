"""`fhir-server serve`: database up, migrated, workers running, until Ctrl-C or SIGTERM.

https://github.com/emmett-framework/granian
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import errno
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from fhir_server.commands import upkeep
from fhir_server.settings import Settings

NAME: Final = "serve"
_SET_PARENT_DEATH_SIGNAL: Final = 1
SUMMARY: Final = "start the server (and an embedded PostgreSQL when DATABASE_URL is not set)"

_PR_SET_PDEATHSIG: Final = 1

Prepare = Callable[[Settings], None]
Greeting = Callable[[Settings], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serves until told to stop; 0 after a clean stop, 1 when it could not start."""
    return serve(settings)


def serve(settings: Settings, prepare: Prepare | None = None, greeting: Greeting | None = None) -> int:
    """Serves `settings` until told to stop and returns the exit code.

    `prepare` is called with the final settings (their `database_url` is set) when the database is migrated, before the
    first worker starts; what `greeting` makes of them is printed when the server is ready.
    """
    from fhir_server.commands import definitions
    from fhir_server.commands.database import database
    from fhir_server.persistence import migrate, partitions

    problem = port_problem(settings.host, settings.port)
    if problem is not None:
        sys.stderr.write(problem + "\n")
        return 1
    # Until Granian takes over, SIGTERM would end the process without stopping the embedded PostgreSQL.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with database(settings) as conninfo:
            final = dataclasses.replace(settings, database_url=conninfo)
            migrate.upgrade(conninfo)
            partitions.ensure(conninfo)
            definitions.publish(final)
            if prepare is not None:
                prepare(final)
            with upkeep.beside(final):
                return _run_workers(final, greeting or welcome)
    except KeyboardInterrupt:
        return 0


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _run_workers(settings: Settings, greeting: Greeting) -> int:
    # Imported here, before the workers are forked, so that they share its memory and start at once.
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    import fhir_server.app  # noqa: F401

    server = Granian(
        "fhir_server",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.workers,
        blocking_threads=settings.threads,
        # A thread that ends takes its database connection along; keep them as long as Granian allows.
        blocking_threads_idle_timeout=600,
        respawn_failed_workers=True,
        workers_kill_timeout=20,
        log_level=LogLevels.warning,
        log_access=False,
    )
    server.on_startup(threading.Thread(target=_announce, args=(settings, greeting), daemon=True).start)
    try:
        server.serve(target_loader=partial(_worker, settings, os.getpid()), wrap_loader=False)
    except SystemExit as stopped:
        # Ctrl-C reaches the workers too, and one that ends before it is told to counts as failed: told to stop is told.
        if server.interrupt_signal:
            return 0
        return stopped.code if isinstance(stopped.code, int) else 1
    return 0


def _worker(settings: Settings, parent: int) -> Any:
    """Runs in each worker process, which may be forked or spawned; hence a plain function with a picklable argument."""
    from fhir_server.app import wsgi_application

    _end_with_parent()
    application = wsgi_application(settings)
    # What is there now stays for ever, and requests leave few cycles: looking for them all the time costs a tenth.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    return application


def _end_with_parent() -> None:
    """Asks Linux for a SIGTERM when the main process is killed; workers without it would go on and hold the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _announce(settings: Settings, greeting: Greeting) -> None:
    """Greets as soon as the first worker takes connections."""
    while True:
        try:
            socket.create_connection((settings.host, settings.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            break
    # Not through sys.stdout: workers may be forked at this moment, and would inherit its lock taken.
    os.write(sys.stdout.fileno(), greeting(settings).encode())


def port_problem(host: str, port: int) -> str | None:
    """Why `host`:`port` cannot be listened on, in words, or None.

    Asked before anything starts: Granian's socket shares its port with others of its kind (SO_REUSEPORT), so a second
    server would start without complaint and take half of the requests.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            # Two sockets may be bound, with SO_REUSEADDR, as long as none listens.
            trial.listen(1)
    except OSError as error:
        return _in_words(error, host, port)
    return None


def _in_words(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"The host {host} has no address on this machine. Use 127.0.0.1 or localhost."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Stop that one, or choose another port: --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} needs administrator rights. Choose one above 1023, such as --port 8080."
    return f"Cannot listen on {host} port {port}: {error.strerror}."


def welcome(settings: Settings) -> str:
    """What a person reads when the server starts."""
    base = settings.base_url
    home = f"http://{settings.address}"
    return f"""
FHIR R4 server at {base}

  look around   {home}/            (in a browser)
  what it does  curl {base}/metadata
  patients      curl '{base}/Patient?_pretty=true'

Stop with Ctrl-C.
"""
