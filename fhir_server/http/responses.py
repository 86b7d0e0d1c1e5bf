"""What goes over the wire: status line, headers and body of answers and errors.

https://hl7.org/fhir/R4/http.html#Status-Codes and https://hl7.org/fhir/R4/security.html
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fhir_server.errors import FhirError, Issue, operation_outcome
from fhir_server.json_text import encode_json

# Answers are PHI: kept by no cache, framed by no page, and their URL (with its search values) told to no other site.
SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)
_VARY: Final = ("Vary", "Accept, Accept-Encoding, Authorization")
_REPLACEABLE: Final = frozenset({"cache-control", "content-type"})
_OWN: Final = frozenset({"content-length", "x-request-id", "x-correlation-id", "vary", "server", "date"})
_BODILESS: Final = frozenset({204, 304})
_PLAIN_TAIL: Final = (*SECURITY_HEADERS, _VARY)

STATUS_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Wire:
    """A finished answer: status code, headers in the order they are sent, body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def status_line(self) -> str:
        """The status as WSGI wants it, "200 OK"."""
        return STATUS_LINES.get(self.status) or f"{self.status} Status"


def wire(
    status: int,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    content_type: str,
    request_id: str,
    correlation_id: str | None = None,
    compressed: bool = False,
) -> Wire:
    """The answer with all its headers; the interaction's own (`headers`) may replace Content-Type and Cache-Control.

    Raises ValueError when a header value could break out of its line.
    """
    sent: list[tuple[str, str]] = []
    tail: Iterable[tuple[str, str]] = _PLAIN_TAIL
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"header {name} holds a control or non-ASCII character")
        lower = name.lower()
        if lower in _OWN:
            continue
        if lower in _REPLACEABLE:
            if lower == "content-type":
                content_type = value
                continue
            tail = [pair for pair in _PLAIN_TAIL if pair[0].lower() != lower]
        sent.append((name, value))
    if status in _BODILESS:
        body = b""
    else:
        if body:
            sent.append(("Content-Type", content_type))
            if compressed:
                body = gzipped(body)
                sent.append(("Content-Encoding", "gzip"))
        sent.append(("Content-Length", str(len(body)) if body else "0"))
    sent.append(("X-Request-Id", request_id))
    if correlation_id is not None:
        sent.append(("X-Correlation-Id", correlation_id))
    sent.extend(tail)
    return Wire(status, sent, body or b"")


def gzipped(body: bytes) -> bytes:
    """`body` as one gzip member, packed quickly rather than tightly and without a time stamp."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for element in accept_encoding.lower().split(","):
        coding, _, parameters = element.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def outcome_body(error: FhirError) -> bytes:
    """The OperationOutcome of an error as compact JSON."""
    return encode_json(error.to_outcome())


def fault_body(request_id: str) -> bytes:
    """The OperationOutcome of an error in the server itself: nothing but the id under which it was logged."""
    said = f"The server failed. The operator finds the reason in the log under request {request_id}."
    return encode_json(operation_outcome([Issue("fatal", "exception", said)]))
