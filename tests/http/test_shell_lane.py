"""Flask and the lane in front of it answer byte for byte the same below the FHIR base."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from fhir_server.app import create_app, from_environment, lane
from fhir_server.settings import Settings, SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

spec = importlib.util.spec_from_file_location("shell_server", Path(__file__).with_name("shell_server.py"))
assert spec is not None
assert spec.loader is not None
shell_server = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shell_server)

SETTINGS = Settings.load({})
FLASK = create_app(SETTINGS, shell_server.EchoServer())
LANE = lane(SETTINGS, shell_server.EchoServer())


def ask(application: WSGIApplication, method: str, target: str, body: bytes, headers: dict[str, str]) -> Any:
    path, _, query = target.partition("?")
    builder = EnvironBuilder(
        method=method, path="/fhir", query_string=query, headers={"X-Request-Id": "same", **headers}, input_stream=None
    )
    if body:
        builder.data = body
    environ = builder.get_environ()
    # The builder tidies paths up, so the path is put in afterwards.
    environ["PATH_INFO"] = path
    environ["HTTP_HOST"] = headers.get("Host", "localhost")
    for name in ("REQUEST_URI", "RAW_URI"):
        environ.pop(name, None)
    chunks, status, sent = run_wsgi_app(application, environ)
    return status, sorted((name.lower(), value) for name, value in sent.items()), b"".join(chunks)


@pytest.mark.parametrize(
    ("method", "target", "body", "headers"),
    [
        ("GET", "/fhir", b"", {}),
        ("GET", "/fhir/", b"", {}),
        ("POST", "/fhir", b"{}", {"Content-Type": "application/fhir+json"}),
        ("POST", "/fhir/", b"{}", {"Content-Type": "application/fhir+json"}),
        ("GET", "/fhir/metadata", b"", {}),
        ("GET", "/fhir/Patient/1?x=a+b", b"", {}),
        ("GET", "/fhir/Patient/large", b"", {"Accept-Encoding": "gzip"}),
        ("HEAD", "/fhir/Patient/1", b"", {}),
        ("HEAD", "/fhir/Patient/large", b"", {}),
        ("GET", "/fhir/Patient/1", b"", {"If-None-Match": 'W/"3"'}),
        ("GET", "/fhir/Patient/empty", b"", {}),
        ("GET", "/fhir/Patient/minimal", b"", {}),
        ("GET", "/fhir/Patient/missing", b"", {}),
        ("GET", "/fhir/Patient/fault", b"", {}),
        ("GET", "/fhir/Patient?name=a&_pretty=true", b"", {}),
        ("POST", "/fhir/Patient/_search", b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("PUT", "/fhir/Patient/1", b'{"a":1}', {"Content-Type": "application/json"}),
        ("PATCH", "/fhir/Patient/1", b"[]", {"Content-Type": "application/json-patch+json"}),
        ("DELETE", "/fhir/Patient/1", b"", {}),
        ("DELETE", "/fhir/Patient", b"", {}),
        ("GET", "/fhir/Unknown/1/2/3/4", b"", {}),
        ("GET", "/fhir//Patient", b"", {}),
        ("GET", "/fhir/Patient/", b"", {}),
        ("GET", "/fhir/Patient/a\x00b", b"", {}),
        ("GET", "/fhir/Patient/\xff", b"", {}),
        ("OPTIONS", "/fhir/Patient", b"", {}),
        ("PROPFIND", "/fhir/Patient", b"", {}),
        ("PROPFIND", "/fhir", b"", {}),
        ("POST", "/fhir/Patient", b"x", {"Content-Type": "text/plain"}),
        ("GET", "/fhir/Patient", b"", {"Accept": "image/png"}),
        ("GET", "/fhir/Patient", b"", {"Host": "evil.example"}),
    ],
)
def test_flask_and_the_lane_answer_the_same_bytes(
    method: str, target: str, body: bytes, headers: dict[str, str]
) -> None:
    assert ask(FLASK, method, target, body, headers) == ask(LANE, method, target, body, headers)


def test_flask_is_not_built_until_a_page_is_asked_for() -> None:
    fresh: Any = lane(SETTINGS, shell_server.EchoServer())
    ask(fresh, "GET", "/fhir/Patient/1", b"", {})
    assert fresh.pages.built is None
    assert ask(fresh, "GET", "/", b"", {})[0] == "200 OK"
    assert fresh.pages.built is not None
    assert fresh.documented.built is None
    assert ask(fresh, "GET", "/openapi.json", b"", {})[0] == "200 OK"


def test_a_worker_without_a_database_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match="fhir-server serve"):
        from_environment()
