"""`fhir-server demo`: `serve`, with sample data in a database that is still empty.

The sample comes in by both roads that this server is about: FHIR transactions, and the portal's own SQL.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.resources
import sys
import time
from typing import Final

from fhir_server.commands.serve import serve, welcome
from fhir_server.settings import Settings

NAME: Final = "demo"
SUMMARY: Final = "start the server like serve, with sample data if the database is empty"

_BUNDLES: Final = ("01-synthea-patient.json.gz", "02-synthea-patient.json.gz", "03-wound-series.json.gz")
_SCRIPTS: Final = ("portal.sql", "portal_later.sql", "story.sql")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serves until told to stop; 0 after a clean stop, 1 when it could not start."""
    return serve(settings, prepare, greeting)


def prepare(settings: Settings) -> None:
    """Loads the sample unless a Patient is there already; says so. Raises FhirError or psycopg.Error when it cannot."""
    from fhir_server.persistence.connections import close_thread_connections, connect

    with connect(settings.database_url or "") as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM fhir_patients)").fetchone()
        if row is not None and row[0]:
            sys.stdout.write("There are patients in the database already, so the sample data stays out.\n")
            return
        begun = time.perf_counter()
        _post_bundles(settings)
        # The workers are forked from this process and must find no connections in it.
        close_thread_connections()
        for name in _SCRIPTS:
            with connection.transaction():
                connection.execute(_sample(name), prepare=False)
    sys.stdout.write(f"Sample data loaded in {time.perf_counter() - begun:.1f} s.\n")


def _post_bundles(settings: Settings) -> None:
    from fhir_server.app import build_server
    from fhir_server.interactions.request import FhirRequest

    server = build_server(settings)
    for name in _BUNDLES:
        server.answer(
            FhirRequest(
                "POST", (), "", {"prefer": "return=minimal"}, gzip.decompress(_sample(name)), settings.base_url,
                "application/fhir+json", user_agent="fhir-server demo", request_id=f"demo-{name.partition('.')[0]}",
            )
        )  # fmt: skip


def _sample(name: str) -> bytes:
    return importlib.resources.files("fhir_server.sample_data").joinpath(name).read_bytes()


def greeting(settings: Settings) -> str:
    """What a person reads when the server is there: commands to copy, which work with the sample data."""
    from fhir_server.commands.database_url import psql_command

    base = settings.base_url
    areas = "patient=rosa-delgado&code=89260-4&_sort=-date&_count=50&_include=Observation:performer"
    psql = psql_command(settings.database_url or "")
    return f"""{welcome(settings).partition("Stop with")[0]}
Try these. Rosa Delgado was written by the portal in SQL, the others came in through FHIR.

  curl '{base}/Patient/rosa-delgado?_pretty=true'
  curl '{base}/Patient?name=delgado&_pretty=true'
  curl '{base}/Observation?{areas}&_pretty=true'
  curl '{base}/Patient/rosa-delgado/_history?_pretty=true'

Change her in SQL, as the portal does, and read her again: version 3.

  {psql} -c "UPDATE fhir_patients SET phone = '555-0100' WHERE fhir_id = 'rosa-delgado'"
  curl -i '{base}/Patient/rosa-delgado'

Stop with Ctrl-C.
"""
