"""The HTTP shell, served by a real Granian and asked over real sockets."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came over the socket; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def tree(self) -> Any:
        return json.loads(self.body)

    @property
    def issue(self) -> dict[str, Any]:
        """The only issue; fails when the answer is no OperationOutcome in FHIR JSON."""
        assert self.headers["content-type"].startswith(JSON), self
        assert self.tree["resourceType"] == "OperationOutcome"
        (issue,) = self.tree["issue"]
        assert set(issue) >= {"severity", "code", "diagnostics"}
        return dict(issue)


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests exactly as they are written, which HTTP libraries would tidy up."""

    port: int
    log: Path

    def send(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {headers.pop('host', f'127.0.0.1:{self.port}')}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body is not None and "transfer_encoding" not in headers and "content_length" not in headers:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(head)
            # An answer that comes before the body was read ends the connection.
            with contextlib.suppress(OSError):
                connection.sendall(body or b"")
            return self._read(connection)

    def get(self, target: str, **headers: str) -> Answer:
        return self.send("GET", target, **headers)

    @staticmethod
    def _read(connection: socket.socket) -> Answer:
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        names = [name.lower() for name, _ in pairs]
        assert len(names) == len(set(names)), f"a header came twice: {names}"
        return Answer(int(status_line.split(" ")[1]), {name.lower(): value for name, value in pairs}, body)


def serve(log: Path, **environment: str) -> tuple[subprocess.Popen[bytes], Client]:
    """A Granian process that serves the echo server, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--port", str(port),
             "--blocking-threads", "2", "--factory", "--working-dir", str(Path(__file__).parent),
             "shell_server:application"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "FHIR_SERVER_PORT": str(port), **environment},
            stdout=output, stderr=output,
        )  # fmt: skip
    client = Client(port, log)
    while True:
        assert process.poll() is None, log.read_text()
        try:
            client.get("/health/live")
        except ConnectionRefusedError:
            continue
        return process, client


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    process, connected = serve(
        tmp_path_factory.mktemp("shell") / "log",
        HTTP_PROXY="http://proxy.example",
        FHIR_SERVER_MAX_RESOURCE_BYTES="20000",
        FHIR_SERVER_MAX_BUNDLE_BYTES="3000000",
    )
    yield connected
    stop(process)


def test_a_read_reaches_the_server_with_its_segments(client: Client) -> None:
    answer = client.get("/fhir/Patient/a-1.b/_history/2?_elements=name&_format=json")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["etag"] == 'W/"3"'
    assert answer.tree["path"] == ["Patient", "a-1.b", "_history", "2"]
    assert answer.tree["query"] == "_elements=name"
    assert answer.tree["base_url"] == f"http://127.0.0.1:{client.port}/fhir"
    assert answer.tree["ip_address"] == "127.0.0.1"


def test_a_query_arrives_exactly_as_it_was_written(client: Client) -> None:
    query = "date=ge2020-01-01T00:00:00+05:30&name=a%2Bb&x=%C3%A9&&y=a,b%2Cc"
    assert client.get(f"/fhir/Patient?{query}").tree["query"] == query


def test_bytes_above_ascii_in_a_query_are_percent_encoded(client: Client) -> None:
    assert client.get("/fhir/Patient?name=Jos\u00c3\u00a9").tree["query"] == "name=Jos%C3%A9"


def test_every_answer_carries_the_safety_headers(client: Client) -> None:
    for target in ("/fhir/Patient/1", "/fhir/Patient/missing", "/fhir/Patient/fault"):
        headers = client.get(target).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "Authorization" in headers["vary"]
        assert "date" in headers
        assert headers["server"] == "granian"


def test_the_base_is_answered_with_and_without_slash(client: Client) -> None:
    assert client.get("/fhir").tree["path"] == []
    assert client.send("POST", "/fhir/", b"{}", content_type=JSON).tree["path"] == []


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/fhir//", 404),
        ("GET", "/fhir//Patient/1", 404),
        ("GET", "/fhir/Patient/1/", 404),
        ("GET", "/fhir/Patient/..", 404),
        ("GET", "/fhir/../fhir/Patient", 404),
        ("GET", "/fhir/Patient/%2e%2e/metadata", 404),
        ("GET", "/fhir/Patient/a%20b", 404),
        ("GET", "/fhir/Patient/%00", 400),
        ("GET", "/fhir/Patient/a%0d%0ab", 400),
        ("GET", "/fhir/Patient/%ff", 404),
        ("GET", "/fhir/Patient/%zz", 404),
        ("GET", "/fhir/Patient/%252F", 404),
        ("GET", "/fhir/Patient?" + "a" * 9000, 414),
        ("GET", "/fhir/Patient?_format=xml", 406),
        ("GET", "/fhir/Patient?_format=json&_format=json", 400),
        ("GET", "/fhir/Patient?_pretty=maybe", 400),
        ("GET", "/fhir/Patient/missing", 404),
        ("GET", "/fhir/Patient/broken-rule", 422),
        ("GET", "/fhir/Patient/fault", 500),
        ("GET", "/fhir/Patient/recursion", 500),
        ("GET", "/fhir/Patient/gone-wrong-header", 500),
        ("PROPFIND", "/fhir/Patient", 405),
        ("OPTIONS", "/fhir/Patient", 405),
        ("TRACE", "/fhir/Patient", 405),
        ("get", "/fhir/Patient", 405),
    ],
)
def test_every_error_is_an_operation_outcome(client: Client, method: str, target: str, status: int) -> None:
    answer = client.send(method, target)
    assert answer.status == status
    assert answer.issue["diagnostics"]
    assert "x-request-id" in answer.headers


def test_an_encoded_slash_never_makes_a_segment_with_a_slash(client: Client) -> None:
    answer = client.get("/fhir/Patient%2F1")
    assert answer.status == 404 or all("/" not in segment for segment in answer.tree["path"])


def test_a_method_that_is_not_used_tells_which_are(client: Client) -> None:
    assert client.send("PROPFIND", "/fhir/Patient").headers["allow"] == "GET, HEAD, POST, PUT, PATCH, DELETE"


def test_an_error_may_carry_headers_and_expressions(client: Client) -> None:
    assert client.get("/fhir/Patient/missing").headers["x-told"] == "yes"
    assert client.get("/fhir/Patient/broken-rule").issue["expression"] == ["Patient.gender"]


def test_a_fault_tells_the_request_id_and_logs_places_without_values(client: Client) -> None:
    answer = client.get("/fhir/Patient/fault?name=Hamster", x_request_id="fault-1")
    assert "fault-1" in answer.issue["diagnostics"]
    assert b"Doe" not in answer.body
    log = client.log.read_text()
    assert "fault-1" in log
    assert "KeyError" in log
    assert "shell_server.py:" in log
    assert "Doe" not in log
    assert "Hamster" not in log


def test_a_header_that_would_split_the_answer_is_not_sent(client: Client) -> None:
    assert "set-cookie" not in client.get("/fhir/Patient/gone-wrong-header").headers


@pytest.mark.parametrize(
    ("headers", "status", "content_type"),
    [
        ({"accept": "application/fhir+json; fhirVersion=4.0"}, 200, "application/fhir+json; fhirVersion=4.0"),
        ({"accept": "application/json"}, 200, "application/json"),
        ({"accept": "application/fhir+xml"}, 406, JSON),
        ({"accept": "image/png"}, 406, JSON),
        ({"accept": "application/fhir+json; fhirVersion=5.0"}, 406, JSON),
    ],
)
def test_accept_is_honoured(client: Client, headers: dict[str, str], status: int, content_type: str) -> None:
    answer = client.get("/fhir/Patient/1", **headers)
    assert answer.status == status
    assert answer.headers["content-type"].startswith(content_type)


def test_format_wins_over_accept_also_with_a_bare_plus(client: Client) -> None:
    for wish in ("json", "application/fhir+json", "application/fhir%2Bjson"):
        assert client.get(f"/fhir/Patient/1?_format={wish}", accept="application/fhir+xml").status == 200


def test_an_error_comes_in_the_type_that_was_asked_for(client: Client) -> None:
    answer = client.get("/fhir/Patient/missing", accept="application/json")
    assert answer.headers["content-type"].startswith("application/json")


def test_pretty_changes_white_space_only(client: Client) -> None:
    plain, pretty = (client.get(f"/fhir/Patient/1{tail}", x_request_id="same") for tail in ("", "?_pretty=true"))
    assert plain.tree == pretty.tree
    assert b'\n  "path": [\n' in pretty.body
    assert client.get("/fhir/Patient/missing?_pretty=true").body.startswith(b"{\n  ")


def test_head_answers_as_get_without_the_body(client: Client) -> None:
    for target in ("/fhir/Patient/large", "/fhir/Patient/missing"):
        head, get = client.send("HEAD", target, x_request_id="same"), client.get(target, x_request_id="same")
        assert head.status == get.status
        assert head.body == b""
        assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


def test_large_answers_are_sent_gzipped_to_those_who_take_it(client: Client) -> None:
    plain = client.get("/fhir/Patient/large")
    packed = client.get("/fhir/Patient/large", accept_encoding="gzip, br")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(packed.body) < len(plain.body)
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in client.get("/fhir/Patient/missing", accept_encoding="gzip").headers


def test_answers_without_a_body_have_none(client: Client) -> None:
    assert client.get("/fhir/Patient/empty").body == b""
    minimal = client.get("/fhir/Patient/minimal")
    assert (minimal.status, minimal.body, minimal.headers["content-length"]) == (201, b"", "0")
    assert minimal.headers["location"] == "http://x/Patient/1"


def test_what_the_client_holds_is_not_sent_again(client: Client) -> None:
    answer = client.get("/fhir/Patient/1", if_none_match='W/"3"')
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", 'W/"3"')
    assert client.get("/fhir/Patient/1", if_none_match='W/"2"').status == 200
    assert client.get("/fhir/Patient/1", if_none_match="3").status == 200
    assert client.get("/fhir/Patient/1", if_modified_since="Sun, 06 Nov 1994 08:49:37 GMT").status == 304


def test_a_client_request_id_is_adopted_and_a_strange_one_replaced(client: Client) -> None:
    assert client.get("/fhir/Patient/1", x_request_id="abc").headers["x-request-id"] == "abc"
    answer = client.get("/fhir/Patient/1", x_request_id="x" * 10_000)
    assert len(answer.headers["x-request-id"]) <= 64
    assert answer.tree["request_id"] == answer.headers["x-request-id"]


def test_a_json_body_reaches_the_server(client: Client) -> None:
    answer = client.send("POST", "/fhir/Patient", b'{"a":1.50}', content_type=f"{JSON}; charset=utf-8")
    assert (answer.tree["body_start"], answer.tree["content_type"]) == ('{"a":1.50}', JSON)


def test_a_gzip_body_is_unpacked(client: Client) -> None:
    packed = gzip.compress(b"{}" * 50)
    answer = client.send("PUT", "/fhir/Patient/1", packed, content_type=JSON, content_encoding="gzip")
    assert answer.tree["body_length"] == 100


def test_a_chunked_body_is_read(client: Client) -> None:
    chunked = b"5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n"
    answer = client.send("POST", "/fhir/Patient", chunked, content_type=JSON, transfer_encoding="chunked")
    assert answer.tree["body_start"] == "abcdefgh"


@pytest.mark.parametrize(
    ("target", "size", "status"),
    [
        ("/fhir/Patient", 20_000, 200),
        ("/fhir/Patient", 20_001, 413),
        ("/fhir", 3_000_000, 200),
        ("/fhir", 3_000_001, 413),
        ("/fhir/Bundle", 3_000_000, 200),
    ],
)
def test_bodies_are_limited_by_kind(client: Client, target: str, size: int, status: int) -> None:
    answer = client.send("POST", target, b" " * size, content_type=JSON)
    assert answer.status == status
    if status == 413:
        assert answer.issue["code"] == "too-long"


def test_a_chunked_body_is_limited(client: Client) -> None:
    chunked = b"7530\r\n" + b" " * 0x7530 + b"\r\n0\r\n\r\n"
    answer = client.send("POST", "/fhir/Patient", chunked, content_type=JSON, transfer_encoding="chunked")
    assert answer.status == 413


def test_a_gzip_bomb_is_refused(client: Client) -> None:
    bomb = gzip.compress(bytes(15_000_000))
    answer = client.send("POST", "/fhir/Patient", bomb, content_type=JSON, content_encoding="gzip")
    assert answer.status == 413


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("POST", "/fhir/Patient", {"content_type": "text/plain"}, 415),
        ("POST", "/fhir/Patient", {}, 415),
        ("POST", "/fhir/Patient?_format=json", {"content_type": "application/fhir+xml"}, 415),
        ("POST", "/fhir/Patient", {"content_type": f"{JSON}; fhirVersion=5.0"}, 415),
        ("POST", "/fhir/Patient", {"content_type": f"{JSON}; fhirVersion=4.0"}, 200),
        ("POST", "/fhir/Patient", {"content_type": JSON, "content_encoding": "br"}, 415),
        ("POST", "/fhir/Patient", {"content_type": JSON, "content_encoding": "gzip"}, 400),
        ("POST", "/fhir/Patient/_search", {"content_type": JSON}, 415),
        ("POST", "/fhir/Patient/_search", {"content_type": "application/x-www-form-urlencoded"}, 200),
        ("PATCH", "/fhir/Patient/1", {"content_type": "application/json-patch+json"}, 200),
        ("PATCH", "/fhir/Patient/1", {"content_type": "text/plain"}, 415),
        ("PUT", "/fhir/Patient/1", {"content_type": "multipart/form-data; boundary=a"}, 415),
    ],
)
def test_bodies_of_other_types_are_refused(
    client: Client, method: str, target: str, headers: dict[str, str], status: int
) -> None:
    assert client.send(method, target, b"{}", **headers).status == status


def test_an_empty_post_needs_no_type(client: Client) -> None:
    assert client.send("POST", "/fhir/Patient/1/$everything", b"", content_type="text/plain").status == 200


def test_a_search_form_may_hold_format_and_pretty(client: Client) -> None:
    answer = client.send(
        "POST", "/fhir/Patient/_search", b"name=a+b&_format=application/json&_pretty=true",
        content_type="application/x-www-form-urlencoded", accept="application/fhir+xml, */*",
    )  # fmt: skip
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.body.startswith(b"{\n")
    assert answer.tree["body_start"] == "name=a+b"


def test_method_override_headers_are_ignored(client: Client) -> None:
    answer = client.get("/fhir/Patient/1", x_http_method_override="DELETE", x_method_override="DELETE")
    assert answer.tree["method"] == "GET"


def test_forwarded_headers_and_host_do_not_change_the_base_url(client: Client) -> None:
    answer = client.get(
        "/fhir/Patient/1", host="localhost:9", x_forwarded_host="evil.example", x_forwarded_proto="https",
        x_forwarded_for="6.6.6.6", forwarded="host=evil.example",
    )  # fmt: skip
    assert answer.tree["base_url"] == f"http://127.0.0.1:{client.port}/fhir"
    assert answer.tree["ip_address"] == "127.0.0.1"


def test_a_foreign_host_name_is_refused(client: Client) -> None:
    answer = client.get("/fhir/Patient/1", host="rebound.example")
    assert answer.status == 421
    assert answer.issue["code"] == "security"


def test_a_process_variable_is_no_request_header(client: Client) -> None:
    assert "proxy" not in client.get("/fhir/Patient/1").tree["headers"]
    assert client.get("/fhir/Patient/1", proxy="http://mine").tree["headers"]["proxy"] == "http://mine"


def test_a_conflicting_length_never_reaches_the_server(client: Client) -> None:
    answer = client.send("POST", "/fhir/Patient", b"abcdef", content_type=JSON, content_length="5\r\nContent-Length: 6")
    assert answer.status == 400


def test_the_pages_are_there_and_need_nothing_from_elsewhere(client: Client) -> None:
    index = client.get("/")
    assert index.status == 200
    assert "style-src 'sha256-" in index.headers["content-security-policy"]
    assert f"http://127.0.0.1:{client.port}/fhir/metadata".encode() in index.body
    assert b"<script" not in index.body
    docs = client.get("/docs")
    assert docs.status == 200
    assert b"Observation" in docs.body
    assert b"When &lt;it&gt; was" in docs.body


def test_the_openapi_document_lists_what_the_capability_statement_promises(client: Client) -> None:
    answer = client.get("/openapi.json")
    assert answer.status == 200
    paths = answer.tree["paths"]
    assert set(paths["/fhir/Patient/{id}"]) >= {"get", "put", "patch", "delete"}
    assert set(paths["/fhir/Patient"]) >= {"get", "post", "put", "delete"}
    assert "patch" not in paths["/fhir/Patient"]
    assert {"/fhir/metadata", "/fhir/", "/fhir/_history", "/fhir/$meta", "/fhir/Patient/{id}/$everything"} <= set(paths)
    names = [parameter["name"] for parameter in paths["/fhir/Patient"]["get"]["parameters"]]
    assert "date" in names


def test_health_is_told(client: Client) -> None:
    assert client.get("/health/live").tree == {"status": "live"}
    assert client.get("/health/ready").tree == {"status": "ready"}


def test_an_unknown_page_is_plain_text_without_versions(client: Client) -> None:
    for target in ("/nowhere", "/fhirs", "*"):
        answer = client.get(target)
        assert answer.status == 404
        assert b"erkzeug" not in answer.body
        assert answer.headers["server"] == "granian"


def test_a_server_that_is_not_ready_says_so_and_not_why(tmp_path: Path) -> None:
    process, client = serve(tmp_path / "log", SHELL_NOT_READY="yes")
    try:
        answer = client.get("/health/ready")
        assert (answer.status, answer.tree) == (503, {"status": "not ready"})
        assert "secret" not in client.log.read_text()
    finally:
        stop(process)
