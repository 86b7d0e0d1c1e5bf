"""`fhir-server mapping-docs`: prints which element of FHIR shows each column of the portal (docs/mapping.md).

https://hl7.org/fhir/R4/mappings.html
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "mapping-docs"
SUMMARY: Final = "print which element of FHIR shows each column of the portal's tables"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints it to standard output; needs no database."""
    from fhir_server.conformance.columns import document
    from fhir_server.conformance.names import declarations
    from fhir_server.resources.registry import registry

    sys.stdout.buffer.write(document(declarations(registry())).encode())
    return 0
