"""The pages for people (/ and /docs) and for balancers (/health/live, /health/ready).

https://www.rfc-editor.org/rfc/rfc9110#name-503-service-unavailable
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from flask import Flask, Response, jsonify, render_template
from werkzeug.exceptions import HTTPException

from fhir_server.http.faults import log_fault

Statement = Callable[[], Mapping[str, Any]]


def register_pages(app: Flask, base_url: str, statement: Statement, ready: Callable[[], object]) -> None:
    """Adds the pages to `app`; `ready` raises when the server cannot answer now."""
    style = files(__package__).joinpath("templates", "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"

    @app.after_request
    def _secure(response: Response) -> Response:
        # FHIR answers carry their own; these are for the pages only.
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    app.register_error_handler(HTTPException, plain_error)

    @app.get("/")
    def index() -> str:
        return render_template("index.html", style=style, base_url=base_url)

    @app.get("/docs")
    def docs() -> str:
        rest: Mapping[str, Any] = (statement().get("rest") or ({},))[0]
        return render_template("docs.html", style=style, base_url=base_url, rest=rest)

    @app.get("/health/live")
    def live() -> Response:
        return _state("live", 200)

    @app.get("/health/ready")
    def is_ready() -> Response:
        try:
            ready()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server is not ready
            log_fault(error, "health/ready", "GET")
            return _state("not ready", 503)
        return _state("ready", 200)


def plain_error(error: HTTPException) -> Response:
    """The answer to a page that is not there: its status and name, no page of the library's."""
    return Response(f"{error.code} {error.name}\n", error.code, content_type="text/plain; charset=utf-8")


def _state(word: str, status: int) -> Response:
    response = jsonify(status=word)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
