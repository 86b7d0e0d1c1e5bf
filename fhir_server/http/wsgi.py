"""The one WSGI application for everything below the FHIR base: environment in, FHIR answer out, never anything else.

https://hl7.org/fhir/R4/http.html and https://peps.python.org/pep-3333/
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from fhir_server.auth.business_tokens import BusinessTokens
from fhir_server.auth.principal import Principals
from fhir_server.errors import FhirError, MethodNotAllowed
from fhir_server.http.bodies import read_body
from fhir_server.http.conditional import is_not_modified
from fhir_server.http.faults import log_fault
from fhir_server.http.files import as_file, is_file_address, type_of_errors
from fhir_server.http.headers import RequestHeaders, inherited_headers
from fhir_server.http.negotiation import (
    FORM,
    Presentation,
    allowed_body_types,
    body_type,
    response_type,
    take_presentation,
)
from fhir_server.http.origins import Origins
from fhir_server.http.paths import path_segments, refuse_hidden_slash
from fhir_server.http.pretty import pretty
from fhir_server.http.problems import UriTooLong
from fhir_server.http.request_ids import RequestIds
from fhir_server.http.responses import Wire, fault_body, outcome_body, takes_gzip, wire
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_DEFAULT_TYPE: Final = response_type(None)
_UNENCODED: Final = "".join(chr(code) for code in range(0x21, 0x7F))
_LONGEST_AGENT: Final = 256


class FhirServer(Protocol):
    """What the shell needs of the server behind it."""

    def answer(self, request: FhirRequest) -> FhirResponse:
        """Runs one interaction; raises FhirError for everything a client can be told."""

    def capability_statement(self, base_url: str) -> dict[str, Any]:
        """The CapabilityStatement for clients that use `base_url`."""


def fhir_application(settings: Settings, server: FhirServer) -> WSGIApplication:
    """The WSGI application that answers everything below `settings.base_path` with `server`.

    Make it in the worker process, not before the fork.
    """
    return _Shell(settings, server)


class _Shell:
    __slots__ = ("_base_path", "_ids", "_inherited", "_origins", "_principals", "_server", "_settings")

    def __init__(self, settings: Settings, server: FhirServer) -> None:
        self._settings = settings
        self._server = server
        self._base_path = settings.base_path
        self._origins = Origins(settings)
        self._principals = Principals(BusinessTokens(settings.business_tokens))
        self._ids = RequestIds(adopt=settings.request_ids == "adopt")
        self._inherited = inherited_headers(os.environ)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for name, value in self._inherited.items():
            if environ.get(name) == value:
                del environ[name]
        answer = self._answer(environ)
        start_response(answer.status_line, answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: WSGIEnvironment) -> Wire:
        method: str = environ["REQUEST_METHOD"]
        request_id, correlation_id = self._ids.take(environ.get("HTTP_X_REQUEST_ID"))
        look = _Look(content_type=_DEFAULT_TYPE)
        try:
            status, headers, body = self._interaction(environ, method, request_id, look)
        except FhirError as error:
            status, headers, body = _said(error, request_id, method)
        except Exception as error:  # noqa: BLE001 - the last resort: nothing may leave as a stack trace
            log_fault(error, request_id, method)
            status, headers, body = 500, {}, fault_body(request_id)
        if body and look.pretty:
            body = pretty(body)
        compressed = (
            body is not None
            and len(body) >= self._settings.compress_above_bytes
            and takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        )
        try:
            return wire(
                status,
                headers,
                body,
                content_type=look.content_type,
                request_id=request_id,
                correlation_id=correlation_id,
                compressed=compressed,
            )
        except ValueError as error:
            log_fault(error, request_id, method)
            return wire(500, {}, fault_body(request_id), content_type=look.content_type, request_id=request_id)

    def _interaction(
        self, environ: WSGIEnvironment, method: str, request_id: str, look: _Look
    ) -> tuple[int, dict[str, str] | Any, bytes | None]:
        self._origins.check_host(environ)
        raw_query: str = environ.get("QUERY_STRING", "")
        path_info: str = environ.get("PATH_INFO", "")
        if len(path_info) + len(raw_query) > self._settings.max_url_bytes:
            raise UriTooLong(f"The URL is longer than {self._settings.max_url_bytes} bytes; search with POST instead.")
        presentation = take_presentation(raw_query if raw_query.isascii() else _encoded(raw_query))
        accept: str | None = environ.get("HTTP_ACCEPT")
        look.pretty = presentation.pretty
        is_file = is_file_address(method, path_info[len(self._base_path) :], presentation.query, presentation.formats)
        look.content_type = type_of_errors(accept) if is_file else response_type(accept, presentation.formats)
        if method not in METHODS:
            raise MethodNotAllowed("FHIR does not use this method.", headers={"Allow": ", ".join(METHODS)})
        principal = self._principals.of(environ)
        refuse_hidden_slash(environ)
        path = path_segments(path_info[len(self._base_path) :])
        body, content_type = b"", None
        if method in _WITH_BODY and _has_body(environ):
            content_type = body_type(environ.get("CONTENT_TYPE"), allowed_body_types(method, path))
            body = read_body(environ, self._limit(path))
            if content_type == FORM:
                body = self._form(body, accept, presentation, look)
        response = self._server.answer(
            FhirRequest(
                # HEAD is GET without the body; only the very last step differs, so that all headers are the same.
                method="GET" if method == "HEAD" else method,
                path=path,
                query=presentation.query,
                headers=RequestHeaders(environ),
                body=body,
                base_url=self._origins.base_url(environ),
                content_type=content_type,
                principal=principal,
                ip_address=self._origins.client_address(environ),
                user_agent=environ.get("HTTP_USER_AGENT", "")[:_LONGEST_AGENT] or None,
                request_id=request_id,
            )
        )
        if is_file and response.status == 200:
            whole, response = response, as_file(response, accept)
            look.pretty = look.pretty and response is whole
        if (
            ("HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ)
            and response.status == 200
            and method in ("GET", "HEAD")
            and is_not_modified(environ, response.headers.get("ETag"), response.headers.get("Last-Modified"))
        ):
            return 304, response.headers, None
        return response.status, response.headers, response.body

    def _limit(self, path: tuple[str, ...]) -> int:
        """How large the body may be: a batch or transaction, and a Bundle that is stored, may hold many resources."""
        if not path or path[0] == "Bundle":
            return self._settings.max_bundle_bytes
        return self._settings.max_resource_bytes

    @staticmethod
    def _form(body: bytes, accept: str | None, presentation: Presentation, look: _Look) -> bytes:
        """The form of a POST search without `_format` and `_pretty`, which count as if they stood in the URL."""
        form = take_presentation(body.decode("latin-1"))
        if form.formats:
            look.content_type = response_type(accept, (*presentation.formats, *form.formats))
        look.pretty = look.pretty or form.pretty
        return form.query.encode("latin-1")


class _Look:
    """How the answer is to be written; filled in as soon as it is known, so that errors look right too."""

    __slots__ = ("content_type", "pretty")

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self.pretty = False


def _said(error: FhirError, request_id: str, method: str) -> tuple[int, Any, bytes]:
    try:
        return error.status, error.headers, outcome_body(error)
    except Exception as fault:  # noqa: BLE001 - an error that cannot be printed must not hide behind another
        log_fault(fault, request_id, method)
        return 500, {}, fault_body(request_id)


def _has_body(environ: WSGIEnvironment) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _encoded(query: str) -> str:
    """A raw query that holds bytes above ASCII, with those percent-encoded; WSGI shows each byte as one character."""
    return quote(query.encode("latin-1"), safe=_UNENCODED)
