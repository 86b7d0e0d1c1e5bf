from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.persistence import arrays
from fhir_server.persistence.connections import connect

# PostgreSQL has no U+0000, and UTF-8 no lone surrogates.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def connection(postgres: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(postgres) as opened:
        yield opened


def back(connection: psycopg.Connection[Any], packed: object, sql_type: str) -> Any:
    row = connection.execute(f"SELECT %s::{sql_type}[]", (packed,)).fetchone()
    assert row is not None
    return row[0]


common = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@common
@given(values=st.lists(st.none() | TEXTS))
def test_texts_come_back_as_they_were(connection: psycopg.Connection[Any], values: list[str | None]) -> None:
    assert back(connection, arrays.texts(values), "text") == values


@common
@given(values=st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_int4s_come_back_as_they_were(connection: psycopg.Connection[Any], values: list[int]) -> None:
    assert back(connection, arrays.int4s(values), "int4") == values


@common
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_int8s_come_back_as_they_were(connection: psycopg.Connection[Any], values: list[int]) -> None:
    assert back(connection, arrays.int8s(values), "int8") == values


def test_json_texts_are_kept_to_the_letter(connection: psycopg.Connection[Any]) -> None:
    texts = [b'{"a": 1.50, "b":1e2}', b'["\\"{},\\\\"]', '"ä"'.encode()]
    rows = connection.execute("SELECT one::text FROM unnest(%s) AS one", (arrays.jsons(texts),)).fetchall()
    assert [row[0].encode() for row in rows] == texts


def test_numbers_and_moments_travel_as_texts(connection: psycopg.Connection[Any]) -> None:
    numbers = [None, Decimal("1.50"), Decimal("1E+2"), Decimal("Infinity"), Decimal("-1E-20")]
    assert back(connection, arrays.plain(numbers), "numeric") == numbers
    moments = [None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    assert back(connection, arrays.plain(moments), "timestamptz") == moments
    assert back(connection, arrays.plain([]), "numeric") == []
