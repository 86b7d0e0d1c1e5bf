"""The database as interactions see it: a connection to read on, and transactions that survive lost races.

https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from psycopg import Connection, errors

from fhir_server.definitions import additions, using
from fhir_server.errors import Conflict, FhirError, TooCostly, Unavailable, Unprocessable
from fhir_server.persistence.connections import READ, WRITE, thread_connection
from fhir_server.persistence.parameters import KnownParameters, StaleParameters
from fhir_server.persistence.prepared import execute_prepared
from fhir_server.persistence.row_ids import RowIds

T = TypeVar("T")

ATTEMPTS = 6
# A unique violation is a lost race for an id: the next attempt finds what the other one made.
_LOST_RACES = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation, StaleParameters)


class Database:
    """Thread-owned connections to one database; safe to share between threads, not between processes."""

    def __init__(self, conninfo: str, statement_timeout_ms: int) -> None:
        self.conninfo = conninfo
        self._timeout_ms = statement_timeout_ms
        self.parameters = KnownParameters(conninfo, statement_timeout_ms)
        self.row_ids = RowIds(self.rows)
        self.contained_indexed = False
        """Set once it is known; see persistence.contained."""

    def reader(self) -> Connection[Any]:
        """This thread's connection for single statements (autocommit)."""
        return thread_connection(self.conninfo, READ, self._timeout_ms)

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of one statement. Raises TooCostly when it runs into the statement timeout."""
        return self._guarded(lambda: execute_prepared(self.reader(), sql, parameters).fetchall())

    def run(self, sql: str, parameters: Mapping[str, Any]) -> None:
        """One statement that gives no rows. Raises as `rows`."""
        self._guarded(lambda: self.reader().execute(sql, parameters))

    @staticmethod
    def _guarded(work: Callable[[], T]) -> T:
        try:
            return work()
        except _LOST_RACES:
            raise
        except errors.QueryCanceled:
            raise _too_costly() from None
        except errors.OperationalError:
            raise _unavailable() from None

    def transaction(self, work: Callable[[Connection[Any]], T]) -> T:
        """What `work` returns, in one transaction that is committed when this returns.

        `work` is called again from the start after a lost race, so it must build everything from the request. Raises
        Conflict when the race is lost again and again, Unprocessable for a row that refers to nothing, TooCostly at the
        timeout, Unavailable without a database.
        """
        known = additions()
        for attempt in range(ATTEMPTS):
            try:
                connection = thread_connection(self.conninfo, WRITE, self._timeout_ms)
                with connection.pipeline(), connection.transaction(), using(known):
                    return work(connection)
            except _LOST_RACES:
                # Random waits keep two writers from meeting again and again.
                time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 - no secret
                known = self.parameters.renew()
            except errors.QueryCanceled:
                raise _too_costly() from None
            except (errors.ForeignKeyViolation, errors.RestrictViolation, errors.CheckViolation):
                raise Unprocessable("The resource contradicts what the database holds") from None
            except errors.DataError:
                raise Unprocessable("A value is outside of what the database can hold") from None
            except errors.OperationalError:
                raise _unavailable() from None
        raise Conflict("Other requests changed the same resources at the same time; try again")

    def pinned(self, connection: Connection[Any]) -> Database:
        """The same database seen from inside a transaction: everything runs on its connection."""
        return _Pinned(self, connection)


class _Pinned(Database):
    def __init__(self, whole: Database, connection: Connection[Any]) -> None:
        super().__init__(whole.conninfo, whole._timeout_ms)
        self.parameters = whole.parameters
        self.row_ids = whole.row_ids
        self._connection = connection

    def reader(self) -> Connection[Any]:
        return self._connection

    def transaction(self, work: Callable[[Connection[Any]], T]) -> T:
        return work(self._connection)


def _too_costly() -> FhirError:
    return TooCostly("The statement took longer than this server allows; narrow the request")


def _unavailable() -> FhirError:
    return Unavailable("The database cannot be reached; try again", headers={"Retry-After": "5"})
