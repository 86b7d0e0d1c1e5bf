"""The FHIR routes as flask-smorest blueprints with OpenAPI, every one answered by the WSGI application of `wsgi.py`.

https://spec.openapis.org/oas/v3.0.3 and https://flask-smorest.readthedocs.io
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, request
from flask_smorest import Api, Blueprint
from werkzeug.exceptions import HTTPException

from fhir_server.http.openapi import components, operation
from fhir_server.http.pages import plain_error
from fhir_server.http.routes import SYSTEM, Route, promised_routes
from fhir_server.http.wsgi import METHODS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from werkzeug.datastructures import Headers

View = Callable[..., Response]


def register_fhir(
    app: Flask, api: Api, application: WSGIApplication, base_path: str, statement: Mapping[str, Any]
) -> None:
    """Adds all FHIR routes to `app`: those that the CapabilityStatement promises with documentation, the rest without.

    Whatever the path or method, `application` answers, so Flask never puts in a page of its own below the base.
    """
    answer = _answered_by(application)
    routes = sorted(promised_routes(statement), key=lambda route: (route.group != SYSTEM, route.group))
    # The options are merged into the document as they are, without each component being looked at.
    api.spec.options["components"] = components(routes)
    for group, of_group in groupby(routes, key=lambda route: route.group):
        api.register_blueprint(_blueprint(group, list(of_group), answer), url_prefix=base_path)
    for rule in (base_path, f"{base_path}/", f"{base_path}/<path:rest>"):
        app.add_url_rule(rule, "fhir", answer, methods=METHODS, provide_automatic_options=False)

    @app.errorhandler(HTTPException)
    def _routing_error(error: HTTPException) -> Response:
        if is_below(request.environ.get("PATH_INFO", ""), base_path):
            return answer()
        return plain_error(error)


def is_below(path: str, base_path: str) -> bool:
    """Whether `path` is the base or below it; `/fhirs` is not below `/fhir`."""
    return path.startswith(base_path) and (len(path) == len(base_path) or path[len(base_path)] == "/")


class _Verbatim(Response):
    """An answer that leaves as it came: Werkzeug adds a Content-Type where none is and takes some off a 304."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return self.headers


def _answered_by(application: WSGIApplication) -> View:
    def fhir(**_variables: str) -> Response:
        return cast(Response, _Verbatim.from_app(application, request.environ, buffered=True))

    return fhir


def _blueprint(group: str, routes: list[Route], answer: View) -> Blueprint:
    blueprint = Blueprint(group, __name__, description=f"Interactions with {group} resources")
    for number, route in enumerate(routes):
        # The documentation hangs on the function, so each route needs a function of its own.
        view = _documented(route, answer)
        blueprint.add_url_rule(
            re.sub(r"\{(\w+)\}", r"<string:\1>", route.path),
            f"route{number}",
            view,
            methods=[route.shape.method],
        )
    return blueprint


def _documented(route: Route, answer: View) -> View:
    def view(**variables: str) -> Response:
        return answer(**variables)

    # Flask-Smorest swallows the argument of this name, and Flask would answer OPTIONS itself.
    view.provide_automatic_options = False  # type: ignore[attr-defined]
    documented: View = Blueprint.doc(**operation(route))(view)
    return documented
