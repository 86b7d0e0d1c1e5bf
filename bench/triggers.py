"""What the version triggers cost the portal's own SQL: tables against copies with the same columns, indexes and keys.

`python -m bench.triggers --help`; https://www.postgresql.org/docs/18/sql-createtrigger.html

Both run the same statements in turns in one run, so the ratio holds on a busy machine too. Every statement sets
`updated_at`, as the portal's own code and its former trigger did.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import Connection

from bench import machine, processes, report, servers
from bench.progress import say

_ROOT = Path(__file__).parents[1]
_COPIES = {"fhir_observations": "bench_observations", "fhir_patients": "bench_patients"}

STATEMENT_SECONDS = 60
"""What takes longer is not measured but given up."""

Work = Callable[[Connection[Any], str, int], None]
"""Does it once: the connection, the table, a number that differs each time."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Something the portal does; `aim` is the highest ratio to the bare table that we allow ourselves."""

    name: str
    table: str
    work: Work
    tidy: Work | None = None
    """Done before, unmeasured, so that every round finds the same."""
    aim: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """One execution: wall seconds, CPU seconds of the backend, megabytes of write-ahead log."""

    wall: float
    cpu: float
    wal: float


def _observations(prefix: str, first: int, count: int, documented: str = "NULL") -> str:
    """A SELECT of new rows, columns as in _COLUMNS."""
    return f"""SELECT '{prefix}' || n, 'p-' || n % 1000, 'vital-signs',
        (ARRAY['39126-8', '39125-0', '8867-4'])[1 + n % 3], 'quantity',
        jsonb_build_object('value', n % 300, 'unit', 'cm'),
        timestamptz '2020-01-01 00:00+00' + make_interval(mins => n), 'final', {documented}::bigint
        FROM generate_series({first}, {first + count - 1}) n"""


_SAID = "fhir_id, patient_fhir_id, category, code, value_type, value_data, effective_date_time, status"
_COLUMNS = f"{_SAID}, document_version"


def _sql(statement: str) -> Work:
    def work(connection: Connection[Any], table: str, number: int) -> None:
        connection.execute(statement.format(table=table, n=number))

    return work


def _singles(rows: int) -> Work:
    def work(connection: Connection[Any], table: str, number: int) -> None:
        statement = f"UPDATE {table} SET status = %s, updated_at = now() WHERE fhir_id = %s"
        for key in range(1000):
            status = ("amended", "corrected")[number % 2]
            connection.execute(statement, (status, f"p{key * max(1, rows // 1000)}"), prepare=True)

    return work


def _copy(rows: int) -> Work:
    rest = 'vital-signs\t39126-8\tquantity\t{"value": 3, "unit": "cm"}\t2024-01-01 10:00+00\tfinal\n'
    text = "".join(f"c{n}\tp-{n % 1000}\t{rest}" for n in range(rows)).encode()

    def work(connection: Connection[Any], table: str, _number: int) -> None:
        with connection.cursor().copy(f"COPY {table} ({_SAID}) FROM STDIN") as copy:
            copy.write(text)

    return work


def operations(rows: int) -> tuple[Operation, ...]:
    """All that is measured, on `rows` rows."""
    update = "UPDATE {table} SET status = CASE {n} % 2 WHEN 0 THEN 'amended' ELSE 'corrected' END, updated_at = now() "
    half = rows // 2
    insert = "INSERT INTO {table} (" + _COLUMNS + ") " + _observations("i{n}-", 0, half)
    absent = _sql("DELETE FROM {table} WHERE fhir_id LIKE 'i%'")
    not_copied = _sql("DELETE FROM {table} WHERE fhir_id LIKE 'c%'")
    present = _sql(insert + " ON CONFLICT DO NOTHING")
    observations = "fhir_observations"
    return (
        Operation(
            f"UPDATE of {rows:,} observations, portal-written",
            observations,
            _sql(update + "WHERE fhir_id LIKE 'p%'"),
            aim=2.0,
        ),
        Operation(
            f"UPDATE of {rows:,} observations, FHIR-written",
            observations,
            _sql(update + "WHERE fhir_id LIKE 'f%'"),
            aim=2.0,
        ),
        Operation(
            f"UPDATE of {rows:,} patients",
            "fhir_patients",
            _sql("UPDATE {table} SET phone = '555-' || {n}, updated_at = now() WHERE fhir_id LIKE 'b%'"),
            aim=2.0,
        ),
        Operation("1,000 UPDATEs of one observation, autocommit", observations, _singles(rows), aim=1.2),
        Operation(f"INSERT of {half:,} observations", observations, _sql(insert), tidy=absent),
        Operation(f"COPY of {half:,} observations", observations, _copy(half), tidy=not_copied),
        Operation(f"DELETE of {half:,} observations", observations, absent, tidy=present),
    )


def prepare(conninfo: str, rows: int) -> None:
    """Fills the tables and makes their bare copies, foreign keys included."""
    patients = f"""INSERT INTO fhir_patients (fhir_id, gender, birth_date, phone)
        SELECT 'p-' || n, 'female', date '1950-01-01' + n % 20000, '555-0' FROM generate_series(0, 999) n
        UNION ALL
        SELECT 'b-' || n, 'male', date '1950-01-01' + n % 20000, '555-0' FROM generate_series(0, {rows - 1}) n"""
    insert = f"INSERT INTO fhir_observations ({_COLUMNS}) "
    made = [patients, insert + _observations("p", 0, rows), insert + _observations("f", 0, rows, documented="1")]
    made.append(
        """INSERT INTO phi.documents (resource_type, fhir_id, version_id, document, method)
        SELECT 'Observation', fhir_id, 1, json_build_object('resourceType', 'Observation', 'id', fhir_id), 'PUT'
        FROM fhir_observations WHERE document_version = 1"""
    )
    for original, copy in _COPIES.items():
        made += [
            f"CREATE TABLE {copy} (LIKE {original} INCLUDING ALL)",
            f"INSERT INTO {copy} SELECT * FROM {original}",
            f"SELECT setval(pg_get_serial_sequence('{copy}', 'id'), (SELECT max(id) FROM {copy}))",
        ]
    for column, parent in (("patient_fhir_id", "bench_patients"), ("practitioner_fhir_id", "fhir_practitioners")):
        made.append(f"ALTER TABLE bench_observations ADD FOREIGN KEY ({column}) REFERENCES {parent} (fhir_id)")
    servers.execute(conninfo, *made, "VACUUM ANALYZE", "CHECKPOINT")


@contextmanager
def _measured(connection: Connection[Any], into: list[Cost]) -> Iterator[None]:
    backend = connection.info.backend_pid
    wal = _wal(connection)
    cpu, wall = processes.cpu_seconds([backend]), time.perf_counter()
    yield
    took = time.perf_counter() - wall
    into.append(Cost(took, processes.cpu_seconds([backend]) - cpu, (_wal(connection) - wal) / 1e6))


def _wal(connection: Connection[Any]) -> int:
    row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
    return 0 if row is None else int(row[0])


def measure(conninfo: str, wanted: Sequence[Operation], rounds: int) -> list[dict[str, Any]]:
    """One row for each operation: the medians of both tables and of the ratios of each round.

    An operation that takes longer than STATEMENT_SECONDS is given up; its row says so.
    """
    costs: dict[tuple[str, bool], list[Cost]] = {(one.name, traced): [] for one in wanted for traced in (True, False)}
    given_up: set[str] = set()
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"SET statement_timeout = {STATEMENT_SECONDS * 1000}")
        # The first round only warms up: plans of the triggers, pages in memory.
        for number in range(rounds + 1):
            for operation in wanted:
                # In turns, and each first as often as the other: what comes second finds warmer caches.
                for traced in (True, False) if number % 2 else (False, True):
                    if operation.name in given_up:
                        continue
                    into = costs[operation.name, traced] if number else []
                    try:
                        _measure(connection, operation, traced, number, into)
                    except psycopg.errors.QueryCanceled:
                        given_up.add(operation.name)
                        say(f"given up: {operation.name}, {'with' if traced else 'without'} triggers")
            connection.execute("CHECKPOINT")
            say(f"round {number} of {rounds} done" if number else "warmed up")
    return [
        _given_up(one) if one.name in given_up else _row(one, costs[one.name, True], costs[one.name, False])
        for one in wanted
    ]


def _measure(connection: Connection[Any], operation: Operation, traced: bool, number: int, into: list[Cost]) -> None:
    table = operation.table if traced else _COPIES[operation.table]
    if operation.tidy is not None:
        operation.tidy(connection, table, number)
    with _measured(connection, into):
        operation.work(connection, table, number)
    connection.execute(f"VACUUM ANALYZE {table}")


def _given_up(operation: Operation) -> dict[str, Any]:
    return {"operation": operation.name, "aim": operation.aim, "given_up_after_s": STATEMENT_SECONDS}


def _row(operation: Operation, traced: Sequence[Cost], bare: Sequence[Cost]) -> dict[str, Any]:
    pairs = list(zip(traced, bare, strict=True))
    ratios = [one.wall / other.wall for one, other in pairs]
    return {
        "operation": operation.name,
        "aim": operation.aim,
        "traced_s": median(one.wall for one in traced),
        "bare_s": median(one.wall for one in bare),
        "ratio": median(ratios),
        "lowest": min(ratios),
        "highest": max(ratios),
        # Counted in steps of 10 ms: of what is over sooner there is nothing to say.
        "cpu_ratio": median(one.cpu / other.cpu for one, other in pairs) if all(b.cpu >= 0.05 for b in bare) else None,
        "wal_ratio": median(one.wal / max(other.wal, 0.001) for one, other in pairs),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.triggers", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the bulk statements (100,000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=_ROOT / "bench" / "results", help="folder for the result file")
    options = parser.parse_args()
    with servers.data_directory() as data_dir, servers.database(data_dir) as conninfo:
        facts = machine.facts(conninfo)
        prepare(conninfo, options.rows)
        say("data is there")
        rows = measure(conninfo, operations(options.rows), options.rounds)
    result = {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "machine": facts, "triggers": rows}
    print(report.markdown(result))
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{datetime.now(UTC):%Y-%m-%d-%H%M}-{facts['commit']}-triggers.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
