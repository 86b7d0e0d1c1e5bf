"""What it would cost to partition the documents of versions by resource type, beside one table for all types.

`python -m bench.partitions`; https://www.postgresql.org/docs/current/ddl-partitioning.html and
docs/adr/0011-versions-are-not-partitioned-by-type.md
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from psycopg import Connection

from bench import servers
from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.persistence.connections import connect

ROUNDS = 3
TABLES = ("one_table", "partitioned")
USED = (
    "Claim",
    "Condition",
    "DiagnosticReport",
    "Encounter",
    "ExplanationOfBenefit",
    "Immunization",
    "MedicationRequest",
    "Procedure",
)
_COLUMNS = """(resource_type text COLLATE "C" NOT NULL, fhir_id text COLLATE "C" NOT NULL, version_id bigint NOT NULL,
 document json NOT NULL, method text NOT NULL, PRIMARY KEY (resource_type, fhir_id, version_id))"""
_INSERT = "INSERT INTO {table} SELECT t, i, 1, d, 'POST' FROM unnest(%s::text[], %s::text[], %s::json[]) AS x(t, i, d)"
_READ = "SELECT document FROM {table} WHERE resource_type = 'Condition' AND fhir_id = %s AND version_id = 1"
_READ_ANY = "SELECT document FROM {table} WHERE resource_type = %s AND fhir_id = %s AND version_id = 1"
_JOIN = """SELECT d.document FROM unnest(%s::text[], %s::text[]) AS x(t, i)
 JOIN {table} AS d ON d.resource_type = x.t AND d.fhir_id = x.i AND d.version_id = 1"""
_DOCUMENT = '{"a":"' + "x" * 800 + '"}'


def create(connection: Connection[Any]) -> None:
    """Both tables, empty; the second has a partition for each of the types."""
    connection.execute(f"CREATE TABLE one_table {_COLUMNS}")
    connection.execute(f"CREATE TABLE partitioned {_COLUMNS} PARTITION BY LIST (resource_type)")
    for name in sorted(RESOURCE_TYPES):
        connection.execute(f"CREATE TABLE part_{name.lower()} PARTITION OF partitioned FOR VALUES IN ('{name}')")


def microseconds(work: Callable[[int], object], times: int) -> float:
    """The mean time of one call, after some that are not counted."""
    for number in range(5):
        work(-1 - number)
    start = time.perf_counter()
    for number in range(times):
        work(number)
    return (time.perf_counter() - start) * 1e6 / times


def measured(connection: Connection[Any], conninfo: str, table: str, turn: int) -> dict[str, float]:
    """Microseconds, or kilobytes, by what was done."""

    def insert(size: int) -> Callable[[int], object]:
        def work(number: int) -> object:
            ids = [f"{turn}-{size}-{number}-{place}" for place in range(size)]
            types = [USED[place % len(USED)] for place in range(size)]
            return connection.execute(_INSERT.format(table=table), (types, ids, [_DOCUMENT] * size))

        return work

    one = f"{turn}-100-0-1"
    found = {
        "insert of 1": microseconds(insert(1), 1000),
        "insert of 100": microseconds(insert(100), 50),
        "read, type in the text": microseconds(
            lambda _: connection.execute(_READ.format(table=table), (one,)).fetchall(), 2000
        ),
        "read, type as parameter": microseconds(
            lambda _: connection.execute(_READ_ANY.format(table=table), ("Condition", one)).fetchall(), 2000
        ),
    }
    with connect(conninfo) as session:
        ids = [f"{turn}-100-0-{place}" for place in range(len(USED))]

        def join(_: int) -> Sequence[Any]:
            return session.execute(_JOIN.format(table=table), (list(USED), ids)).fetchall()

        found["first join of 8 in a session"] = microseconds_once(join)
        found["join of 8"] = microseconds(join, 200)
        found["session's own memory, kB"] = own_memory(session.info.backend_pid)
    return found


def microseconds_once(work: Callable[[int], object]) -> float:
    """The time of the very first call."""
    start = time.perf_counter()
    work(0)
    return (time.perf_counter() - start) * 1e6


def own_memory(pid: int) -> float:
    """Kilobytes that a process shares with nobody."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return float(line.split()[1])
    raise LookupError("Pss_Anon")


def main() -> int:
    with servers.data_directory() as data_dir, servers.database(data_dir) as conninfo:
        connection = connect(conninfo, wait_for_disk=False)
        create(connection)
        rounds: dict[str, list[dict[str, float]]] = {table: [] for table in TABLES}
        for turn in range(ROUNDS):
            for table in TABLES:
                rounds[table].append(measured(connection, conninfo, table, turn))
        connection.close()
    print(f"{'':32}{TABLES[0]:>14}{TABLES[1]:>14}{'ratio':>8}")
    for name in rounds[TABLES[0]][0]:
        plain, parted = (statistics.median(one[name] for one in rounds[table]) for table in TABLES)
        print(f"{name:32}{plain:14,.0f}{parted:14,.0f}{parted / plain:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
