"""`fhir-server serve` with several workers over the database of a test, and clients that hit it at the same moment."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]
FHIR_JSON = {"Content-Type": "application/fhir+json"}


class Serving:
    """A running server: its base URL, and the processes that it consists of."""

    def __init__(self, process: subprocess.Popen[str], base: str) -> None:
        self.process, self.base = process, base

    def kill(self) -> None:
        """Kill the server at once: the workers and the main process."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in (*map(int, children), self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=30)
        # Not read to their end: a process that was just being started may hold them a moment longer.
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request on a connection of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.request(
            method, f"{self.base}{path}", content=content, headers={**FHIR_JSON, **named}, timeout=60, trust_env=False
        )

    def all_at_once(self, requests: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
        """Run all requests, each in a thread, released at the same moment."""
        start = threading.Barrier(len(requests))

        def run(one: Callable[[], httpx.Response]) -> httpx.Response:
            start.wait()
            return one()

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(run, requests))


@contextmanager
def _serving(conninfo: str) -> Iterator[Serving]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "fhir_server.cli", "serve", "--port", str(port), "--workers", "2"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": conninfo},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    server = Serving(process, f"http://127.0.0.1:{port}/fhir")
    try:
        assert process.stdout is not None
        if not any("Stop with" in line for line in process.stdout):
            raise AssertionError(process.communicate()[1])
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=30)


@pytest.fixture(scope="session")
def serving() -> Callable[[str], Any]:
    """`with serving(conninfo) as server`: a server over that database until the block ends."""
    return _serving


@pytest.fixture
def workers(database: str) -> Iterator[Serving]:
    """A server with two worker processes over an empty database."""
    with _serving(database) as server:
        yield server
