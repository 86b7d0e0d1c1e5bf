"""What became of the resources: counted by type, failures listed, printed as a table.

Never prints a resource; what the server said about a failure is shortened to its outcome.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CREATED, UPDATED, FOUND, DELETED, FAILED = "created", "updated", "found", "deleted", "failed"
OUTCOMES: Final = (CREATED, UPDATED, FOUND, DELETED, FAILED)

_MOST_LISTED: Final = 1000
_LONGEST_DIAGNOSTICS: Final = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """What was not stored: the file, the place in it ("": the file itself), the status (0: no answer), why."""

    origin: str
    place: str
    status: int
    diagnostics: str

    def __str__(self) -> str:
        where = f"{self.origin}, {self.place}" if self.place else self.origin
        said = " ".join(self.diagnostics.split())
        shown = said if len(said) <= _LONGEST_DIAGNOSTICS else said[:_LONGEST_DIAGNOSTICS] + " …"
        return f"{where}: {f'{self.status} ' if self.status else ''}{shown}"


class Report:
    """Counts of everything that happened; may be told by several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: dict[str, Counter[str]] = {}
        self.failures: list[Failure] = []
        self.failed = 0
        self.files = 0
        self.skipped: list[str] = []
        self.seconds = 0.0

    def stored(self, resource_type: str, outcome: str) -> None:
        """One resource that the server has now."""
        with self._lock:
            self.counts.setdefault(resource_type, Counter())[outcome] += 1

    def failure(self, failure: Failure, resource_types: Sequence[str] = ()) -> None:
        """Something that failed, and the types of the resources that are not stored because of it."""
        with self._lock:
            self.failed += max(len(resource_types), 1)
            for resource_type in resource_types:
                self.counts.setdefault(resource_type, Counter())[FAILED] += 1
            if len(self.failures) < _MOST_LISTED:
                self.failures.append(failure)

    @property
    def total(self) -> Counter[str]:
        """Resources by outcome."""
        with self._lock:
            return sum(self.counts.values(), Counter())

    @property
    def done(self) -> int:
        """Resources that the server has now."""
        total = self.total
        return total[CREATED] + total[UPDATED] + total[FOUND]

    def lines(self) -> Iterator[str]:
        """The summary as lines of text."""
        total = self.total
        shown = [outcome for outcome in OUTCOMES if total[outcome] or outcome in (CREATED, FAILED)]
        width = max((len(name) for name in (*self.counts, "resource")), default=0)
        yield from (f"skipped, holds no FHIR resources: {name}" for name in self.skipped)
        yield "resource".ljust(width) + "".join(outcome.rjust(10) for outcome in shown)
        for name in sorted(self.counts):
            yield name.ljust(width) + _row(self.counts[name], shown)
        yield "total".ljust(width) + _row(total, shown)
        rate = self.done / self.seconds if self.seconds else 0.0
        yield ""
        yield f"{self.files:,} files, {self.done:,} resources in {self.seconds:.1f} s ({rate:,.0f} resources/s)"
        if self.failed:
            yield ""
            yield f"{self.failed:,} failed:"
            yield from (f"  {failure}" for failure in self.failures)
            if len(self.failures) == _MOST_LISTED:
                yield f"  … (the first {_MOST_LISTED:,} are listed)"


def _row(counts: Counter[str], shown: Sequence[str]) -> str:
    return "".join(f"{counts[outcome]:>10,}" for outcome in shown)
