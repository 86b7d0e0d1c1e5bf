"""`fhir-server capability`: prints the CapabilityStatement.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "capability"
SUMMARY: Final = "print the CapabilityStatement that /metadata serves"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints it to standard output; needs no database."""
    from fhir_server.app import build_server
    from fhir_server.http.pretty import pretty
    from fhir_server.json_text import encode_json

    statement = build_server(settings).capability_statement(settings.base_url)
    sys.stdout.buffer.write(pretty(encode_json(statement)))
    return 0
