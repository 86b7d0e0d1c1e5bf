"""Searches of a million observations: the server over HTTP at one client, beside the same SQL straight from PostgreSQL.

`python -m bench.million --help`; the data are those of `bench.crowd`, the searches those of `bench.queries`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from bench import http_load, machine, servers
from bench.crowd import Crowd, fill
from bench.progress import say
from bench.queries import COUNTS, PAGES, Query
from fhir_server.persistence.connections import connect
from fhir_server.persistence.prepared import positional
from fhir_server.resources.registry import registry
from fhir_server.search import Limits, Reading, Statements, parse, parse_query

_ROOT = Path(__file__).parents[1]
NAMED = {
    "patient, code and date": "Observation patient code date",
    "code and value": "Observation code value",
    "name prefix": "Patient name",
    "chain": "Observation chain and code",
    "_has": "Patient has code",
    "_include": "Observation include",
    "count": "count of a patient's code",
}
"""What the table is about; `--all` measures every search."""


@dataclass(frozen=True, slots=True)
class Row:
    """The median latencies of one search, in milliseconds."""

    name: str
    raw_ms: float
    http_ms: float
    errors: int

    @property
    def ratio(self) -> float:
        """How many times the SQL's time an answer takes."""
        return self.http_ms / self.raw_ms if self.raw_ms else 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    crowd = Crowd(options.observations)
    with (
        servers.data_directory(options.data_dir) as data_dir,
        servers.fhir_server(data_dir, workers=1, threads=1) as measured,
    ):
        with psycopg.connect(measured.conninfo, autocommit=True) as connection:
            filled = connection.execute("SELECT EXISTS (SELECT FROM fhir_observations)").fetchone()
        if filled is not None and not filled[0]:
            started = time.monotonic()
            fill(measured.conninfo, crowd)
            say(f"{crowd.observations:,} observations in {time.monotonic() - started:.0f} s")
        named = {query.name: query for query in (*PAGES, *COUNTS)}
        chosen = {name: named[name] for name in named} if options.all else {k: named[v] for k, v in NAMED.items()}
        rows = []
        for name, query in chosen.items():
            rows.append(_measure(name, query, measured, crowd, options.seconds))
            say(f"{name}: {rows[-1].raw_ms:.2f} ms raw, {rows[-1].http_ms:.2f} ms over HTTP")
        facts = machine.facts(measured.conninfo)
    print(table(rows))
    date = datetime.now(UTC)
    result = {
        "date": date.strftime("%Y-%m-%d %H:%M UTC"),
        "machine": facts,
        "observations": crowd.observations,
        "rows": [
            {"name": row.name, "raw_ms": row.raw_ms, "http_ms": row.http_ms, "errors": row.errors} for row in rows
        ],
    }
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{date:%Y-%m-%d}-million.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"written: {path}")
    return 0


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| search | same SQL, p50 ms | server, p50 ms | ratio |", "|---|---|---|---|"]
    lines += [f"| {row.name} | {row.raw_ms:.2f} | {row.http_ms:.2f} | {row.ratio:.1f} |" for row in rows]
    return "\n".join(lines)


def _measure(name: str, query: Query, measured: servers.Measured, crowd: Crowd, seconds: float) -> Row:
    chance = random.Random(17)
    numbers = [chance.randrange(crowd.patients) for _ in range(200)]
    texts = [query.filled(number).replace(" ", "%20").replace("|", "%7C") for number in numbers]
    raw = _raw(measured.conninfo, query, texts, seconds)
    path = f"/fhir/{query.type}" if query.type else "/fhir"
    made = [http_load.request("GET", measured.server.address, f"{path}?{text}") for text in texts]
    load = http_load.run(measured.server.address, itertools.cycle(made), clients=1, seconds=seconds)
    return Row(name, raw, load.percentile(0.5), load.errors)


def _raw(conninfo: str, query: Query, texts: Sequence[str], seconds: float) -> float:
    """The median time of the server's statement, prepared, in milliseconds."""
    known, reading = Statements(registry().sources), Reading("http://127.0.0.1/fhir", UTC)
    made: list[tuple[bytes, list[Any]]] = []
    for text in texts:
        search = parse(query.type, parse_query(text), limits=Limits(), reading=reading)
        statement = known.count(search) if query.counts else known.page(search)
        sql, names = positional(statement.sql)
        made.append((sql, [statement.parameters[name] for name in names]))
    taken: list[float] = []
    with connect(conninfo) as connection:
        cursor = psycopg.RawCursor(connection)
        until = time.perf_counter() + seconds
        for sql, values in itertools.cycle(made):
            started = time.perf_counter()
            cursor.execute(sql, values, prepare=True).fetchall()
            taken.append(time.perf_counter() - started)
            if time.perf_counter() > until:
                break
    return statistics.median(taken) * 1000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--observations", type=int, default=1_000_000, help="how many of them (1000000)")
    parser.add_argument("--seconds", type=float, default=3.0, help="duration of one measurement (3)")
    parser.add_argument("--all", action="store_true", help="measure every search of bench.queries")
    parser.add_argument("--data-dir", type=Path, help="keep the data here, or use what is there from an earlier run")
    parser.add_argument("--out", type=Path, default=_ROOT / "bench" / "results", help="folder for the result file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
