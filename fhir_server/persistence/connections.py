"""Connections to PostgreSQL: one per thread and purpose, in autocommit, in UTC, with every statement prepared.

https://www.psycopg.org/psycopg3/docs/advanced/prepare.html
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import Connection, Cursor, RawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format, TransactionStatus

from fhir_server.persistence import arrays

READ, WRITE, RESTRICTED = "read", "write", "restricted"
"""The kinds of connections that a thread owns."""

PREPARED_STATEMENTS = 200
"""Prepared statements that a connection keeps; a plan takes 100 to 400 kB of the server's memory."""


class StatementCount:
    """The texts of the statements that ran inside a `count_statements()` block, in their order."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)


_counts: list[StatementCount] = []


@contextlib.contextmanager
def count_statements() -> Iterator[StatementCount]:
    """Count what runs through the connections of this module, in all threads of this process.

    BEGIN and COMMIT of `connection.transaction()` are no statements in this sense.
    """
    count = StatementCount()
    _counts.append(count)
    try:
        yield count
    finally:
        _counts.remove(count)


class _CountingCursor(Cursor[Any]):
    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        for count in _counts:
            count.statements.append(str(query))
        return super().execute(query, *arguments, **options)

    def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
        for count in _counts:
            count.statements.append(str(query))
        super().executemany(query, *arguments, **options)

    def copy(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        for count in _counts:
            count.statements.append(str(statement))
        return super().copy(statement, *arguments, **options)


class RawCountingCursor(RawCursor[Any]):
    """A cursor for statements with `$1`, `$2`, …: nothing in a long text is to be found and replaced each time."""

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        """Runs one statement, which `count_statements` counts."""
        for count in _counts:
            count.statements.append(str(query))
        return super().execute(query, *arguments, **options)


class _BytesLoader(Loader):
    """JSON as the bytes the server sent: documents are handed on, and our own parser keeps the text of numbers."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class _JsonbBinaryLoader(Loader):
    """The binary form of jsonb is its text behind a version byte."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data[1:])


class _JsonBinaryLoader(_BytesLoader):
    format = Format.BINARY


def connect(
    conninfo: str, *, statement_timeout_ms: int = 0, read_only: bool = False, wait_for_disk: bool = True
) -> Connection[Any]:
    """A new connection that the caller closes: autocommit, UTC, json and jsonb as bytes, all statements prepared.

    `statement_timeout_ms` 0 means none. Without `wait_for_disk` a commit returns before its WAL is on disk: the
    database stays consistent and survives the death of any process, but the last moments before a power failure may be
    lost. Raises psycopg.OperationalError when the server cannot be reached.
    """
    connection: Connection[Any] = psycopg.connect(
        conninfo, autocommit=True, prepare_threshold=0, cursor_factory=_CountingCursor
    )
    connection.prepared_max = PREPARED_STATEMENTS
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, _BytesLoader)
    connection.adapters.register_loader("json", _JsonBinaryLoader)
    connection.adapters.register_loader("jsonb", _JsonbBinaryLoader)
    arrays.register(connection)
    # set by statement, not in the startup packet, which a connection pooler would refuse
    settings = {
        "TimeZone": "UTC",
        "statement_timeout": str(statement_timeout_ms),
        "default_transaction_read_only": "on" if read_only else "off",
        "synchronous_commit": "on" if wait_for_disk else "off",
    }
    listed = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())
    Cursor(connection).execute(f"SELECT {listed}", prepare=False)  # not one of the statements that are counted
    return connection


class _Owned(threading.local):
    def __init__(self) -> None:
        self.process = os.getpid()
        self.connections: dict[tuple[str, str, int], Connection[Any]] = {}


_owned = _Owned()


def thread_connection(conninfo: str, kind: str, statement_timeout_ms: int = 0) -> Connection[Any]:
    """This thread's connection of a `kind` ("read", "write"): made when first asked for, made anew when it is broken.

    Never close it and leave no transaction open; one that was left open is rolled back. A kind is only a name: a read
    writes its audit row, so "read" is not read-only for the server. Raises psycopg.OperationalError.
    """
    if _owned.process != os.getpid():  # a fork: the parent goes on using its connections
        _owned.process, _owned.connections = os.getpid(), {}
    key = (conninfo, kind, statement_timeout_ms)
    connection = _owned.connections.get(key)
    if connection is not None:
        if _is_usable(connection):
            return connection
        connection.close()
    # What a read commits is its audit row; waiting for the disk each time would cost more than the read.
    connection = connect(conninfo, statement_timeout_ms=statement_timeout_ms, wait_for_disk=kind == WRITE)
    _owned.connections[key] = connection
    return connection


def close_thread_connections() -> None:
    """Close what this thread owns, before it ends or its database goes away."""
    for connection in _owned.connections.values():
        connection.close()
    _owned.connections.clear()


def _is_usable(connection: Connection[Any]) -> bool:
    if connection.closed:
        return False
    # nothing arrives on an idle connection but its end (the server restarted, an administrator cut it)
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        try:
            connection.pgconn.consume_input()
        except psycopg.OperationalError:
            return False
        if poll.poll(0):
            return False
    if connection.pgconn.transaction_status != TransactionStatus.IDLE:
        try:
            connection.rollback()
        except psycopg.Error:
            return False
    return not connection.closed
