"""Sessions as the portal has them: psycopg connections that know nothing of FHIR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import dict_row

Session = Connection[dict[str, Any]]


@pytest.fixture
def sessions(database: str) -> Iterator[Callable[[], Session]]:
    """Opens sessions in autocommit that give rows as dicts; all are closed after the test."""
    opened: list[Session] = []

    def open_session() -> Session:
        session = psycopg.connect(database, autocommit=True, row_factory=dict_row)
        opened.append(session)
        return session

    yield open_session
    for session in opened:
        session.close()


@pytest.fixture
def portal(sessions: Callable[[], Session]) -> Session:
    """One session."""
    return sessions()
