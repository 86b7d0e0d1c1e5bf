"""Where the time of a request goes: Python, PostgreSQL or waiting, and which functions use it, in this very process.

`python -m bench.profile_requests --help`; https://docs.python.org/3/library/profile.html
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import processes, servers
from bench.data import (
    CODES,
    Size,
    new_observations,
    new_transactions,
    observation_bundles,
    patient_bundles,
    portal_statements,
)
from fhir_server.app import build_server
from fhir_server.interactions.dispatch import Server
from fhir_server.interactions.request import FhirRequest
from fhir_server.persistence.connections import close_thread_connections, count_statements
from fhir_server.settings import Settings

_BASE = "http://127.0.0.1:8080/fhir"
SIZE = Size(portal_patients=100, portal_observations=10_000, fhir_patients=20, fhir_observations=2_000, writers=16)


def _get(path: str, query: str = "") -> FhirRequest:
    return FhirRequest("GET", tuple(path.split("/")), query, {}, b"", _BASE, request_id="0" * 32)


def _post(path: str, body: bytes) -> FhirRequest:
    parts = (path,) if path else ()
    return FhirRequest("POST", parts, "", {}, body, _BASE, "application/fhir+json", request_id="0" * 32)


def _page(kind: str, number: int, rest: str = "") -> FhirRequest:
    count = SIZE.portal_patients if kind == "pp" else SIZE.fhir_patients
    return _get("Observation", f"patient={kind}-{number % count}{rest}&_sort=-date&_count=50")


_creates = new_observations(SIZE, 1)
_transactions = new_transactions(SIZE, 1)

REQUESTS: dict[str, tuple[int, Callable[[int], FhirRequest]]] = {
    "read": (2000, lambda n: _get(f"Observation/fo-{n * 7 % SIZE.fhir_observations}")),
    "read-portal": (1000, lambda n: _get(f"Observation/po-{n * 7 % SIZE.portal_observations}")),
    "page": (500, lambda n: _page("fp", n)),
    "page-portal": (150, lambda n: _page("pp", n)),
    "page-code": (500, lambda n: _page("fp", n, f"&code=http://loinc.org%7C{CODES[n % 10][0]}")),
    "page-include": (400, lambda n: _page("fp", n, "&_include=Observation:patient")),
    "create": (500, lambda _: _post("Observation", next(_creates))),
    "transaction": (15, lambda _: _post("", next(_transactions))),
}
"""Name → how often it is done in one measurement, and the n-th request."""


@dataclass(frozen=True, slots=True)
class Split:
    """Microseconds of one request: in all, Python's CPU, the backend's CPU; what is left is waiting for others."""

    wall: float
    python: float
    backend: float
    statements: float

    def line(self) -> str:
        """For people."""
        rest = self.wall - self.python - self.backend
        return (
            f"{self.wall:,.0f} µs: Python {self.python:,.0f} ({self.python / self.wall:.0%}), PostgreSQL"
            f" {self.backend:,.0f}, other (disk, wake-ups, other processes) {rest:,.0f};"
            f" {self.statements:.1f} statements"
        )


def fill(server: Server, conninfo: str) -> None:
    """A small set of data, written through the portal's SQL and through the server itself."""
    servers.execute(conninfo, *portal_statements(SIZE))
    for body in (*patient_bundles(SIZE), *observation_bundles(SIZE)):
        server.answer(_post("", body))
    servers.execute(conninfo, "VACUUM ANALYZE")


def split(server: Server, requests: Sequence[FhirRequest], conninfo: str) -> Split:
    """Answers the requests one after the other and says where their time went."""
    backends = _backends(conninfo)
    with count_statements() as counted:
        server.answer(requests[0])
    count = len(requests)
    backend, cpu, wall = processes.cpu_seconds(backends), time.process_time(), time.perf_counter()
    for request in requests:
        server.answer(request)
    took, used = time.perf_counter() - wall, time.process_time() - cpu
    behind = processes.cpu_seconds(backends) - backend
    return Split(took * 1e6 / count, used * 1e6 / count, behind * 1e6 / count, len(counted))


def _backends(conninfo: str) -> list[int]:
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in found]


def profiled(server: Server, requests: Sequence[FhirRequest], top: int) -> Iterator[str]:
    """The functions that use the most time themselves, and those that use the most with what they call."""
    profile = cProfile.Profile()
    profile.enable()
    for request in requests:
        server.answer(request)
    profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in stats.values())
    for title, place in (("by own time", 2), ("with what they call", 3)):
        yield f"  {title}: µs a request, calls a request, function (the profiler itself slows calls down)"
        ordered = sorted(stats.items(), key=lambda item: item[1][place], reverse=True)
        for (file, line, name), numbers in ordered[:top]:
            used, calls = numbers[place] * 1e6 / len(requests), numbers[1] / len(requests)
            yield f"  {used:9,.1f} {calls:8,.1f}  {_short(file)}:{line} {name}"
    yield f"  all functions together: {total * 1e6 / len(requests):,.0f} µs a request under the profiler"


def _short(file: str) -> str:
    for root in (str(Path(__file__).parents[1]) + "/", *(f"{path}/" for path in sys.path if path)):
        if file.startswith(root):
            return file.removeprefix(root)
    return file


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.profile_requests", description=__doc__.split("\n", 1)[0])
    parser.add_argument("kinds", nargs="*", help=f"some of: {', '.join(REQUESTS)} (all)")
    parser.add_argument("--top", type=int, default=20, help="functions to list (20)")
    parser.add_argument("--times", type=float, default=1.0, help="multiplies how often each request is done")
    parser.add_argument("--no-second-opinion", action="store_true", help="without the fhir.resources models on creates")
    options = parser.parse_args()
    unknown = set(options.kinds) - set(REQUESTS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    with servers.data_directory() as data_dir, servers.database(data_dir) as conninfo:
        flags = {"database_url": conninfo, "second_opinion": "off" if options.no_second_opinion else "on"}
        server = build_server(Settings.load({}, flags))
        try:
            fill(server, conninfo)
            for kind in options.kinds or REQUESTS:
                times, make = REQUESTS[kind]
                count = max(2, round(times * options.times))
                for number in range(max(2, count // 5)):
                    server.answer(make(number))
                print(f"{kind}: {split(server, [make(number) for number in range(count)], conninfo).line()}")
                for line in profiled(server, [make(number) for number in range(count)], options.top):
                    print(line)
        finally:
            close_thread_connections()
    return 0


if __name__ == "__main__":
    sys.exit(main())
