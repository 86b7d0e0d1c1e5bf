"""Measures the server over HTTP, interleaved with what bounds it: a server that does nothing, and pgbench.

`python -m bench.run --help`; what is measured stands in `bench.scenarios`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import http_load, machine, pgbench, processes, report, servers
from bench.data import Size, observation_bundles, patient_bundles, portal_statements
from bench.progress import say
from bench.scenarios import SCENARIOS, Scenario, do_nothing, read, synthea

_ROOT = Path(__file__).parents[1]
_NAMED_FIRST = re.compile(r"^\d\d-|hospital|practitioner", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    clients: tuple[int, ...]
    rounds: int
    seconds: float
    only: re.Pattern[str] | None

    def wants(self, name: str) -> bool:
        """Whether the scenario is to be measured; the yardsticks of one that is come along."""
        return self.only is None or any(
            self.only.search(one.name) and name in (one.name, *one.yardsticks) for one in SCENARIOS
        )


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    size = Size()
    if options.scale != 1:
        size = Size(**{name: max(8, round(count * options.scale)) for name, count in asdict(size).items()})
    only = re.compile(options.only) if options.only else None
    plan = Plan(tuple(options.clients), options.rounds, options.seconds, only)
    settings = dict(option.split("=", 1) for option in options.setting)
    with (
        servers.data_directory(options.data_dir) as data_dir,
        servers.fhir_server(data_dir, workers=options.workers, threads=options.threads, settings=settings) as measured,
        servers.do_nothing_server(workers=options.workers, threads=options.threads) as nothing,
    ):
        facts = machine.facts(measured.conninfo)
        _fill(measured, size)
        loaded = _synthea_scenarios(measured, options.synthea, options.files)
        bench = Bench(measured, nothing, size, plan)
        rows, yardsticks = bench.measure(loaded)
        result = {
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": facts,
            "size": asdict(size),
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "workers": options.workers,
            "threads": options.threads,
            "settings": settings,
            "memory_mb": {
                "server": asdict(processes.memory([measured.server.process])),
                "PostgreSQL": asdict(processes.memory([measured.postmaster])),
            },
            "rows": report.with_ratios(rows, yardsticks),
        }
    print(report.markdown(result))
    path = _result_file(options.out, facts["commit"])
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"written: {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of which medians are taken (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="duration of one measurement (3)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32], help="connections at once (1 8 32)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual amount of data (1)")
    parser.add_argument("--only", help="regular expression for the names of the scenarios to measure")
    parser.add_argument("--synthea", type=Path, help="folder with Synthea bundles (.json, .json.gz) for the load")
    parser.add_argument("--files", type=int, default=8, help="how many patients' bundles of that folder (8)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--setting", action="append", default=[], metavar="FHIR_SERVER_X=Y", help="of the server")
    parser.add_argument("--data-dir", type=Path, help="keep the data here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=_ROOT / "bench" / "results", help="folder for the result file")
    return parser


def _fill(measured: servers.Measured, size: Size) -> None:
    started = time.monotonic()
    servers.execute(measured.conninfo, *portal_statements(size))
    say(f"portal rows: {size.portal_observations:,} observations in {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    _post(measured, patient_bundles(size), clients=1)
    _post(measured, observation_bundles(size), clients=4)
    took = time.monotonic() - started
    say(
        f"FHIR-written: {size.fhir_observations:,} observations in {took:.1f} s, {size.fhir_observations / took:,.0f}/s"
    )
    servers.execute(measured.conninfo, "VACUUM ANALYZE", "CHECKPOINT")


def _post(measured: servers.Measured, bodies: Iterable[bytes], *, clients: int) -> None:
    """Posts bundles that must all be taken. Raises RuntimeError with the server's words otherwise."""
    address = measured.server.address
    requests = [http_load.request("POST", address, "/fhir", body) for body in bodies]
    load = http_load.run(address, requests, clients=clients)
    if load.errors:
        raise RuntimeError(f"{load.errors} of {len(requests)} bundles were refused: {load.sample}")


def _synthea_scenarios(measured: servers.Measured, folder: Path | None, count: int) -> tuple[Scenario, ...]:
    """The load of a folder's bundles; those that others refer to (hospitals, practitioners) are loaded now."""
    if folder is None:
        return ()
    files = sorted(file for file in folder.iterdir() if file.name.endswith((".json", ".json.gz")))
    first = [file for file in files if _NAMED_FIRST.search(file.name)]
    patients = [file for file in files if file not in first][:count]
    if not patients:
        raise SystemExit(f"{folder} holds no bundles of patients")
    _post(measured, map(read, first), clients=1)
    return (synthea(patients),)


class Bench:
    """Measures scenarios on running servers."""

    def __init__(self, measured: servers.Measured, nothing: servers.Served, size: Size, plan: Plan) -> None:
        self._measured, self._nothing, self._size, self._plan = measured, nothing, size, plan

    def measure(self, loaded: Sequence[Scenario]) -> tuple[list[dict[str, Any]], Mapping[str, Sequence[str]]]:
        """The summed-up rows of all scenarios and number of clients, and the yardsticks of each scenario."""
        wanted = [one for one in (*self._bounds(), *SCENARIOS) if self._plan.wants(one.name)]
        wanted += [one for one in loaded if self._plan.only is None or self._plan.only.search(one.name)]
        scripts = [one for one in pgbench.scripts(self._size) if self._plan.wants(one.name)]
        self._warm_up(wanted)
        found: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for number in range(self._plan.rounds):
            for row in itertools.chain(self._http_round(wanted, number), self._pgbench_round(scripts)):
                found.setdefault((row["scenario"], row["clients"]), []).append(row)
            say(f"round {number + 1} of {self._plan.rounds} done")
            # Each round finds the tables in the same state: what the last one wrote is tidied up.
            servers.execute(self._measured.conninfo, "VACUUM ANALYZE fhir_observations", "CHECKPOINT")
        return [report.summary(rounds) for rounds in found.values()], {one.name: one.yardsticks for one in wanted}

    def _bounds(self) -> list[Scenario]:
        """The server that does nothing, with bodies as large as a read and a page really are."""
        sizes = {}
        for name, path in (("read", "/fhir/Observation/fo-1"), ("page", "/fhir/Observation?patient=fp-1&_count=50")):
            address = self._measured.server.address
            load = http_load.run(address, [http_load.request("GET", address, path)], clients=1)
            sizes[name] = load.body_bytes
        return [do_nothing(f"do nothing, {name}", size) for name, size in sizes.items()]

    def _warm_up(self, wanted: Sequence[Scenario]) -> None:
        for one in wanted:
            if not one.finite:
                # Every thread of every worker has to see each statement before its plans are the ones to stay.
                self._load(one, 32, seconds=min(2.0, self._plan.seconds), seed=-1)

    def _http_round(self, wanted: Sequence[Scenario], number: int) -> Iterator[dict[str, Any]]:
        for one in wanted:
            for clients in one.clients:
                if clients in self._plan.clients:
                    yield self._row(one, clients, number)

    def _row(self, one: Scenario, clients: int, number: int) -> dict[str, Any]:
        roots = {"server": self._root(one), "postgres": self._measured.postmaster}
        before = {name: processes.cpu_seconds([root]) for name, root in roots.items()}
        load = self._load(one, clients, seconds=self._plan.seconds, seed=number * 1000 + clients)
        used = {name: processes.cpu_seconds([root]) - before[name] for name, root in roots.items()}
        done = max(1, load.requests) * one.units
        say(f"{one.name}, {clients} clients: {load.per_second * one.units:,.0f} {one.unit}/s, {load.errors} errors")
        return {
            "scenario": one.name,
            "clients": clients,
            "unit": one.unit,
            "aim": one.aim,
            "per_second": load.per_second * one.units,
            "p50_ms": load.percentile(0.5),
            "p99_ms": load.percentile(0.99),
            "server_cpu_us": used["server"] * 1e6 / done,
            "postgres_cpu_us": None if one.name.startswith("do nothing") else used["postgres"] * 1e6 / done,
            "client_cpu_us": load.client_cpu_seconds * 1e6 / done,
            "errors": load.errors,
            "sample": load.sample,
        }

    def _load(self, one: Scenario, clients: int, *, seconds: float, seed: int) -> http_load.Load:
        address = self._address(one)
        requests = one.requests(address, self._size, seed)
        return http_load.run(address, requests, clients=clients, seconds=None if one.finite else seconds)

    def _is_nothing(self, one: Scenario) -> bool:
        return one.name.startswith("do nothing")

    def _address(self, one: Scenario) -> http_load.Address:
        return (self._nothing if self._is_nothing(one) else self._measured.server).address

    def _root(self, one: Scenario) -> int:
        return (self._nothing if self._is_nothing(one) else self._measured.server).process

    def _pgbench_round(self, scripts: Sequence[pgbench.Script]) -> Iterator[dict[str, Any]]:
        for script in scripts:
            for clients in self._plan.clients:
                before = processes.cpu_seconds([self._measured.postmaster])
                rate = pgbench.run(script, self._measured.conninfo, clients=clients, seconds=self._plan.seconds)
                used = processes.cpu_seconds([self._measured.postmaster]) - before
                seconds = max(1, round(self._plan.seconds))
                say(f"{script.name}, {clients} clients: {rate.per_second:,.0f}/s")
                yield {
                    "scenario": script.name,
                    "clients": clients,
                    "unit": "requests",
                    "aim": None,
                    "per_second": rate.per_second,
                    "p50_ms": rate.latency_ms,
                    "p99_ms": None,
                    "server_cpu_us": None,
                    "postgres_cpu_us": used * 1e6 / max(1.0, rate.per_second * seconds),
                    "errors": 0,
                }


def _result_file(folder: Path, commit: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{datetime.now(UTC):%Y-%m-%d-%H%M}-{commit}.json"


if __name__ == "__main__":
    sys.exit(main())
