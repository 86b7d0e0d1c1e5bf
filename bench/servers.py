"""Starts and stops what is measured: the FHIR server with a PostgreSQL of its own, and the server that does nothing.

https://www.postgresql.org/docs/18/app-pg-ctl.html
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.http_load import Address
from fhir_server.persistence.embedded import EmbeddedPostgres

START_SECONDS = 120.0
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it listens and the process at the top of it."""

    address: Address
    process: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The FHIR server with its database: the conninfo and the first process of each."""

    server: Served
    conninfo: str
    postmaster: int


@contextlib.contextmanager
def data_directory(kept: Path | None = None) -> Iterator[Path]:
    """`kept`, or a new directory below the temporary one that is removed at the end."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    made = Path(tempfile.mkdtemp(prefix="fhir-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def fhir_server(
    data_dir: Path, *, workers: int, threads: int, settings: Mapping[str, str] | None = None
) -> Iterator[Measured]:
    """`fhir-server serve` on a free port with durable settings; `settings` are environment variables."""
    port = free_port()
    # Nothing of the caller's configuration may leak into the measurement.
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL" and not k.startswith("FHIR_SERVER_")}
    environment |= {"FHIR_SERVER_LOG_LEVEL": "warning", **(settings or {})}
    command = [
        *(sys.executable, "-m", "fhir_server.cli", "serve"),
        *("--data-dir", str(data_dir), "--port", str(port)),
        *("--workers", str(workers), "--threads", str(threads)),
    ]
    # The first user of the cluster starts it and the last one stops it: as its user we outlive the server's end, and
    # the cluster is already there when its process is looked for.
    cluster = EmbeddedPostgres(data_dir)
    conninfo = cluster.start()
    try:
        postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        with _running(command, port, "/fhir/metadata", environment) as served:
            yield Measured(served, conninfo, postmaster)
    finally:
        cluster.stop()


@contextlib.contextmanager
def do_nothing_server(*, workers: int, threads: int) -> Iterator[Served]:
    """The server of `bench.do_nothing` on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.do_nothing", str(port), str(workers), str(threads)]
    with _running(command, port, "/1", dict(os.environ)) as served:
        yield served


@contextlib.contextmanager
def database(data_dir: Path) -> Iterator[str]:
    """The conninfo of a migrated database in a durable PostgreSQL of its own, without a server before it."""
    from fhir_server.persistence import migrate

    with EmbeddedPostgres(data_dir) as cluster:
        conninfo = cluster.conninfo()
        migrate.upgrade(conninfo)
        yield conninfo


@contextlib.contextmanager
def _running(command: list[str], port: int, path: str, environment: Mapping[str, str]) -> Iterator[Served]:
    root = Path(__file__).parents[1]
    process = subprocess.Popen(command, cwd=root, env=dict(environment), stdout=subprocess.DEVNULL)
    try:
        _wait_for(process, port, path)
        yield Served(Address(_HOST, port), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=30) as probe:
            probe.sendall(f"GET {path} HTTP/1.1\r\nHost: {_HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
            if probe.recv(12).endswith(b" 200"):
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not answer within {START_SECONDS:.0f} s")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def execute(conninfo: str, *statements: str) -> None:
    """Runs statements one by one, each in a transaction of its own."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
