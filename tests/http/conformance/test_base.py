"""Another canonical base: in everything that is ours, once for each database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[3]
DEFAULT = "https://fhir.wound-care-portal.example"
OTHER = "https://fhir.example.org"


def migrate(database: str, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fhir_server.cli", "migrate", *flags]
    return subprocess.run(
        command,
        env={**os.environ, "DATABASE_URL": database, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def documents(database: str) -> str:
    with psycopg.connect(database) as session:
        row = session.execute("SELECT string_agg(document::text, '') FROM open.documents").fetchone()
        assert row is not None
        return str(row[0])


def test_a_new_database_takes_the_base_of_its_first_start_and_keeps_it(database: str) -> None:
    first = migrate(database, "--canonical-base", f"{OTHER}/")
    assert (first.returncode, first.stderr) == (0, "")
    assert "Definitions of the server itself that were new or changed" in first.stdout
    held = documents(database)
    assert f'"{OTHER}/StructureDefinition/order"' in held
    assert DEFAULT not in held
    with psycopg.connect(database) as session:
        assert session.execute("SELECT base FROM open.canonical_base").fetchone() == (OTHER,)
    refused = migrate(database)
    assert refused.returncode == 1
    assert f"Set FHIR_SERVER_CANONICAL_BASE={OTHER}." in refused.stderr
    again = migrate(database, FHIR_SERVER_CANONICAL_BASE=OTHER)
    assert (again.returncode, again.stderr) == (0, "")
    assert "new or changed" not in again.stdout
    assert documents(database) == held


def test_a_database_from_before_the_setting_has_the_default(empty_database: str) -> None:
    from fhir_server.persistence.migrate import upgrade

    upgrade(empty_database, "0020_audit_events")
    with psycopg.connect(empty_database) as session:
        session.execute(
            "INSERT INTO open.documents (resource_type, fhir_id, version_id, document, method)"
            """ VALUES ('ValueSet', 'x', 1, '{"resourceType":"ValueSet"}', 'PUT')"""
        )
    refused = migrate(empty_database, "--canonical-base", OTHER)
    assert refused.returncode == 1
    assert f"This database has the canonical base {DEFAULT}" in refused.stderr
    assert migrate(empty_database).returncode == 0
