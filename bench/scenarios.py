"""What is measured: the requests of each scenario, what counts as one unit of work, and the aim.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.data import CODES, Size, new_observations, new_transactions
from bench.http_load import Address, request

Requests = Callable[[Address, Size, int], Iterator[bytes]]
"""Requests without end (or a fixed list) for an address, a size of data and the seed of a round."""

_MADE = 4_000
_ALL = (1, 8, 32)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table. `units` are what `aim` counts in a request; `yardsticks` name rows it is compared with."""

    name: str
    requests: Requests
    clients: tuple[int, ...] = _ALL
    aim: float | None = None
    unit: str = "requests"
    units: int = 1
    yardsticks: tuple[str, ...] = ()
    finite: bool = False
    """Whether the requests end by themselves; the others run for a fixed time."""


def _cycled(make: Callable[[random.Random], str], address: Address, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    # Made beforehand: the clients must not spend the server's CPU on making requests.
    return itertools.cycle([request("GET", address, make(chance)) for _ in range(_MADE)])


def gets(path: Callable[[random.Random, Size], str]) -> Requests:
    """Requests that get `path(chance, size)`."""
    return lambda address, size, seed: _cycled(lambda chance: path(chance, size), address, seed)


def sized(size_of: int) -> Requests:
    """Requests to the server that does nothing, for a body of so many bytes."""
    return lambda address, _size, _seed: itertools.repeat(request("GET", address, f"/{size_of}"))


def _creates(address: Address, size: Size, seed: int) -> Iterator[bytes]:
    bodies = itertools.islice(new_observations(size, seed), _MADE)
    return itertools.cycle([request("POST", address, "/fhir/Observation", body) for body in bodies])


def _transactions(address: Address, size: Size, seed: int) -> Iterator[bytes]:
    bodies = itertools.islice(new_transactions(size, seed), 20)
    return itertools.cycle([request("POST", address, "/fhir", body) for body in bodies])


def _portal_page(chance: random.Random, size: Size, rest: str = "") -> str:
    return f"/fhir/Observation?patient=pp-{chance.randrange(size.portal_patients)}{rest}&_sort=-date&_count=50"


def _fhir_page(chance: random.Random, size: Size, rest: str = "") -> str:
    return f"/fhir/Observation?patient=fp-{chance.randrange(size.fhir_patients)}{rest}&_sort=-date&_count=50"


def _code(chance: random.Random) -> str:
    return f"&code=http://loinc.org%7C{chance.choice(CODES)[0]}"


_INCLUDE = "&_include=Observation:patient"

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "read, FHIR-written",
        gets(lambda chance, size: f"/fhir/Observation/fo-{chance.randrange(size.fhir_observations)}"),
        aim=3_500,
        yardsticks=("do nothing, read", "pgbench read", "pgbench read, server's SQL"),
    ),
    Scenario(
        "read, portal-written",
        gets(lambda chance, size: f"/fhir/Observation/po-{chance.randrange(size.portal_observations)}"),
        aim=3_500,
        yardsticks=("do nothing, read", "pgbench read, portal row"),
    ),
    Scenario(
        "page of 50, FHIR-written",
        gets(_fhir_page),
        aim=2_000,
        yardsticks=("do nothing, page", "pgbench page", "pgbench page, server's SQL"),
    ),
    Scenario(
        "page of 50, portal-written",
        gets(_portal_page),
        aim=2_000,
        yardsticks=("do nothing, page", "pgbench page, portal rows"),
    ),
    Scenario("page by code, FHIR-written", gets(lambda chance, size: _fhir_page(chance, size, _code(chance)))),
    Scenario("page by code, portal-written", gets(lambda chance, size: _portal_page(chance, size, _code(chance)))),
    Scenario(
        "page of 50 + include, FHIR-written",
        gets(lambda chance, size: _fhir_page(chance, size, _INCLUDE)),
        aim=1_500,
        yardsticks=("do nothing, page", "pgbench page"),
    ),
    Scenario(
        "page of 50 + include, portal-written",
        gets(lambda chance, size: _portal_page(chance, size, _INCLUDE)),
        aim=1_500,
        yardsticks=("do nothing, page", "pgbench page, portal rows"),
    ),
    Scenario("create Observation", _creates, aim=1_000),
    Scenario("transaction of 100 creates", _transactions, clients=(1, 8), aim=4_000, unit="entries", units=100),
)


def do_nothing(name: str, body_size: int) -> Scenario:
    """The scenario of the server that does nothing."""
    return Scenario(name, sized(body_size))


def synthea(files: Sequence[Path]) -> Scenario:
    """Loads the patients' files, each one transaction; a unit is a resource, on average over the files."""
    bodies = [read(file) for file in files]
    entries = sum(len(json.loads(body)["entry"]) for body in bodies)

    def requests(address: Address, _size: Size, seed: int) -> Iterator[bytes]:
        shuffled = list(bodies)
        random.Random(seed).shuffle(shuffled)
        return iter([request("POST", address, "/fhir", body) for body in shuffled])

    units = round(entries / len(bodies))
    return Scenario(
        f"Synthea load, {len(bodies)} files",
        requests,
        clients=(1, 8),
        aim=2_200,
        unit="resources",
        units=units,
        finite=True,
    )


def read(file: Path) -> bytes:
    """The bytes of a file, perhaps a gzipped one."""
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
