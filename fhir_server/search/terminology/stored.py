"""Where value sets and code systems come from, and the errors of what cannot be answered with them.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from fhir_server.errors import InvalidRequest, Unprocessable

Tree: TypeAlias = Mapping[str, Any]
MAX_CODES = 10_000


class Stored(Protocol):
    """The resources of this server that the caller may see; what does not exist and what is hidden are both None."""

    def by_id(self, resource_type: str, fhir_id: str) -> Tree | None:
        """The resource with a logical id."""
        ...

    def by_url(self, resource_type: str, url: str, version: str | None) -> Tree | None:
        """The newest one with a canonical url, of this business version if one is given."""
        ...


class Unanswerable(InvalidRequest):
    """A definition says codes in a way that this server cannot work out, or is not stored."""

    code = "not-supported"


class TooManyCodes(Unprocessable):
    """The codes are more than one search may name."""

    code = "too-costly"


def too_many(what: str) -> TooManyCodes:
    """The error for what has too many codes."""
    return TooManyCodes(f"{what} has more than {MAX_CODES} codes, which is more than one search may ask for.")
