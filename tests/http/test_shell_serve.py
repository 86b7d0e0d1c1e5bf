"""`fhir-server serve` as a person runs it: it starts, answers, stops cleanly, and finds its data again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(data_dir: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        [sys.executable, "-m", "fhir_server.cli", "serve", "--port", str(port), "--data-dir", str(data_dir)],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        for line in process.stdout:
            if "Stop with" in line:
                break
        else:
            raise AssertionError(process.stderr.read())
        yield process
    finally:
        process.kill()
        process.communicate()


def fetch(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/fhir+json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def run_cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fhir_server.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    with serving(tmp_path, port) as process:
        assert fetch(f"{base}/metadata")["fhirVersion"] == "4.0.1"
        assert fetch(f"http://127.0.0.1:{port}/health/ready") == {"status": "ready"}
        created = fetch(f"{base}/Patient", {"resourceType": "Patient", "name": [{"family": "Restart"}]})
        assert run_cli("doctor", "--data-dir", str(tmp_path), "--port", str(free_port())).returncode == 0
        assert "already at" in run_cli("migrate", "--data-dir", str(tmp_path)).stdout
        second = run_cli("serve", "--data-dir", str(tmp_path), "--port", str(port))
        assert second.returncode == 1
        assert "taken" in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert run_cli("database-url", "--data-dir", str(tmp_path)).returncode == 1
    with serving(tmp_path, port) as process:
        assert fetch(f"{base}/Patient/{created['id']}")["name"] == [{"family": "Restart"}]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_a_killed_server_leaves_nothing_that_stands_in_the_way(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as process:
        created = fetch(f"http://127.0.0.1:{port}/fhir/Patient", {"resourceType": "Patient"})
        process.kill()
        process.wait(timeout=30)
    with serving(tmp_path, free_port() if port_is_taken(port) else port) as process:
        again = process.args[process.args.index("--port") + 1]  # type: ignore[union-attr, arg-type]
        assert fetch(f"http://127.0.0.1:{again}/fhir/Patient/{created['id']}")["id"] == created["id"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def port_is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
