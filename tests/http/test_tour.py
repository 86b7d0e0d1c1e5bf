"""`fhir-server demo` as a person starts it, and the tours of docs/ against it.

Every command of a tour is run, in one shell, and what the page shows below a command must be in what came out.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("tour.md", "tour-order.md")
# Each bundle of the sample data has one patient.
BUNDLES = len(list((ROOT / "fhir_server" / "sample_data").glob("*.json.gz")))
STORY = 36  # the patients of story.sql
MARK = "--- tour step {} ---"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Step:
    commands: str
    shown: tuple[str, ...]


def steps(page: str) -> Iterator[Step]:
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for number, (kind, text) in enumerate(blocks):
        if kind == "sh":
            following = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
            yield Step(text, tuple(following[1].splitlines()) if following[0] == "text" else ())


def script(page: str) -> str:
    parts = [f"echo {shlex.quote(MARK.format(number))}\n{step.commands}" for number, step in enumerate(steps(page))]
    return "set -euo pipefail\n" + "\n".join(parts)


@dataclass(frozen=True)
class Demo:
    base: str
    data_dir: Path
    greeting: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return inherited | {"PYTHONPATH": str(ROOT)} | more


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A demo server of its own, with an embedded PostgreSQL, until the module's tests are over."""
    port = free_port()
    # Not below pytest's folders, which are closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="fhir-demo-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "fhir_server.cli", "demo", "--port", str(port), "--data-dir", folder],
            env=environment(), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                if "Stop with" in line:
                    break
            assert "Stop with" in said[-1]
            yield Demo(f"http://127.0.0.1:{port}/fhir", Path(folder), "".join(said))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            process.stdout.close()


def fetch(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_the_demo_shows_people_from_both_roads(demo: Demo) -> None:
    patient = fetch(f"{demo.base}/Patient/rosa-delgado")
    assert patient["meta"]["versionId"] == "2"
    assert [one["value"] for one in patient["telecom"]] == ["555-0179", "rosa@mail.example"]
    by_sql = ("rosa-delgado", "walter-kim", "june-abbott")
    assert fetch(f"{demo.base}/Patient?_id={','.join(by_sql)}&_summary=count")["total"] == len(by_sql)
    everybody = fetch(f"{demo.base}/Patient?_summary=count")["total"]
    assert everybody == len(by_sql) + BUNDLES + STORY
    assert fetch(f"{demo.base}/Observation?patient=rosa-delgado&_summary=count")["total"] == 30


def test_every_curl_of_the_greeting_finds_something(demo: Demo) -> None:
    urls = re.findall(r"'(http[^']+)'", demo.greeting)
    assert len(urls) >= 5
    for url in urls:
        found = fetch(url)
        assert found["resourceType"] == "Patient" or found["entry"], url


def test_the_newest_wound_areas_come_with_who_measured_them(demo: Demo) -> None:
    query = "patient=rosa-delgado&code=89260-4&_sort=-date&_count=50&_include=Observation:performer"
    entries = fetch(f"{demo.base}/Observation?{query}")["entry"]
    areas = [one["resource"]["valueQuantity"]["value"] for one in entries if one["search"]["mode"] == "match"]
    assert areas == [3.6, 6.9, 11.1, 14.3, 18.0, 19.8]
    included = {one["resource"]["id"] for one in entries if one["search"]["mode"] == "include"}
    assert included == {"amara-okafor", "luis-ferreira"}


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_a_tour_shows_happens(demo: Demo, tmp_path: Path, page: str) -> None:
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    command = folder / "fhir-server"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fhir_server.cli "$@"\n')
    command.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", script(page)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        env=environment(BASE=demo.base, FHIR_SERVER_DATA_DIR=str(demo.data_dir)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outputs = re.split(MARK.format(r"\d+"), done.stdout)[1:]
    missing = [
        f"step {number}: {line!r} is not in\n{output}"
        for number, (step, output) in enumerate(zip(steps(page), outputs, strict=True))
        for line in step.shown
        if line not in output
    ]
    assert not missing, "\n".join(missing)


def test_the_tour_changes_a_column_and_checks_a_stale_update() -> None:
    whole = script("tour.md")
    assert "UPDATE fhir_patients SET phone" in whole
    assert 'If-Match: W/"1"' in whole
    assert sum(len(step.shown) for step in steps("tour.md")) > 20


def test_the_tour_of_an_order_goes_from_a_draft_to_a_paid_commission() -> None:
    whole = script("tour-order.md")
    for step in ("INSERT INTO product_requests", "\\$submit", "INSERT INTO orders", "\\$ship", "commission-calculate"):
        assert step in whole
    assert "SET status = 'paid'" in whole
    assert sum(len(step.shown) for step in steps("tour-order.md")) > 30
