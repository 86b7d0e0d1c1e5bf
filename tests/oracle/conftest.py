"""The oracle's options and its clinic: one server full of random resources for all tests of a worker."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fhir_server.persistence.connections import close_thread_connections

# Test files are not packages (importlib mode); the oracle is one.
sys.path.insert(0, str(Path(__file__).parent))

from search_oracle.clinic import Clinic

SEED, COUNT = 20240310, 3600


def pytest_addoption(parser: Any) -> None:
    parser.addoption("--oracle-seed", type=int, default=SEED, help="seed of the random resources and searches")
    parser.addoption("--oracle-count", type=int, default=COUNT, help="how many random searches to ask")


@pytest.fixture(scope="session")
def oracle_seed(request: pytest.FixtureRequest) -> int:
    """The seed of everything random."""
    return int(request.config.getoption("--oracle-seed", default=SEED))


@pytest.fixture(scope="session")
def oracle_count(request: pytest.FixtureRequest) -> int:
    """How many random searches to ask."""
    return int(request.config.getoption("--oracle-count", default=COUNT))


@pytest.fixture(scope="session")
def clinic(postgres: str, migrated_template: str, oracle_seed: int) -> Iterator[Clinic]:
    """The filled server; tests may add portal writes, and then have it read again."""
    name = f"fhir_test_oracle_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
        try:
            made = Clinic(make_conninfo(postgres, dbname=name), Random(oracle_seed))
            made.fill()
            yield made
        finally:
            close_thread_connections()
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")
