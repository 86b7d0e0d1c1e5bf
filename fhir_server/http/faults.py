"""Logging of unexpected exceptions without PHI: their types and code locations, never their texts or any value.

https://hl7.org/fhir/R4/security.html
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

log = logging.getLogger("fhir_server")

_ROOT = Path(__file__).parents[2]
_MOST_CAUSES = 5


def described(error: BaseException) -> str:
    """The chain of exceptions, each as its type and the lines of code it passed; no messages, no values.

    Messages are left out because drivers and parsers put the offending values into them.
    """
    links: list[str] = []
    current: BaseException | None = error
    while current is not None and len(links) < _MOST_CAUSES:
        places = [f"{_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in _frames(current)]
        kind = type(current)
        links.append(f"{kind.__module__}.{kind.__qualname__} at " + " < ".join(reversed(places)))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "; because of ".join(links)


def log_fault(error: BaseException, request_id: str, method: str) -> None:
    """Logs an unexpected exception of one request."""
    log.error("request %s (%s) failed: %s", request_id, method, described(error))


def _frames(error: BaseException) -> traceback.StackSummary:
    # The innermost frames are the telling ones; a RecursionError has thousands.
    return traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), limit=-12, lookup_lines=False)


def _place(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])
