"""The whole application put together: the only place that sees everything.

https://flask.palletsprojects.com and https://peps.python.org/pep-3333/
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from flask import Flask
from flask_smorest import Api

from fhir_server.definitions import canonical_base
from fhir_server.http.blueprints import is_below, register_fhir
from fhir_server.http.pages import register_pages
from fhir_server.http.wsgi import FhirServer, fhir_application
from fhir_server.interactions.dispatch import Server
from fhir_server.resources.minimum_necessary import business_registry
from fhir_server.resources.registry import registry
from fhir_server.settings import Settings, SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OPENAPI_PATH: Final = "/openapi.json"


def create_app(settings: Settings, server: FhirServer, application: WSGIApplication | None = None) -> Flask:
    """The Flask application: FHIR with OpenAPI, the pages and the health checks.

    `application` answers below the base path; by default one is made for `server`.
    """
    app = create_pages(settings, server)
    app.config.update(
        API_TITLE="FHIR server",
        API_VERSION="4.0.1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH=OPENAPI_PATH.removeprefix("/"),
    )
    api = Api(app)
    fhir = application or fhir_application(settings, server)
    register_fhir(app, api, fhir, settings.base_path, server.capability_statement(settings.base_url))
    return app


def create_pages(settings: Settings, server: FhirServer) -> Flask:
    """The pages and health checks alone; without the thousand documented routes they are ready at once."""
    app = Flask("fhir_server.http")
    # FHIR decides about odd paths itself; redirecting them would hide what was asked for.
    app.url_map.merge_slashes = False
    # Only what the server offers is asked: the shell itself has nothing that could fail to be ready.
    ready: Callable[[], object] = getattr(server, "ready", lambda: None)
    register_pages(app, settings.base_url, lambda: server.capability_statement(settings.base_url), ready)
    return app


class Deferred:
    """A WSGI application that is built when it is first asked."""

    def __init__(self, build: Callable[[], WSGIApplication]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self.built: WSGIApplication | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request (PEP 3333)."""
        if self.built is None:
            with self._lock:
                self.built = self.built or self._build()
        return self.built(environ, start_response)


class Lane:
    """The WSGI entry: FHIR goes straight to its application, everything else to Flask."""

    def __init__(
        self, base_path: str, fhir: WSGIApplication, pages: WSGIApplication, documented: WSGIApplication
    ) -> None:
        self._base_path = base_path
        self._fhir = fhir
        self.pages = pages
        self.documented = documented

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if is_below(path, self._base_path):
            return self._fhir(environ, start_response)
        chosen = self.documented if path == OPENAPI_PATH else self.pages
        return chosen(environ, start_response)


def lane(settings: Settings, server: FhirServer) -> WSGIApplication:
    """The WSGI application that serves `server`: FHIR without Flask, the rest with it."""
    fhir = fhir_application(settings, server)
    pages = Deferred(lambda: create_pages(settings, server))
    documented = Deferred(lambda: create_app(settings, server, fhir))
    return Lane(settings.base_path, fhir, pages, documented)


def build_server(settings: Settings) -> Server:
    """The FHIR server for these settings; connects to the database when first asked for something in it.

    Raises SettingsError when the declarations were made of another canonical base.
    """
    if settings.canonical_base != canonical_base():
        raise SettingsError([f"The canonical base is {canonical_base()} already: set it in the environment."])
    return Server(settings, settings.database_url or "", registry(), business_registry())


def wsgi_application(settings: Settings) -> WSGIApplication:
    """Everything, for one worker process. Raises SettingsError without a database URL.

    Call it in the worker, never before the fork: connections must not be shared between processes.
    """
    if settings.database_url is None:
        raise SettingsError(["DATABASE_URL is not set. `fhir-server serve` starts an embedded PostgreSQL instead."])
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return lane(settings, build_server(settings))


def from_environment() -> WSGIApplication:
    """For other WSGI servers: `gunicorn "fhir_server.app:from_environment()"`. Raises SettingsError."""
    return wsgi_application(Settings.load(os.environ))
