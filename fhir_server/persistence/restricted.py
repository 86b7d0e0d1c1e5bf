"""The database as a caller without PHI rights has it: under a role that can read nothing but what is shown to it.

https://www.postgresql.org/docs/current/sql-set-role.html and docs/adr/0019-minimum-necessary.md. Role and caller are
set for one transaction each time, so that neither can be left over for the next request, behind a pooler either.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from psycopg import Connection, Cursor, errors

from fhir_server.definitions import NOTHING_ADDED, Additions
from fhir_server.errors import Forbidden, Unavailable
from fhir_server.persistence.connections import RESTRICTED, thread_connection
from fhir_server.persistence.database import Database
from fhir_server.persistence.parameters import KnownParameters
from fhir_server.persistence.prepared import execute_prepared
from fhir_server.persistence.row_ids import RowIds

T = TypeVar("T")
log = logging.getLogger(__name__)

ROLE: Final = "fhir_business"
KINDS: Final = ("manufacturer", "sales_representative")
"""What a caller can be; the setting `fhir.<kind>` holds the logical id of its Organization or Practitioner."""

_BECOME = "SELECT " + ", ".join(
    f"set_config('{name}', %({key})s, true)"
    for name, key in (("role", "role"), ("fhir.caller", "caller"), *((f"fhir.{kind}", kind) for kind in KINDS))
)


class RestrictedDatabase(Database):
    """Reads only, as the caller `name`, who is the `kind` (one of KINDS) with that logical id."""

    def __init__(self, conninfo: str, statement_timeout_ms: int, name: str, kind: str, logical_id: str) -> None:
        super().__init__(conninfo, statement_timeout_ms)
        if kind not in KINDS:
            raise ValueError("there is no such kind of caller")
        self._session = {"role": ROLE, "caller": name, **dict.fromkeys(KINDS, ""), kind: logical_id}
        self.parameters = _NoParameters(conninfo, statement_timeout_ms)
        # The views show logical ids only.
        self.row_ids = RowIds(lambda sql, parameters: ())
        # No documents are seen, so nothing that they contain either.
        self.contained_indexed = True

    def reader(self) -> Connection[Any]:
        """Nobody gets hold of a connection: it would not have the role."""
        raise Forbidden("This caller may not do this")

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """As `Database.rows`. Raises Unavailable where the role is missing."""
        return self._as_caller(lambda connection: execute_prepared(connection, sql, parameters).fetchall())

    def run(self, sql: str, parameters: Mapping[str, Any]) -> None:
        """As `Database.run`. Raises Unavailable where the role is missing."""
        self._as_caller(lambda connection: connection.execute(sql, parameters))

    def transaction(self, work: Callable[[Connection[Any]], T]) -> T:
        """Raises Forbidden: these callers change nothing."""
        raise Forbidden("This caller may not change anything")

    def _as_caller(self, work: Callable[[Connection[Any]], T]) -> T:
        def inside() -> T:
            connection = thread_connection(self.conninfo, RESTRICTED, self._timeout_ms)
            with connection.transaction():
                self._become(connection)
                return work(connection)

        return self._guarded(inside)

    def _become(self, connection: Connection[Any]) -> None:
        try:
            Cursor(connection).execute(_BECOME, self._session)
        except (errors.InvalidParameterValue, errors.InsufficientPrivilege):
            log.error("the role %s is missing, or this login may not become it; see fhir-server doctor", ROLE)
            raise Unavailable("This server is not set up for callers with business rights only") from None


class _NoParameters(KnownParameters):
    """What administrators added searches documents, which these callers do not see."""

    def current(self) -> Additions:
        return NOTHING_ADDED

    def renew(self) -> Additions:
        return NOTHING_ADDED

    @property
    def unsure(self) -> bool:
        return False


def role_problem(connection: Connection[Any]) -> str | None:
    """Why callers with business rights only cannot be served through this login, or None."""
    found = connection.execute(
        "SELECT to_regrole(%(role)s) IS NOT NULL, to_regrole(%(role)s) IS NOT NULL"
        " AND pg_has_role(current_user, to_regrole(%(role)s), 'MEMBER')",
        {"role": ROLE},
    ).fetchone()
    exists, is_member = found or (False, False)
    if not exists:
        return f"the role {ROLE} does not exist"
    return None if is_member else f"this login is no member of {ROLE}"
