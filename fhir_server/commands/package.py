"""`fhir-server package`: writes our own definitions as a FHIR package.

https://hl7.org/fhir/packages.html
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "package"
SUMMARY: Final = "write profiles, extensions, codes and maps of this server as a FHIR package (package.tgz)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the package goes."""
    parser.add_argument("--out", metavar="FILE", default="package.tgz", help="the file to write; - for standard output")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Writes the file; needs no database."""
    from fhir_server.conformance.definitions import definitions
    from fhir_server.conformance.package import package
    from fhir_server.resources.registry import registry

    made = definitions(registry())
    content = package(made)
    if arguments.out == "-":
        sys.stdout.buffer.write(content)
        return 0
    Path(arguments.out).write_bytes(content)
    sys.stdout.write(f"{len(made)} definitions in {arguments.out}.\n")
    return 0
