"""X-Request-Id and X-Correlation-Id.

https://hl7.org/fhir/R4/http.html#custom
"""

from __future__ import annotations

import itertools
import os
import re
from typing import Final

# Narrow on purpose: the value is echoed in a header, logged, and stored with the audit.
_ACCEPTED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,63}")


class RequestIds:
    """Makes the ids of requests: unique per process and call, cheap, and free of meaning.

    Make one per worker process, after it was forked: two processes with one prefix would give the same ids.
    """

    __slots__ = ("_adopt", "_numbers", "_prefix")

    def __init__(self, *, adopt: bool) -> None:
        self._adopt = adopt
        self._prefix = os.urandom(8).hex()
        self._numbers = itertools.count(1)

    def take(self, offered: str | None) -> tuple[str, str | None]:
        """The request's id, and what to return as X-Correlation-Id (None = nothing).

        `offered` is the client's X-Request-Id. One that is too long or holds unusual characters is dropped.
        """
        if offered is not None and _ACCEPTED.fullmatch(offered):
            return (offered, None) if self._adopt else (self._new(), offered)
        return self._new(), None

    def _new(self) -> str:
        return f"{self._prefix}-{next(self._numbers):x}"
