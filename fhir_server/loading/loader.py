"""Loads a plan of files into a FHIR server: reads, groups, sends over several connections, and reports.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from fhir_server.loading.answers import record, record_failure
from fhir_server.loading.client import Answer, Client
from fhir_server.loading.deferred import Deferred
from fhir_server.loading.dispatch import Dispatch, Work
from fhir_server.loading.files import Document, Phase, Plan, Unreadable, documents
from fhir_server.loading.parcels import (
    MOST_PIECES,
    NoResource,
    Parcel,
    Piece,
    belong_together,
    opened,
    single,
    transaction,
)
from fhir_server.loading.report import Failure, Report

_MOST_BYTES: Final = 4_000_000

# With these the whole server refuses, not one resource of many: trying halves would change nothing.
_REFUSALS: Final = frozenset({0, 401, 403, 405, 415, 429, 503})
# What another resource may have been missing for.
_PERHAPS_LATER: Final = frozenset({404, 409, 412, 422})

Progress = Callable[[int, Report], None]


def load(plan: Plan, base_url: str, *, connections: int = 4, progress: Progress = lambda read, report: None) -> Report:
    """Loads everything in `plan` and returns what became of it; `progress` is told how many packed bytes are read.

    Raises NoServer when there is no FHIR server at `base_url`. An interrupt ends it early: the report says what was
    done until then.
    """
    report = Report()
    report.skipped = [str(path) for path in plan.skipped]
    stopping = threading.Event()
    with Deferred() as deferred:
        first = Client(base_url, stopping)
        first.check()
        first.close()
        begun = time.perf_counter()

        def worker() -> Work:
            return _Sender(Client(base_url, stopping), report, deferred).send

        dispatch = Dispatch(connections, worker)
        reader = _Reader(dispatch, report, connections, progress)
        try:
            for phase in plan.phases:
                reader.read(phase)
            reader.again(deferred)
        except KeyboardInterrupt:
            stopping.set()
            report.failure(Failure("interrupted", "", 0, "the rest was not loaded"))
        finally:
            dispatch.close()
        report.seconds = time.perf_counter() - begun
    return report


class _Reader:
    """Reads files and puts what is in them into the line; loose resources are gathered into transactions first.

    A resource always goes to the lane that its id falls into, so two versions of it stay in their order.
    """

    def __init__(self, dispatch: Dispatch, report: Report, lanes: int, progress: Progress) -> None:
        self._dispatch = dispatch
        self._report = report
        self._progress = progress
        self._lanes: list[list[Piece]] = [[] for _ in range(lanes)]
        self._sizes = [0] * lanes
        self._read = 0
        self._final = False

    def read(self, phase: Phase) -> None:
        """Loads the files of a phase and returns when all is done."""
        for path in phase.files:
            self._file(path)
            if phase.in_order:
                self._flush()
        self._flush()

    def again(self, pieces: Iterable[Piece]) -> None:
        """Loads single resources that could not be loaded before; returns when all is done."""
        self._final = True
        for piece in pieces:
            self._loose(piece)
        self._flush()

    def _file(self, path: Path) -> None:
        self._report.files += 1
        try:
            for document in documents(path):
                self._document(document)
                self._progress(self._read + document.position, self._report)
        except Unreadable as error:
            self._report.failure(Failure(path.name, "", 0, str(error)))
        self._read += path.stat().st_size
        self._progress(self._read, self._report)

    def _document(self, document: Document) -> None:
        try:
            content = opened(document)
        except NoResource as error:
            self._report.failure(Failure(document.origin, document.place, 0, str(error)))
            return
        if isinstance(content, Parcel):
            self._dispatch.put(content)
        elif belong_together(content):
            self._dispatch.put(transaction(content))
        else:
            for piece in content:
                self._loose(piece)

    def _loose(self, piece: Piece) -> None:
        lane = zlib.crc32(f"{piece.resource_type}/{piece.fhir_id or piece.place}".encode()) % len(self._lanes)
        self._lanes[lane].append(piece)
        self._sizes[lane] += len(piece.text)
        if len(self._lanes[lane]) == MOST_PIECES or self._sizes[lane] > _MOST_BYTES:
            self._send_lane(lane)

    def _send_lane(self, lane: int) -> None:
        if self._lanes[lane]:
            self._dispatch.put(transaction(self._lanes[lane], lane=lane, final=self._final))
            self._lanes[lane], self._sizes[lane] = [], 0

    def _flush(self) -> None:
        for lane in range(len(self._lanes)):
            self._send_lane(lane)
        self._dispatch.drain()


class _Sender:
    """Sends parcels and says what became of them; a transaction made here that fails is sent again in halves."""

    def __init__(self, client: Client, report: Report, deferred: Deferred) -> None:
        self._client = client
        self._report = report
        self._deferred = deferred

    def send(self, parcel: Parcel) -> None:
        """Never raises: what goes wrong with one parcel must not end the others."""
        try:
            self._send(parcel)
        except Exception as error:  # noqa: BLE001 - see above
            record_failure(self._report, parcel, Answer(0, type(error).__name__.encode()))

    def _send(self, parcel: Parcel) -> None:
        answer = self._client.send(parcel)
        if answer.ok:
            record(self._report, parcel, answer)
        elif not parcel.pieces or answer.status in _REFUSALS or belong_together(parcel.pieces):
            record_failure(self._report, parcel, answer)
        elif len(parcel.pieces) > 1:
            half = len(parcel.pieces) // 2
            for pieces in (parcel.pieces[:half], parcel.pieces[half:]):
                many = len(pieces) > 1
                self._send(transaction(pieces, final=parcel.final) if many else single(pieces[0], final=parcel.final))
        elif answer.status in _PERHAPS_LATER and not parcel.final:
            self._deferred.add(parcel.pieces[0])
        else:
            record_failure(self._report, parcel, answer)
