"""Says on standard error how far a measurement is, so that standard output is the result alone."""

from __future__ import annotations

import sys
import time


def say(text: str) -> None:
    """One line with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
