"""What running processes cost: CPU time and memory of a process with all its descendants.

https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html (Linux only)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PSS = re.compile(rb"^(Pss|Rss):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes. `rss` counts shared pages once for each process, `pss` once in all."""

    rss: float
    pss: float


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    ticks: int
    """Own user and system time, and that of children that have ended and were waited for."""


def _stat(process: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    # The name of the program, in parentheses, may hold anything; the numbers begin after the last one.
    numbers = text.rpartition(")")[2].split()
    return _Stat(int(numbers[1]), sum(int(number) for number in numbers[11:15]))


def descendants(roots: Iterable[int]) -> list[int]:
    """The processes `roots` and all below them that are alive."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            stat = _stat(int(entry.name))
            if stat is not None:
                children.setdefault(stat.parent, []).append(int(entry.name))
    found, waiting = [], list(roots)
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting.extend(children.get(process, ()))
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU time that the processes and their descendants, living and ended, have used so far; in steps of 10 ms."""
    stats = (_stat(process) for process in descendants(roots))
    return sum(stat.ticks for stat in stats if stat is not None) / _TICKS


def memory(roots: Iterable[int]) -> Memory:
    """What the processes and their descendants hold in memory now."""
    kilobytes = {b"Rss": 0, b"Pss": 0}
    for process in descendants(roots):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_bytes()
        except OSError:
            continue
        for name, amount in _PSS.findall(text):
            kilobytes[name] += int(amount)
    return Memory(kilobytes[b"Rss"] / 1024, kilobytes[b"Pss"] / 1024)
