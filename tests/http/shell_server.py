"""A FHIR server that only says what it was asked, so that tests see what the shell in front of it does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fhir_server.app import lane
from fhir_server.errors import NotFound, Unprocessable
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import encode_json
from fhir_server.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {
            "mode": "server",
            "interaction": [{"code": "transaction"}, {"code": "batch"}, {"code": "history-system"}],
            "operation": [{"name": "meta"}],
            "resource": [
                {
                    "type": name,
                    "interaction": [
                        {"code": code}
                        for code in ("read", "vread", "update", "patch", "delete", "history-instance", "history-type",
                                     "create", "search-type")
                    ],
                    "conditionalUpdate": True,
                    "conditionalDelete": "single",
                    "searchParam": [{"name": "date", "type": "date", "documentation": "When <it> was"}],
                    "operation": [{"name": "everything"}],
                }
                for name in ("Observation", "Patient")
            ],
        }
    ],
}  # fmt: skip


class EchoServer:
    """Answers with what it was asked, as Parameters; a few ids have a behaviour of their own."""

    def answer(self, request: FhirRequest) -> FhirResponse:
        """The request in JSON."""
        special = SPECIAL.get(request.path[1] if len(request.path) == 2 else "")
        return special() if special else FhirResponse(200, HEADERS, encode_json(_described(request)))

    def capability_statement(self, base_url: str) -> dict[str, Any]:
        """A small fixed one."""
        return STATEMENT

    def ready(self) -> None:
        """Not ready while the environment says so."""
        if os.environ.get("SHELL_NOT_READY"):
            raise ConnectionError("secret database name")


HEADERS = {"ETag": 'W/"3"', "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"}


def _described(request: FhirRequest) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "method": request.method,
        "path": list(request.path),
        "query": request.query,
        "headers": dict(request.headers),
        "body_length": len(request.body),
        "body_start": request.body[:100].decode("latin-1"),
        "base_url": request.base_url,
        "content_type": request.content_type or "",
        "ip_address": request.ip_address or "",
        "request_id": request.request_id,
        "number": 150,
    }


def _missing() -> FhirResponse:
    raise NotFound("There is no such resource.", headers={"X-Told": "yes"})


def _broken_rule() -> FhirResponse:
    raise Unprocessable("A rule is broken.", ("Patient.gender",))


def _fault() -> FhirResponse:
    secret = {"patient": "John Doe"}
    return FhirResponse(200, {}, secret["John Doe, born 1970"].encode())


def _recursion() -> FhirResponse:
    return _recursion()


SPECIAL = {
    "missing": _missing,
    "broken-rule": _broken_rule,
    "fault": _fault,
    "recursion": _recursion,
    "gone-wrong-header": lambda: FhirResponse(201, {"Location": "http://x/\r\nSet-Cookie: a=b"}, b"{}"),
    "empty": lambda: FhirResponse(204),
    "minimal": lambda: FhirResponse(201, {"Location": "http://x/Patient/1"}),
    "large": lambda: FhirResponse(200, {}, b'{"resourceType":"Patient","id":"' + b"a" * 100_000 + b'"}'),
}


def application() -> WSGIApplication:
    """The factory that Granian calls in its worker."""
    return lane(Settings.load(os.environ), EchoServer())
