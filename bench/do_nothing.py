"""A server that does nothing but send bytes, under the Granian settings of the real one: the most that is possible.

`GET /n` is answered with n bytes and about as many headers as a FHIR answer has.
https://github.com/emmett-framework/granian
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels


@lru_cache(maxsize=100)
def _body(size: int) -> bytes:
    return b"x" * size


def answer(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """A WSGI application: as many bytes as the path says."""
    body = _body(int(environ["PATH_INFO"][1:]))
    headers = [
        ("Content-Type", "application/fhir+json;charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("ETag", 'W/"1"'),
        ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ("X-Request-Id", "00000000-0000-0000-0000-000000000000"),
        ("Cache-Control", "no-store"),
    ]
    start_response("200 OK", headers)
    return [body]


def load() -> Any:
    """Called in each worker."""
    return answer


def main() -> None:
    port, workers, threads = (int(argument) for argument in sys.argv[1:4])
    Granian(
        "do_nothing",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        blocking_threads_idle_timeout=600,
        log_level=LogLevels.warning,
        log_access=False,
    ).serve(target_loader=load, wrap_loader=False)


if __name__ == "__main__":
    main()
