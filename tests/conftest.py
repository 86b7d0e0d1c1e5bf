"""Fixtures of all tests: a real PostgreSQL and, for each test that asks, a freshly migrated database of its own.

The server is the embedded one, or any given by DATABASE_URL (whose user must be allowed to create databases). Every
pytest-xdist worker has its own template, so workers never wait for each other.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fhir_server.persistence import migrate
from fhir_server.persistence.connections import close_thread_connections
from fhir_server.persistence.embedded import EmbeddedPostgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The conninfo of a server on which databases may be made."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    # not below pytest's own temporary folders: these are closed to the user PostgreSQL runs as
    data_dir = Path(tempfile.mkdtemp(prefix="fhir-tests-"))
    server = EmbeddedPostgres(data_dir, durable=False)
    try:
        yield server.start("postgres")
    finally:
        server.stop()
        shutil.rmtree(data_dir)


@pytest.fixture(scope="session")
def migrated_template(postgres: str) -> Iterator[str]:
    """The name of a migrated database that nobody connects to."""
    name = f"fhir_test_{uuid.uuid4().hex[:12]}"
    _run(postgres, sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
    try:
        migrate.upgrade(make_conninfo(postgres, dbname=name))
        yield name
    finally:
        _drop(postgres, name)


@pytest.fixture
def database(postgres: str, migrated_template: str) -> Iterator[str]:
    """The conninfo of a migrated, empty database that is gone after the test."""
    name = f"{migrated_template}_{next(_numbers)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _run(postgres, create.format(sql.Identifier(name), sql.Identifier(migrated_template)))
    try:
        yield make_conninfo(postgres, dbname=name)
    finally:
        close_thread_connections()
        _drop(postgres, name)


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """The conninfo of a database without any table, for tests of migrations."""
    name = f"fhir_test_{uuid.uuid4().hex[:12]}"
    _run(postgres, sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
    try:
        yield make_conninfo(postgres, dbname=name)
    finally:
        _drop(postgres, name)


def _drop(postgres: str, name: str) -> None:
    _run(postgres, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(postgres: str, statement: sql.Composed) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(statement)
