"""The monthly partitions of the audit trails.

https://www.postgresql.org/docs/current/ddl-partitioning.html
"""

from __future__ import annotations

from fhir_server.persistence.connections import connect

MONTHS_AHEAD = 2
"""How far ahead partitions are made, so that a server that runs for weeks does not spill into the default partition."""

_MISSING = """
SELECT partition FROM unnest(ARRAY['fhir_audit_logs', 'order_audit_logs']) AS parent, generate_series(0, 1) AS ahead,
    format('%s_%s', parent, to_char(now() AT TIME ZONE 'UTC' + make_interval(months => ahead), 'YYYYMM')) AS partition
WHERE to_regclass('public.' || partition) IS NULL
ORDER BY partition
"""


def ensure(conninfo: str, months_ahead: int = MONTHS_AHEAD) -> int:
    """Make the partitions of this month and the `months_ahead` after it; returns how many were missing."""
    with connect(conninfo) as connection:
        row = connection.execute("SELECT fhir_create_audit_partitions(%s)", (months_ahead,)).fetchone()
    return int(row[0]) if row else 0


def missing(conninfo: str) -> tuple[str, ...]:
    """The names of the partitions of this and the next month that are not there."""
    with connect(conninfo) as connection:
        return tuple(name for (name,) in connection.execute(_MISSING))
