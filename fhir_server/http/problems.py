"""Errors that only HTTP knows, beside those of `fhir_server.errors`.

https://www.rfc-editor.org/rfc/rfc9110#name-status-codes
"""

from __future__ import annotations

from fhir_server.errors import InvalidRequest


class UriTooLong(InvalidRequest):
    """Path and query together are longer than the server reads."""

    status = 414
    code = "too-long"


class MisdirectedRequest(InvalidRequest):
    """The Host header names a host that this server does not answer for."""

    status = 421
    code = "security"
