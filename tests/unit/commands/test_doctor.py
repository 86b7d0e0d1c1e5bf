"""The doctor's findings."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

import pytest

from fhir_server.commands import database_url, doctor
from fhir_server.settings import Settings


def subjects(settings: Settings) -> dict[str, doctor.Finding]:
    return {finding.subject: finding for finding in doctor.findings(settings)}


def test_a_migrated_database_is_healthy(database: str, tmp_path: Path) -> None:
    found = subjects(Settings(database_url=database, data_dir=tmp_path))
    for subject in ("Python", "database", "schema", "data directory"):
        assert found[subject].ok, found[subject]


def test_a_database_that_cannot_be_reached_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(database_url="postgresql://me:hunter2@127.0.0.1:1/none", data_dir=tmp_path)
    finding = subjects(settings)["database"]
    assert not finding.ok
    assert "hunter2" not in str(finding)
    assert "Check DATABASE_URL" in str(finding)


def test_a_first_start_is_no_illness(tmp_path: Path) -> None:
    finding = subjects(Settings(data_dir=tmp_path / "new"))["database"]
    assert finding.ok
    assert not (tmp_path / "new").exists()


def test_a_taken_port_is_a_problem(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert not subjects(Settings(port=listener.getsockname()[1], data_dir=tmp_path))["port"].ok


def test_a_misspelt_variable_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIR_SERVER_PROT", "1")
    assert not subjects(Settings(data_dir=tmp_path))["settings"].ok


def test_the_exit_code_tells_whether_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(database_url="postgresql://me@127.0.0.1:1/none", data_dir=tmp_path)
    assert doctor.run(settings, argparse.Namespace()) == 1
    assert "problem  database" in capsys.readouterr().out


def test_the_database_url_is_printed_for_programs_and_for_psql(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(database_url="host=/tmp dbname='my db'")
    assert database_url.run(settings, argparse.Namespace(psql=False)) == 0
    assert database_url.run(settings, argparse.Namespace(psql=True)) == 0
    plain, psql = capsys.readouterr().out.splitlines()
    assert plain == settings.database_url
    assert psql == """psql 'host=/tmp dbname='"'"'my db'"'"''"""


def test_no_running_database_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert database_url.run(Settings(data_dir=tmp_path), argparse.Namespace(psql=False)) == 1
    assert "fhir-server serve" in capsys.readouterr().err
