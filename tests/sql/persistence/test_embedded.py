"""The embedded PostgreSQL: shared by processes, recovered after a kill, in directories of any length."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fhir_server.persistence.embedded import EmbeddedPostgres


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory that the database's user can reach."""
    path = Path(tempfile.mkdtemp(prefix="fhir-embedded-"))
    yield path
    shutil.rmtree(path)


def process_of(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def answers(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo).close()
    except psycopg.OperationalError:
        return False
    return True


def test_data_is_found_again_after_a_stop(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False) as server, psycopg.connect(server.conninfo()) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    assert not answers(server.conninfo())
    with EmbeddedPostgres(data_dir, durable=False) as server, psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert connection.execute("SHOW TimeZone").fetchone() == ("UTC",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT lower('ÄÉ')").fetchone() == ("äé",)


def test_a_second_user_keeps_the_server_running(data_dir: Path) -> None:
    first, second = EmbeddedPostgres(data_dir, durable=False), EmbeddedPostgres(data_dir, durable=False)
    conninfo = first.start()
    process = process_of(data_dir)
    assert second.start() == conninfo
    assert process_of(data_dir) == process
    first.stop()
    assert answers(conninfo)
    second.stop()
    assert not answers(conninfo)
    second.stop()  # once more does nothing


def test_a_killed_server_starts_again(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, durable=False)
    conninfo = server.start()
    os.kill(process_of(data_dir), signal.SIGKILL)
    assert server.start() == conninfo
    assert answers(conninfo)
    server.stop()


def test_a_lock_file_that_names_another_process_is_no_obstacle(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, durable=False)
    conninfo = server.start()
    server.stop()
    lock = data_dir / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n")
    server.start()
    assert answers(conninfo)
    server.stop()


def test_a_long_path_gets_its_socket_elsewhere(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir / ("long" * 25), durable=False)
    conninfo = server.start()
    assert answers(conninfo)
    host = psycopg.conninfo.conninfo_to_dict(conninfo)["host"]
    assert isinstance(host, str)
    assert Path(host).stat().st_mode & 0o077 == 0
    server.stop()
    shutil.rmtree(host)


def test_nobody_else_can_reach_the_socket(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False):
        assert (data_dir / "socket").stat().st_mode & 0o077 == 0
