"""`fhir-server load`: loads files of FHIR resources into a running server over HTTP.

https://hl7.org/fhir/R4/http.html#transaction and https://hl7.org/fhir/R4/nd-json.html
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "load"
SUMMARY: Final = "load files of resources (JSON, NDJSON, gzipped or in a tar archive) into a running FHIR server"

_MOST_CONNECTIONS: Final = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, where to, and how many connections."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="FILE-OR-FOLDER",
        help=".json, .ndjson (both also .gz), .tar, .tar.gz, or folders of these. Transactions and batches are"
        " posted as they are; other resources are put under their ids, in transactions of their own. Files that others"
        " refer to (named like 00-…, hospitalInformation…, practitionerInformation…) come first, one after the other.",
    )
    parser.add_argument(
        "--to", metavar="URL", help="FHIR base URL to load into [default: the server that these settings start]"
    )
    parser.add_argument(
        "--connections", type=_connections, default=4, metavar="N", help="requests under way at once [default: 4]"
    )


def _connections(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_CONNECTIONS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {_MOST_CONNECTIONS}")
    return int(text)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Loads and prints a summary; 0 when everything is stored, 1 when anything failed, 2 when nothing could begin."""
    from tqdm import tqdm

    from fhir_server.loading.client import NoServer
    from fhir_server.loading.files import Unreadable, plan
    from fhir_server.loading.loader import load
    from fhir_server.loading.report import Report

    url: str = arguments.to or settings.base_url
    try:
        planned = plan(arguments.paths)
    except Unreadable as error:
        sys.stderr.write(f"fhir-server: {error}\n")
        return 2
    size = sum(path.stat().st_size for phase in planned.phases for path in phase.files)
    # disable=None: no bar where nobody watches.
    with tqdm(total=size, unit="B", unit_scale=True, disable=None, dynamic_ncols=True) as bar:

        def progress(read: int, report: Report) -> None:
            bar.set_postfix_str(f"{report.done:,} resources, {report.failed:,} failed", refresh=False)
            bar.update(read - bar.n)

        try:
            report = load(planned, url, connections=arguments.connections, progress=progress)
        except NoServer as error:
            bar.disable = True
            sys.stderr.write(f"fhir-server: {url}: {error}\n")
            return 2
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.failed else 0
