"""CPU time and memory of processes, on this very process and a child of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from bench.processes import cpu_seconds, descendants, memory


def test_a_child_is_among_the_descendants_until_it_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in descendants([os.getpid()])
        child.communicate(b"\n")

    assert child.pid not in descendants([os.getpid()])


def test_work_of_this_process_and_of_ended_children_is_counted() -> None:
    before = cpu_seconds([os.getpid()])
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    own = cpu_seconds([os.getpid()]) - before
    work = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", work], check=True)

    assert own >= 0.08
    assert cpu_seconds([os.getpid()]) - before >= own + 0.18


def test_memory_shared_between_processes_counts_once_in_pss() -> None:
    held = memory([os.getpid()])

    assert 1 < held.pss <= held.rss
