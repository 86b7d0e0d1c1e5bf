"""The canonical base: what the urls of everything that this server defines itself begin with.

https://hl7.org/fhir/R4/references.html#canonical and docs/adr/0021-canonical-base.md

Declarations, search parameters and compiled statements are made of it, so a process has one base from its first use on.
"""

from __future__ import annotations

import os
from typing import Final

DEFAULT: Final = "https://fhir.wound-care-portal.example"
VARIABLE: Final = "FHIR_SERVER_CANONICAL_BASE"


class CanonicalBase:
    """The base of this process: the variable's, read when somebody first asks."""

    def __init__(self) -> None:
        self._settled: str | None = None

    def get(self) -> str:
        """The base, without a slash at its end."""
        if self._settled is None:
            self._settled = os.environ.get(VARIABLE, "").strip().rstrip("/") or DEFAULT
        return self._settled

    def settle(self, base: str) -> None:
        """Use `base`, in this process and those that it starts. Raises ValueError once another one is in use."""
        if self._settled not in (None, base):
            raise ValueError(f"The canonical base is {self._settled} already; set {VARIABLE} before the server starts.")
        os.environ[VARIABLE] = self._settled = base


_OF_PROCESS: Final = CanonicalBase()
canonical_base: Final = _OF_PROCESS.get
settle_canonical_base: Final = _OF_PROCESS.settle


def based(text: str) -> str:
    """A text of a data file, in which the default stands for the base."""
    return text.replace(DEFAULT, canonical_base())
