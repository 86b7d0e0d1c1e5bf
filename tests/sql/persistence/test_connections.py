"""Connections: what they hand back, what is counted, and how they come back after a failure."""

from __future__ import annotations

import threading

import psycopg
import pytest

from fhir_server.persistence.connections import connect, count_statements, thread_connection


def test_json_comes_as_the_bytes_that_were_stored(database: str) -> None:
    query = """SELECT '{"b": 1.50,  "a":1e2}'::json, '{"a": 1.50}'::jsonb"""
    with connect(database) as connection:
        expected = (b'{"b": 1.50,  "a":1e2}', b'{"a": 1.50}')
        assert connection.execute(query).fetchone() == expected
        assert connection.execute(query, binary=True).fetchone() == expected


def test_a_session_is_in_utc_whatever_the_database_says(database: str) -> None:
    with connect(database) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Tokyo''', current_database()); END $$"
        )
    with connect(database) as connection:
        assert connection.execute("SHOW TimeZone").fetchone() == ("UTC",)


def test_a_statement_that_takes_too_long_is_cancelled(database: str) -> None:
    with connect(database, statement_timeout_ms=50) as connection, pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT pg_sleep(5)")


def test_a_read_only_connection_cannot_write(database: str) -> None:
    with connect(database, read_only=True) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")


def test_every_statement_is_prepared(database: str) -> None:
    with connect(database) as connection:
        connection.execute("SELECT %s::int", (1,))
        prepared = connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1::int'")
        assert prepared.fetchone() == (1,)


def test_statements_are_counted_in_all_threads_and_only_inside_the_block(database: str) -> None:
    def read() -> None:
        with connect(database) as other:
            other.execute("SELECT 2")

    with connect(database) as connection:
        connection.execute("SELECT 0")
        with count_statements() as count:
            with connection.transaction():
                connection.execute("SELECT 1")
            thread = threading.Thread(target=read)
            thread.start()
            thread.join()
        connection.execute("SELECT 3")
    assert count.statements == ["SELECT 1", "SELECT 2"]


def test_a_thread_keeps_its_connection_per_kind(database: str) -> None:
    reader = thread_connection(database, "read", 100)
    assert thread_connection(database, "read", 100) is reader
    assert thread_connection(database, "write", 100) is not reader
    others = []
    thread = threading.Thread(target=lambda: others.append(thread_connection(database, "read", 100)))
    thread.start()
    thread.join()
    assert others[0] is not reader
    others[0].close()


def test_a_connection_that_the_server_cut_is_replaced_before_it_is_used(database: str) -> None:
    first = thread_connection(database, "read")
    with connect(database) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (first.info.backend_pid,))
    assert thread_connection(database, "read").execute("SELECT 1").fetchone() == (1,)


def test_a_transaction_left_open_is_rolled_back(database: str) -> None:
    connection = thread_connection(database, "write")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    again = thread_connection(database, "write")
    assert again is connection
    assert again.execute("SELECT count(*) FROM fhir_patients").fetchone() == (0,)
