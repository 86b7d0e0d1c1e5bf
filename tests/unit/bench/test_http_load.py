"""The load generator, against a real server in a thread."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.http_load import Address, request, run

BODY = b"x" * 300_000


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, BODY)

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"]))
        if said == b"hang up":
            self.close_connection = True
        else:
            self._answer(422 if said == b"bad" else 201, said)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True


@pytest.fixture
def address() -> Iterator[Address]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Address("127.0.0.1", server.server_port)
        server.shutdown()
        thread.join()


def test_every_request_is_sent_once_and_answers_larger_than_a_packet_are_read_to_their_end(address: Address) -> None:
    load = run(address, [request("GET", address, "/")] * 25, clients=4)

    assert (load.requests, load.errors, load.statuses) == (25, 0, {200: 25})
    assert load.body_bytes > 25 * len(BODY)
    assert len(load.latencies) == 25
    assert load.percentile(0.5) <= load.percentile(0.99)


def test_requests_larger_than_the_socket_takes_at_once_arrive_whole(address: Address) -> None:
    large = request("POST", address, "/", b"y" * 5_000_000)

    load = run(address, [large] * 3, clients=2)

    assert (load.requests, load.statuses) == (3, {201: 3})
    assert load.body_bytes > 15_000_000


def test_answers_that_refuse_count_as_errors_and_not_as_requests(address: Address) -> None:
    bodies = [b"good", b"bad", b"good", b"bad"]

    load = run(address, [request("POST", address, "/", body) for body in bodies], clients=1)

    assert (load.requests, load.errors) == (2, 2)
    assert load.sample.startswith("HTTP/1.1 422")


def test_a_connection_that_breaks_is_an_error_and_its_client_goes_on(address: Address) -> None:
    bodies = [b"good", b"hang up", b"good"]

    load = run(address, [request("POST", address, "/", body) for body in bodies], clients=1)

    assert (load.requests, load.errors) == (2, 1)


def test_requests_without_end_stop_when_the_time_is_over(address: Address) -> None:
    load = run(address, itertools.repeat(request("GET", address, "/")), clients=2, seconds=0.2)

    assert load.requests > 0
    assert 0.2 <= load.seconds < 5
