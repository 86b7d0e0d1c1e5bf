"""One HTTP connection to a FHIR server, which tries again what may be tried again.

https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods
"""

from __future__ import annotations

import http.client
import random
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from fhir_server.loading.parcels import Parcel

_ATTEMPTS: Final = 7
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_TIMEOUT: Final = 600.0

# The server says that it has done nothing: also a request that is not repeatable may be sent again.
_NOTHING_DONE: Final = frozenset({409, 429, 503})
# Somebody on the way says that he does not know.
_UNKNOWN: Final = frozenset({502, 504})

_HEADERS: Final = {
    "Content-Type": "application/fhir+json",
    "Accept": "application/fhir+json",
    "Prefer": "return=minimal",
    "User-Agent": "fhir-server load",
}


class NoServer(Exception):
    """There is no FHIR server at the URL; the message says what was found there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body; status 0: none came, and `body` says why."""

    status: int
    body: bytes
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


class Client:
    """For one thread. `stopping` ends waiting and trying again."""

    def __init__(self, base_url: str, stopping: threading.Event) -> None:
        self._base = _checked(base_url)
        self._stopping = stopping
        self._connection: http.client.HTTPConnection | None = None

    def send(self, parcel: Parcel) -> Answer:
        """The answer to a parcel; tries again as long as that is safe and may help. A bad network raises nothing."""
        if self._stopping.is_set():
            return Answer(0, b"not sent any more")
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            # A kept connection may have been closed by the other side, and a request that may not be repeated could not
            # be sent again without knowing whether it came through.
            answer, sent = self._once(parcel.method, parcel.url, parcel.body, fresh=not parcel.repeatable)
            if not self._may_try_again(parcel, answer, sent=sent):
                return answer
            if attempt == _ATTEMPTS:
                if not sent:
                    # Nobody has been there for a while: the others need not wait as long to learn it.
                    self._stopping.set()
                return answer
            if self._stopping.wait(max(answer.retry_after or 0.0, pause * random.uniform(0.5, 1.0))):  # noqa: S311
                return answer
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise AssertionError("unreachable")

    def check(self) -> None:
        """Raises NoServer unless a FHIR R4 server answers."""
        answer, _ = self._once("GET", "metadata", b"", fresh=True)
        if answer.status == 0:
            raise NoServer(f"no server answers ({answer.body.decode()}). Start one with: fhir-server serve")
        if not answer.ok or b"CapabilityStatement" not in answer.body:
            raise NoServer(f"/metadata answers {answer.status} and no CapabilityStatement; is this the FHIR base URL?")

    def close(self) -> None:
        """Lets go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _may_try_again(parcel: Parcel, answer: Answer, *, sent: bool) -> bool:
        if answer.status == 0:
            return parcel.repeatable or not sent
        return answer.status in _NOTHING_DONE or (parcel.repeatable and answer.status in _UNKNOWN)

    def _once(self, method: str, url: str, body: bytes, *, fresh: bool) -> tuple[Answer, bool]:
        """One attempt, and whether anything of it may have reached the server."""
        if fresh:
            self.close()
        sent = False
        try:
            if self._connection is None:
                self._connection = _connection(self._base)
                self._connection.connect()
            sent = True
            path = f"{self._base.path.rstrip('/')}/{url}".rstrip("/") or "/"
            self._connection.request(method, path, body or None, _HEADERS)
            response = self._connection.getresponse()
            answer = Answer(response.status, response.read(), _retry_after(response.getheader("Retry-After")))
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(0, _in_words(error).encode()), sent
        if response.will_close:
            self.close()
        return answer, True


def _in_words(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error) or type(error).__name__


def _checked(base_url: str) -> SplitResult:
    base = urlsplit(base_url)
    if base.scheme not in ("http", "https") or not base.hostname:
        raise NoServer("it must be an http or https URL such as http://127.0.0.1:8080/fhir")
    return base


def _connection(base: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    return kind(base.hostname or "", base.port, timeout=_TIMEOUT)


def _retry_after(said: str | None) -> float | None:
    said = said or ""
    return min(float(said), 60.0) if said.isascii() and said.isdecimal() else None
