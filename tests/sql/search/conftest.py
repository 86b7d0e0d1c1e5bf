"""A small wound clinic in a database of its own, stored straight into tables and searched without the server around.

`wounds.ndjson` holds four patients with awkward names and dates, and their measures, in an order in which references
point backwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.indexing import extract
from fhir_server.json_text import encode_json, parse_json
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.connections import connect
from fhir_server.persistence.index_rows import DocumentRow, write_documents
from fhir_server.persistence.tables import HISTORY, OPEN, PHI
from fhir_server.persistence.writes import Change, write
from fhir_server.resources.registry import registry
from fhir_server.search import Everything, Reading, Search, Statements, Visibility, parse, parse_query
from fhir_server.search.branches import SourcesOf

BASE_URL = "http://server.example/fhir"
OPEN_TYPES = ("Location", "Organization", "Practitioner")
NOW = datetime(2024, 4, 1, tzinfo=UTC)
READING = Reading(base_url=BASE_URL, now=NOW)


def generic_registry() -> Registry:
    """All types in the generic stores alone."""
    return Registry((), RESOURCE_TYPES, dict.fromkeys(OPEN_TYPES, OPEN), PHI, HISTORY)


@dataclass(frozen=True, slots=True)
class Found:
    """One row of an answer."""

    mode: str
    resource_type: str
    fhir_id: str
    sort: tuple[str, ...]
    row: Sequence[Any]


class Engine:
    """One database and the statements over it."""

    def __init__(self, connection: psycopg.Connection[Any], sources_of: SourcesOf) -> None:
        self.connection = connection
        self.sources_of = sources_of
        self.statements = Statements(sources_of)

    def store(self, trees: Iterable[dict[str, Any]]) -> None:
        """Write resources as new rows of the generic stores, with their documents and index rows."""
        for tree in trees:
            kind, logical_id = tree["resourceType"], tree["id"]
            store = self.sources_of(kind)[-1].store
            made = self.connection.execute(
                f"INSERT INTO {store.resources.fullname} (resource_type, fhir_id, document_version)"
                " VALUES (%s, %s, 1) RETURNING resource_key, version_id",
                (kind, logical_id),
            ).fetchone()
            assert made is not None
            rows = extract(kind, tree, BASE_URL)
            document = DocumentRow(kind, logical_id, made[1], encode_json(tree), "POST", made[0], rows)
            write_documents(self.connection, store, [document])

    def parse(self, resource_type: str | None, query: str, *, strict: bool = True) -> Search:
        """The search that a query string asks for."""
        return parse(resource_type, parse_query(query), strict=strict, reading=READING)

    def rows(
        self,
        resource_type: str | None,
        query: str,
        *,
        visibility: Visibility | None = None,
        after: Sequence[str] | None = None,
    ) -> list[Found]:
        """The rows of one page, as the statement gives them."""
        search = self.parse(resource_type, query)
        statement = self.statements.page(search, visibility=visibility or Everything(), after=after)
        answered = self.connection.execute(statement.sql, statement.parameters)
        return [Found(row[0], row[2], row[3], tuple(row[11:]), row) for row in answered.fetchall()]

    def ids(self, resource_type: str | None, query: str, **options: Any) -> list[str]:
        """The ids of the matches in their order."""
        return [found.fhir_id for found in self.rows(resource_type, query, **options) if found.mode == "match"]

    def total(self, resource_type: str | None, query: str, *, visibility: Visibility | None = None) -> int:
        """The exact number of matches."""
        statement = self.statements.count(self.parse(resource_type, query), visibility=visibility or Everything())
        counted = self.connection.execute(statement.sql, statement.parameters).fetchone()
        assert counted is not None
        return int(counted[0])


def wounds() -> list[dict[str, Any]]:
    """The resources of the clinic."""
    lines = (Path(__file__).parent / "wounds.ndjson").read_bytes().splitlines()
    return [parse_json(line) for line in lines]


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """An empty database of generic stores that the test may fill."""
    with connect(database) as connection:
        yield Engine(connection, generic_registry().sources)


@contextmanager
def _filled(postgres: str, migrated_template: str, place: str, trees: Iterable[dict[str, Any]]) -> Iterator[Engine]:
    """A database that can only be read, with these resources in the generic stores or in the portal's tables."""
    name = f"fhir_test_clinic_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
        try:
            with connect(make_conninfo(postgres, dbname=name)) as connection:
                if place == "generic":
                    found = Engine(connection, generic_registry().sources)
                    found.store(trees)
                else:
                    found = Engine(connection, registry().sources)
                    changes = [Change(tree["resourceType"], tree["id"], "POST", tree) for tree in trees]
                    with connection.transaction():
                        write(connection, registry(), changes, base_url=BASE_URL, zone=UTC)
                connection.execute("SET default_transaction_read_only = on")
                yield found
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


ClinicWith = Callable[[str, list[dict[str, Any]]], AbstractContextManager[Engine]]


@pytest.fixture(scope="session")
def clinic_with(postgres: str, migrated_template: str) -> ClinicWith:
    """Makes the wound clinic with more resources, in `generic` stores or in `tables`."""
    return lambda place, more: _filled(postgres, migrated_template, place, [*wounds(), *more])


@pytest.fixture(scope="session", params=["generic", "tables"])
def clinic(request: pytest.FixtureRequest, clinic_with: ClinicWith) -> Iterator[Engine]:
    """The wound clinic in the generic stores alone and in the portal's tables; tests must not write to it."""
    with clinic_with(request.param, []) as found:
        yield found
