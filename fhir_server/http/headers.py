"""Request headers as a read-only mapping over a WSGI environment, without copying them for each request.

https://peps.python.org/pep-3333/#environ-variables
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

_WITHOUT_PREFIX = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


@lru_cache(maxsize=256)
def _variable(name: str) -> str:
    return _WITHOUT_PREFIX.get(name) or "HTTP_" + name.upper().replace("-", "_")


class RequestHeaders(Mapping[str, str]):
    """The headers of one request by lower-case name ("if-match")."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[_variable(name)]
        return value

    def __iter__(self) -> Iterator[str]:
        for name, variable in _WITHOUT_PREFIX.items():
            if self._environ.get(variable):
                yield name
        for variable in self._environ:
            if variable.startswith("HTTP_"):
                yield variable[5:].lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        # Values may be tokens or PHI and would end in logs.
        return f"RequestHeaders({sorted(self)})"


def inherited_headers(process_environment: Mapping[str, str]) -> dict[str, str]:
    """The process variables that look like request headers.

    Granian copies the process environment into each WSGI environment, so a server that was started with HTTP_PROXY set
    would see a header "Proxy" on every request.
    """
    return {
        name: value
        for name, value in process_environment.items()
        if name.startswith("HTTP_") or name in _WITHOUT_PREFIX.values() or name in ("REQUEST_URI", "RAW_URI")
    }
