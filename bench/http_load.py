"""A small load generator: keep-alive HTTP/1.1 clients in one process, each with one request under way at any time.

https://www.rfc-editor.org/rfc/rfc9112

The clients share the machine with the server, so they do as little as possible: requests are bytes made beforehand, of
an answer only the status line and its end are looked for.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

STALL_SECONDS = 60.0
"""A server that answers nobody for so long is taken for dead."""
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: counts, seconds, and the latency of each request that was answered well, sorted."""

    clients: int
    seconds: float
    latencies: tuple[float, ...]
    statuses: dict[int, int]
    broken: int
    body_bytes: int
    client_cpu_seconds: float
    sample: str = field(default="", repr=False)
    """The beginning of the first answer that was an error."""

    @property
    def requests(self) -> int:
        """Requests that were answered with a status below 400."""
        return len(self.latencies)

    @property
    def errors(self) -> int:
        """Answers with a status of 400 or more, and connections that broke."""
        return self.broken + sum(count for status, count in self.statuses.items() if status >= 400)

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return self.requests / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that `share` of the requests stayed within; 0 without requests."""
        if not self.latencies:
            return 0.0
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000


def request(method: str, address: Address, path: str, body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes; a body is said to be FHIR JSON."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {address.host}:{address.port}", "Accept: application/fhir+json"]
    if body or method in ("POST", "PUT"):
        lines += ["Content-Type: application/fhir+json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class _Client:
    __slots__ = ("ends_at", "head", "is_busy", "received", "sent_at", "sock", "status", "waiting")

    def __init__(self, address: Address) -> None:
        self.sock = socket.create_connection((address.host, address.port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.waiting = memoryview(b"")
        self.sent_at = 0.0
        self.is_busy = False
        self._reset()

    def _reset(self) -> None:
        self.head = b""
        self.received = self.status = 0
        self.ends_at = -1

    def send(self, message: bytes) -> bool:
        """Starts a request; False when a rest is `waiting` for the socket to take it."""
        self._reset()
        self.sent_at = time.perf_counter()
        self.waiting = memoryview(message)
        return self.send_rest()

    def send_rest(self) -> bool:
        try:
            while self.waiting:
                self.waiting = self.waiting[self.sock.send(self.waiting) :]
        except BlockingIOError:
            return False
        return True

    def receive(self, buffer: bytearray) -> bool:
        """Takes what has arrived; True at the end of the answer. Raises ConnectionError when there will be no more."""
        view = memoryview(buffer)
        while True:
            try:
                count = self.sock.recv_into(buffer)
            except BlockingIOError:
                return False
            if count == 0:
                raise ConnectionError("the server closed the connection")
            self.received += count
            if self.ends_at < 0:
                self.head += view[:count].tobytes()
                self._look_for_end()
            if 0 <= self.ends_at <= self.received:
                return True

    def _look_for_end(self) -> None:
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return
        self.status = int(self.head[9:12])
        names = self.head[: end + 2].lower()
        at = names.find(b"\r\ncontent-length:")
        if at >= 0:
            self.ends_at = end + 4 + int(names[at + 17 : names.index(b"\r\n", at + 17)])
        elif self.status in (204, 304):
            self.ends_at = end + 4
        elif self.head.endswith(b"\r\n0\r\n\r\n"):
            self.ends_at = self.received


def run(address: Address, requests: Iterable[bytes], *, clients: int, seconds: float | None = None) -> Load:
    """Sends `requests` in their order with `clients` connections until they or the `seconds` have run out.

    Requests under way at the end are still waited for and counted, and so is the time they take. Raises
    ConnectionError when the server cannot be reached or stalls.
    """
    source = iter(requests)
    connections = [_Client(address) for _ in range(clients)]
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _Run(source, seconds, clients).drive(connections, address)
    finally:
        for one in connections:
            one.sock.close()
        if collecting:
            gc.enable()


class _Run:
    def __init__(self, source: Iterator[bytes], seconds: float | None, clients: int) -> None:
        self.source, self.seconds, self.clients = source, seconds, clients
        self.selector = selectors.DefaultSelector()
        self.buffer = bytearray(_BUFFER)
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.broken = self.body_bytes = self.busy = 0
        self.sample = ""
        self.until = 0.0

    def drive(self, connections: list[_Client], address: Address) -> Load:
        cpu, start = time.process_time(), time.perf_counter()
        self.until = start + self.seconds if self.seconds is not None else float("inf")
        with self.selector:
            for one in connections:
                self.selector.register(one.sock, selectors.EVENT_READ, one)
                self._next(one)
            heard = start
            while self.busy:
                for key, events in self.selector.select(1.0):
                    heard = time.perf_counter()
                    self._serve(key.data, events, connections, address)
                if time.perf_counter() - heard > STALL_SECONDS:
                    raise ConnectionError("the server does not answer any more")
        return Load(
            self.clients,
            time.perf_counter() - start,
            tuple(sorted(self.latencies)),
            dict(self.statuses),
            self.broken,
            self.body_bytes,
            time.process_time() - cpu,
            self.sample,
        )

    def _next(self, one: _Client) -> None:
        message = next(self.source, None) if time.perf_counter() < self.until else None
        if message is None:
            return
        self.busy += 1
        one.is_busy = True
        if not one.send(message):
            self.selector.modify(one.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, one)

    def _serve(self, one: _Client, events: int, connections: list[_Client], address: Address) -> None:
        try:
            if events & selectors.EVENT_WRITE and one.send_rest():
                self.selector.modify(one.sock, selectors.EVENT_READ, one)
            if not events & selectors.EVENT_READ or not one.receive(self.buffer):
                return
            if not one.is_busy:
                raise ConnectionError("the server sent more than it was asked for")
        except ConnectionError:
            self._replace(one, connections, address)
            return
        self.busy -= 1
        one.is_busy = False
        self.statuses[one.status] += 1
        self.body_bytes += one.received
        if one.status < 400:
            self.latencies.append(time.perf_counter() - one.sent_at)
        elif not self.sample:
            self.sample = one.head[:2000].decode("utf-8", "replace")
        self._next(one)

    def _replace(self, one: _Client, connections: list[_Client], address: Address) -> None:
        """A new connection instead of a broken one; a request that was under way counts as an error."""
        self.selector.unregister(one.sock)
        one.sock.close()
        connections.remove(one)
        if not one.is_busy:
            return
        self.broken += 1
        self.busy -= 1
        if self.broken > 100:
            raise ConnectionError("the server breaks every connection")
        fresh = _Client(address)
        connections.append(fresh)
        self.selector.register(fresh.sock, selectors.EVENT_READ, fresh)
        self._next(fresh)


def main() -> None:
    parser = argparse.ArgumentParser(description="Load one URL with GET requests and say what came of it.")
    parser.add_argument("url", help="http://host:port/path?query")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    parts = urlsplit(arguments.url)
    address = Address(parts.hostname or "127.0.0.1", parts.port or 80)
    message = request("GET", address, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    for clients in arguments.clients:
        load = run(address, itertools.repeat(message), clients=clients, seconds=arguments.seconds)
        said = {
            "clients": clients,
            "requests/s": round(load.per_second, 1),
            "p50 ms": round(load.percentile(0.5), 2),
            "p99 ms": round(load.percentile(0.99), 2),
            "errors": load.errors,
            "client CPU share": round(load.client_cpu_seconds / load.seconds, 2),
        }
        print(json.dumps(said))


if __name__ == "__main__":
    main()
