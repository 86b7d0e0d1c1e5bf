"""Pieces that failed and are tried once more when all else is loaded: perhaps they referred to what came later.

Kept in a temporary file, because there may be as many of them as there are resources.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from typing import Final, Self

import msgspec

from fhir_server.loading.parcels import Piece

_IN_MEMORY: Final = 8_000_000


class _Label(msgspec.Struct):
    origin: str
    place: str
    resource_type: str
    fhir_id: str | None
    length: int


_label: Final = msgspec.json.Decoder(_Label)


class Deferred:
    """Add pieces from any thread; iterate when all are added. Closes its file at the end of a `with` block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by __exit__

    def add(self, piece: Piece) -> None:
        """Keeps a piece for later."""
        label = _Label(piece.origin, piece.place, piece.resource_type, piece.fhir_id, len(piece.text))
        with self._lock:
            self._file.write(msgspec.json.encode(label) + b"\n" + piece.text)

    def __iter__(self) -> Iterator[Piece]:
        self._file.seek(0)
        while line := self._file.readline():
            label = _label.decode(line)
            text = self._file.read(label.length)
            yield Piece(label.origin, label.place, label.resource_type, label.fhir_id, text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
