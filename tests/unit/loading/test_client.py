"""What is sent again and what is not, against a server that fails on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from fhir_server.loading import client
from fhir_server.loading.client import Client, NoServer
from fhir_server.loading.parcels import Parcel


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives these answers to one connection each (b"" hangs up), and the requests it got."""
    got: list[bytes] = []

    def work(listening: socket.socket) -> None:
        for answer in answers:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # the test is over
            with connection:
                got.append(connection.recv(65536))
                connection.sendall(answer)

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=work, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/fhir", got
        # Wakes a thread that waits for one more request.
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def status(code: int, body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (code, len(body)) + body


def parcel(*, repeatable: bool) -> Parcel:
    return Parcel("x", "POST", "", b"{}", (), repeatable)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(client, "_LONGEST_PAUSE", 0.002)


@pytest.mark.parametrize("code", [409, 429, 503])
@pytest.mark.parametrize("repeatable", [True, False])
def test_what_the_server_says_it_has_not_done_is_sent_again(code: int, repeatable: bool) -> None:
    with answering(status(code), status(code), status(200)) as (base, got):
        assert Client(base, threading.Event()).send(parcel(repeatable=repeatable)).status == 200
        assert len(got) == 3


@pytest.mark.parametrize("broken", [b"", status(502), b"HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\n{"])
def test_an_unknown_end_is_tried_again_only_when_that_does_no_harm(broken: bytes) -> None:
    with answering(broken, status(200)) as (base, got):
        assert Client(base, threading.Event()).send(parcel(repeatable=True)).status == 200
        assert len(got) == 2
    with answering(broken, status(200)) as (base, got):
        assert Client(base, threading.Event()).send(parcel(repeatable=False)).status in (0, 502)
        assert len(got) == 1


@pytest.mark.parametrize("code", [400, 404, 412, 422, 500])
def test_a_final_answer_is_not_asked_for_again(code: int) -> None:
    with answering(status(code), status(200)) as (base, got):
        assert Client(base, threading.Event()).send(parcel(repeatable=True)).status == code
        assert len(got) == 1


def test_when_nobody_is_there_the_rest_is_not_sent() -> None:
    stopping = threading.Event()
    assert Client("http://127.0.0.1:9/fhir", stopping).send(parcel(repeatable=True)).status == 0
    assert stopping.is_set()


def test_a_page_that_is_no_capability_statement_is_no_server() -> None:
    with answering(status(200, b"<html>")) as (base, _), pytest.raises(NoServer, match="CapabilityStatement"):
        Client(base, threading.Event()).check()
    with pytest.raises(NoServer, match="http"):
        Client("ftp://x/fhir", threading.Event())
