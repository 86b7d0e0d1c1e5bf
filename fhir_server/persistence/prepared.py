"""Long statements with many parameters, whose text is taken apart once and not at every execution.

https://www.postgresql.org/docs/current/sql-prepare.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from psycopg import Connection

from fhir_server.persistence.connections import RawCountingCursor

_PLACEHOLDER = re.compile(r"%%|%\((\w+)\)s")


def execute_prepared(connection: Connection[Any], sql: str, parameters: Mapping[str, Any]) -> RawCountingCursor:
    """The cursor after one statement with `%(name)s`, prepared on this connection. Raises psycopg.Error."""
    text, names = positional(sql)
    cursor = RawCountingCursor(connection)
    cursor.execute(text, [parameters[name] for name in names], prepare=True)
    return cursor


@lru_cache(maxsize=4000)
def positional(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement with `%(name)s` as one with `$1`, and the names in the order of the numbers.

    >>> positional("SELECT %(a)s, %(b)s, %(a)s, '100%%'")
    (b"SELECT $1, $2, $1, '100%'", ('a', 'b'))
    """
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%"
        return f"${names.setdefault(match[1], len(names) + 1)}"

    return _PLACEHOLDER.sub(number, sql).encode(), tuple(names)
