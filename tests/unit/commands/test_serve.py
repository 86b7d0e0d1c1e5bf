"""What `serve` checks and says before it starts anything."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from fhir_server.commands.serve import port_problem, serve, welcome
from fhir_server.settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_no_problem_and_stays_free() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert port_problem("127.0.0.1", port) is None
    assert port_problem("127.0.0.1", port) is None


def test_a_taken_port_is_told_with_another_one_to_use(taken: int) -> None:
    problem = port_problem("127.0.0.1", taken)
    assert problem is not None
    assert f"--port {taken + 1}" in problem


def test_serve_starts_nothing_when_the_port_is_taken(
    taken: int, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = tmp_path_factory.mktemp("serve") / "data"
    assert serve(Settings(port=taken, data_dir=data_dir)) == 1
    assert "taken" in capsys.readouterr().err
    assert not data_dir.exists()


def test_an_address_of_another_machine_is_explained() -> None:
    problem = port_problem("192.0.2.1", 8080)
    assert problem is not None
    assert "192.0.2.1" in problem


def test_the_welcome_names_the_base_url() -> None:
    assert "http://127.0.0.1:8080/fhir/metadata" in welcome(Settings())
