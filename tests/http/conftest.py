"""A real HTTP server over the real application, in threads of this process and with a database of its own.

In this process, because `count_statements()` counts here; what several processes do is tested in `races/`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

from fhir_server.app import build_server, lane
from fhir_server.json_text import encode_json, parse_json
from fhir_server.persistence.connections import close_thread_connections
from fhir_server.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FHIR_JSON: Final = "application/fhir+json"
Session = psycopg.Connection[dict[str, Any]]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """Nothing: the tests read answers, not logs."""


class _Pooled(BaseWSGIServer):
    """Threads that live as long as the server, as those of a real worker do: each keeps its database connections."""

    multithread = True
    request_queue_size = 128

    def __init__(self, threads: int) -> None:
        super().__init__("127.0.0.1", 0, _not_ready, _Quiet)
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._requests.put((request, client_address))

    @contextmanager
    def serving(self, application: WSGIApplication) -> Iterator[None]:
        """Answers with `application` until the block ends."""
        self.app = application
        # The loop polls for its end, so the default of half a second would be what most tests wait for.
        threads = [threading.Thread(target=self.serve_forever, args=(0.01,)), *self._threads]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.shutdown()
            for _ in self._threads:
                self._requests.put(None)
            for thread in threads:
                thread.join()
            self.server_close()

    def _work(self) -> None:
        try:
            while (waiting := self._requests.get()) is not None:
                try:
                    self.finish_request(*waiting)
                except ConnectionError:
                    pass  # the client has gone
                finally:
                    self.shutdown_request(waiting[0])
        finally:
            close_thread_connections()


def _not_ready(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("no request can come before the port is known")


@contextmanager
def running(database: str, threads: int = 4, **environment: str) -> Iterator[str]:
    """A server over `database` on a free loopback port; gives the FHIR base URL."""
    http = _Pooled(threads)
    settings = Settings.load({"DATABASE_URL": database, "FHIR_SERVER_PORT": str(http.server_port), **environment})
    with http.serving(lane(settings, build_server(settings))):
        yield settings.base_url


class Fhir(httpx.Client):
    """An HTTP client whose paths are below the FHIR base and whose bodies are FHIR JSON."""

    def __init__(self, base: str) -> None:
        super().__init__(base_url=base, timeout=60, trust_env=False)
        self.base = base

    def send_json(self, method: str, path: str, tree: Any, **headers: str) -> httpx.Response:
        """A request with a body; header names are written with `_`."""
        sent = {"Content-Type": FHIR_JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.request(method, path, content=encode_json(tree), headers=sent)

    def create(self, tree: Any, **headers: str) -> httpx.Response:
        """POST to the type."""
        return self.send_json("POST", f"/{tree['resourceType']}", tree, **headers)

    def update(self, tree: Any, **headers: str) -> httpx.Response:
        """PUT to the resource's own id."""
        return self.send_json("PUT", f"/{tree['resourceType']}/{tree['id']}", tree, **headers)

    def patch_json(self, path: str, operations: Any, **headers: str) -> httpx.Response:
        """A JSON Patch."""
        return self.send_json("PATCH", path, operations, **{"Content_Type": "application/json-patch+json", **headers})

    def tree(self, path: str) -> Any:
        """What a successful GET holds, numbers with their text."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return parse_json(answer.content)

    def history(self, path: str) -> list[tuple[str, str]]:
        """Method and ETag of every entry of a history."""
        entries = self.tree(f"{path}/_history").get("entry", [])
        return [(entry["request"]["method"], entry["response"]["etag"]) for entry in entries]

    def matches(self, search: str) -> list[str]:
        """`Type/id` of the matches on the first page of a search, sorted."""
        entries = self.tree(search).get("entry", [])
        found = [one["resource"] for one in entries if one["search"]["mode"] == "match"]
        return sorted(f"{one['resourceType']}/{one['id']}" for one in found)


@pytest.fixture
def server(database: str) -> Iterator[str]:
    """The base URL of a server with an empty database; `database` is its conninfo."""
    with running(database) as base:
        yield base


@pytest.fixture
def client(server: str) -> Iterator[Fhir]:
    """One client of the server."""
    with Fhir(server) as opened:
        yield opened


@pytest.fixture
def clients(server: str) -> Callable[[], AbstractContextManager[Fhir]]:
    """Makes more clients of the server."""
    return lambda: Fhir(server)


@pytest.fixture
def portal(database: str) -> Iterator[Session]:
    """A session of the portal, which knows nothing of FHIR."""
    with psycopg.connect(database, autocommit=True, row_factory=dict_row) as session:
        yield session


@pytest.fixture(scope="module")
def shared(postgres: str, migrated_template: str, request: pytest.FixtureRequest) -> Iterator[Fhir]:
    """One client of one server for all tests of a module that do not mind each other."""
    name = f"{migrated_template}_{request.module.__name__.rpartition('.')[2]}"
    with psycopg.connect(postgres, autocommit=True) as session:
        session.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_template}"')
        try:
            with running(make_conninfo(postgres, dbname=name)) as base, Fhir(base) as opened:
                yield opened
        finally:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def open_server() -> Callable[[str], AbstractContextManager[Fhir]]:
    """As `serve`, for fixtures that outlive a test."""
    return _serving


@pytest.fixture
def serve() -> Callable[..., AbstractContextManager[Fhir]]:
    """Starts a server over a database for a `with` block, which is given a client; keywords are settings' variables."""
    return _serving


@contextmanager
def _serving(database: str, **environment: str) -> Iterator[Fhir]:
    with running(database, **environment) as base, Fhir(base) as opened:
        yield opened
