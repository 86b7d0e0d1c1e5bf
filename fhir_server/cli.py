"""The `fhir-server` command: reads flags and environment into settings and runs one of the commands.

https://docs.python.org/3/library/argparse.html
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final, Protocol

from fhir_server.commands import (
    business_token,
    capability,
    database_url,
    demo,
    doctor,
    index,
    load,
    mapping_docs,
    migrate,
    package,
    serve,
    upkeep,
)
from fhir_server.definitions import settle_canonical_base
from fhir_server.settings import OPTIONS, Settings, SettingsError, unknown_variables


class Command(Protocol):
    """What a module in `fhir_server.commands` offers."""

    NAME: str
    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's own flags."""

    def run(self, settings: Settings, arguments: argparse.Namespace) -> int:
        """Does it and returns the exit code."""


COMMANDS: Final = (
    serve,
    demo,
    load,
    migrate,
    doctor,
    capability,
    package,
    mapping_docs,
    database_url,
    index,
    upkeep,
    business_token,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line (`sys.argv` by default) and returns the exit code: 0 done, 1 failed, 2 not understood."""
    parser = build_parser()
    parsed = parser.parse_args(arguments)
    flags = {option.name: getattr(parsed, option.name) for option in OPTIONS}
    try:
        settings = Settings.load(os.environ, flags)
    except SettingsError as error:
        for problem in error.problems:
            print(f"fhir-server: {problem}", file=sys.stderr)
        return 2
    for warning in unknown_variables(os.environ):
        print(f"fhir-server: {warning}", file=sys.stderr)
    return _run(parsed, settings)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    try:
        # Before any command imports the declarations, which are made of it.
        settle_canonical_base(settings.canonical_base)
        exit_code: int = parsed.run(settings, parsed)
    except Exception as error:
        # What goes wrong here is the database, the disk or a setting; an operator needs the sentence, not the stack.
        if settings.log_level == "debug":
            raise
        said = str(error).partition("\n(Background on this error")[0].strip()
        print(f"fhir-server: {said or type(error).__name__}", file=sys.stderr)
        print("(--log-level debug shows where it happened)", file=sys.stderr)
        return 1
    return exit_code


def build_parser() -> argparse.ArgumentParser:
    """The parser for all commands; every setting is a flag of every command."""
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = shared.add_argument_group("settings", "each can be given as an environment variable too")
    for option in OPTIONS:
        # No type and no default here: texts go through the same reading as environment variables.
        group.add_argument(
            option.flag,
            dest=option.name,
            metavar="…",
            help=f"{option.meaning} [{option.variable}; default: {option.default}]".replace("%", "%%"),
        )
    parser = argparse.ArgumentParser(
        prog="fhir-server", description="A FHIR R4 server over a relational schema.", allow_abbrev=False
    )
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="command")
    for command in COMMANDS:
        _add(subparsers, command, shared)
    return parser


def _add(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], command: Command, shared: argparse.ArgumentParser
) -> None:
    subparser = subparsers.add_parser(
        command.NAME, help=command.SUMMARY, description=command.SUMMARY, parents=[shared], allow_abbrev=False
    )
    command.add_arguments(subparser)
    subparser.set_defaults(run=command.run)


if __name__ == "__main__":
    sys.exit(main())
