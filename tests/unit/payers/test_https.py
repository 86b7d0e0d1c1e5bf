"""The payer's connector against a real HTTPS server on this machine, with a certificate of its own."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fhir_server.payers import HttpsPayer, PayerFailure, Question, payer_of
from fhir_server.settings import Settings, SettingsError

Handler = Callable[[BaseHTTPRequestHandler], None]
QUESTION = Question("key-1", "Acme", "P-1", "M-1", None, "Delgado", ("Rosa",), "1951-03-14", date(2025, 6, 1))
ELIGIBLE = {
    "status": "eligible", "coverageActive": True, "expiresAt": "2025-07-01T00:00:00Z", "details": {"copay": 12.50},
    "trace": "T-9",
}  # fmt: skip


def certificate(folder: Path, address: str) -> Path:
    """A self-signed certificate for an address, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "payer")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{address}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class Payer:
    """A payer's endpoint that answers with the given handlers, one after the other, and then with the last."""

    def __init__(self, *handlers: Handler, pem: Path) -> None:
        self.handlers, self.pem = list(handlers), pem
        self.seen: list[tuple[dict[str, str], Any]] = []
        payer = self

        class _Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                payer.seen.append((dict(self.headers), body))
                (payer.handlers.pop(0) if len(payer.handlers) > 1 else payer.handlers[0])(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def connector(self, **changes: Any) -> HttpsPayer:
        url = f"https://127.0.0.1:{self.server.server_port}/eligibility?v=1"
        return HttpsPayer(url, **{"ca_file": self.pem, "timeout": 5.0, "sleep": lambda _: None, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("payer")


@pytest.fixture
def payer(folder: Path) -> Iterator[Callable[..., Payer]]:
    """Starts a payer with handlers; all are stopped after the test."""
    started: list[Payer] = []

    def start(*handlers: Handler, address: str = "127.0.0.1") -> Payer:
        pem = folder / f"{address}.pem"
        started.append(Payer(*handlers, pem=pem if pem.exists() else certificate(folder, address)))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def saying(tree: Any, status: int = 200, **headers: str) -> Handler:
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return handle


def hanging_up(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True


def test_a_question_goes_out_once_and_the_answer_comes_back(payer: Any, tmp_path: Path) -> None:
    running = payer(saying(ELIGIBLE))
    token = tmp_path / "token"
    token.write_text("secret-1\n")
    reply = running.connector(token_file=token).ask(QUESTION)
    assert (reply.status, reply.coverage_active, reply.trace) == ("eligible", True, "T-9")
    assert reply.expires_at == datetime(2025, 7, 1, tzinfo=UTC)
    assert str(reply.details["copay"]) == "12.5"
    ((headers, body),) = running.seen
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer secret-1", "key-1")
    assert body["member"] == {
        "id": "M-1", "group": None, "family": "Delgado", "given": ["Rosa"], "birthDate": "1951-03-14"
    }  # fmt: skip


def test_what_may_pass_is_tried_again_under_the_same_key(payer: Any) -> None:
    running = payer(saying({}, 503), hanging_up, saying(ELIGIBLE))
    waits: list[float] = []
    assert running.connector(sleep=waits.append).ask(QUESTION).status == "eligible"
    assert [headers["Idempotency-Key"] for headers, _ in running.seen] == ["key-1"] * 3
    assert 0.1 <= waits[0] <= 0.3 <= waits[1] + 0.1 <= 0.7


def test_it_is_given_up_after_the_last_attempt(payer: Any) -> None:
    running = payer(saying({}, 429))
    with pytest.raises(PayerFailure, match="429") as told:
        running.connector(attempts=2).ask(QUESTION)
    assert (told.value.status, len(running.seen)) == ("error", 2)


@pytest.mark.parametrize(
    "handler",
    [
        saying({}, 400),
        saying({}, 302, Location="https://elsewhere.example/"),
        saying(b"no JSON"),
        saying({"status": 5}),
        saying({"status": "x" * 51}),
        saying({**ELIGIBLE, "coverageActive": "yes"}),
        saying({**ELIGIBLE, "expiresAt": "soon"}),
        saying({**ELIGIBLE, "expiresAt": "2025-07-01T00:00:00"}),
        saying(b'{"status": "' + b"x" * 1_000_001 + b'"}'),
    ],
)
def test_an_answer_that_is_none_is_not_asked_for_again(payer: Any, handler: Handler) -> None:
    running = payer(handler)
    with pytest.raises(PayerFailure) as told:
        running.connector().ask(QUESTION)
    assert (told.value.status, len(running.seen)) == ("error", 1)
    assert "M-1" not in str(told.value)


def test_an_answer_that_trickles_is_too_late(payer: Any) -> None:
    done = threading.Event()

    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        try:
            while not done.wait(0.05):
                request.wfile.write(b" ")
        except OSError:
            pass

    running = payer(trickle)
    try:
        with pytest.raises(PayerFailure) as told:
            running.connector(timeout=0.3, attempts=1).ask(QUESTION)
    finally:
        done.set()
    assert told.value.status == "timeout"


def test_a_certificate_that_is_not_good_is_not_talked_to(payer: Any) -> None:
    stranger = payer(saying(ELIGIBLE), address="127.0.0.2")
    with pytest.raises(PayerFailure, match="certificate"):
        stranger.connector().ask(QUESTION)
    with pytest.raises(PayerFailure, match="certificate"):
        payer(saying(ELIGIBLE)).connector(ca_file=None).ask(QUESTION)
    assert stranger.seen == []


def test_no_question_goes_out_without_its_token(payer: Any, tmp_path: Path) -> None:
    running = payer(saying(ELIGIBLE))
    for text in (None, "", "two\nlines"):
        token = tmp_path / "token"
        if text is not None:
            token.write_text(text)
        with pytest.raises(PayerFailure, match="token"):
            running.connector(token_file=token).ask(QUESTION)
    assert running.seen == []


def test_nobody_is_asked_unless_it_is_set() -> None:
    assert payer_of(Settings()) is None
    settings = Settings.load(
        {"FHIR_SERVER_PAYER_URL": "https://payer.example/x", "FHIR_SERVER_PAYER_TIMEOUT_MS": "500"}
    )
    connector = payer_of(settings)
    assert isinstance(connector, HttpsPayer)
    assert (connector.url, connector.timeout, connector.attempts) == ("https://payer.example/x", 0.5, 3)


@pytest.mark.parametrize(
    "url", ["http://payer.example/", "https://", "https://a:b@payer.example/", "https://x/#y", "file:///x"]
)
def test_only_an_https_address_can_be_set(url: str) -> None:
    with pytest.raises(SettingsError):
        Settings.load({"FHIR_SERVER_PAYER_URL": url})
