"""A few threads that send parcels, and a bounded line before them, so that reading never runs far ahead of sending.

https://docs.python.org/3/library/threading.html#condition-objects
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from fhir_server.loading.parcels import Parcel

_WAITING_EACH: Final = 2

Work = Callable[[Parcel], None]


class Dispatch:
    """Hands parcels to `connections` threads; each makes a worker of its own and calls it with one after the other.

    Parcels of one lane are worked on in their order and never two at a time. A worker must not raise.
    """

    def __init__(self, connections: int, worker: Callable[[], Work]) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Parcel] = deque()
        self._busy: list[Parcel] = []
        self._closed = False
        self._room = connections * _WAITING_EACH
        self._threads = [
            threading.Thread(target=self._run, args=(worker,), name=f"load-{number}", daemon=True)
            for number in range(connections)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, parcel: Parcel) -> None:
        """Adds a parcel; waits while the line is full."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < self._room)
            self._waiting.append(parcel)
            self._changed.notify_all()

    def drain(self) -> None:
        """Waits until everything that was put is done."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._busy)

    def close(self) -> None:
        """Drops what still waits, and returns when the threads have ended."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self, worker: Callable[[], Work]) -> None:
        work = worker()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next() is not None)
                parcel = self._next()
                if parcel is None:
                    return
                self._waiting.remove(parcel)
                self._busy.append(parcel)
                self._changed.notify_all()
            try:
                work(parcel)
            finally:
                with self._changed:
                    # By identity: equal parcels may be under way at once.
                    self._busy = [one for one in self._busy if one is not parcel]
                    self._changed.notify_all()

    def _next(self) -> Parcel | None:
        taken = {one.lane for one in self._busy}
        return next((one for one in self._waiting if one.lane is None or one.lane not in taken), None)
