"""The command line: flags, messages and exit codes."""

from __future__ import annotations

import argparse

import pytest

from fhir_server import cli
from fhir_server.commands import migrate
from fhir_server.settings import OPTIONS, Settings


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)


def test_every_command_explains_itself_and_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    for command in cli.COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            cli.main([command.NAME, "--help"])
        assert stopped.value.code == 0
        text = capsys.readouterr().out
        for option in OPTIONS:
            assert option.flag in text


def test_a_flag_reaches_the_command_as_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Settings] = []

    def run(settings: Settings, _arguments: argparse.Namespace) -> int:
        seen.append(settings)
        return 7

    monkeypatch.setattr(migrate, "run", run)
    assert cli.main(["migrate", "--port", "9001", "--second-opinion", "off"]) == 7
    assert (seen[0].port, seen[0].second_opinion) == (9001, False)


def test_every_problem_with_the_settings_is_a_line_and_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--port", "x", "--workers", "0"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("fhir-server: --") for line in lines)


def test_a_misspelt_variable_is_mentioned(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FHIR_SERVER_WORKRS", "4")
    monkeypatch.setattr(migrate, "run", lambda *_: 0)
    assert cli.main(["migrate"]) == 0
    assert "Did you mean FHIR_SERVER_WORKERS?" in capsys.readouterr().err


def test_an_abbreviated_flag_is_not_guessed() -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["serve", "--por", "80"])
    assert stopped.value.code == 2


def test_a_database_that_cannot_be_reached_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", "--database-url", "postgresql://me:hunter2@127.0.0.1:1/none"]) == 1
    text = capsys.readouterr().err
    assert "127.0.0.1" in text
    assert "Traceback" not in text
    assert "hunter2" not in text


def test_the_stack_is_shown_when_asked_for() -> None:
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        cli.main(["migrate", "--log-level", "debug", "--database-url", "postgresql://me@127.0.0.1:1/none"])
