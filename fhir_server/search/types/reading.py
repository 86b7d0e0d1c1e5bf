"""What reading a search value needs besides the value, and the words for what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from fhir_server.definitions import SearchParameter
from fhir_server.errors import InvalidRequest
from fhir_server.search.expression import Expression
from fhir_server.search.terminology.stored import Stored


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """The server's own base URL, the zone of times without one, and the clock that `ap` measures from.

    `stored` finds what some values name: value sets, code systems, Lists.
    """

    base_url: str = ""
    zone: tzinfo = UTC
    now: datetime = field(default_factory=_now)
    stored: Stored | None = None


Read = Callable[[SearchParameter, str, Reading], Expression]
"""Turns one still escaped value into a node; raises InvalidRequest."""


@dataclass(frozen=True, slots=True)
class ParameterType:
    """One search parameter type: how its values are read, by modifier ("" for none).

    `unsupported` are modifiers that R4 has and this server does not serve.
    """

    read: Mapping[str, Read]
    unsupported: frozenset[str] = frozenset()


def bad_value(parameter: SearchParameter, why: str) -> InvalidRequest:
    """The error for a value that cannot be read; it never repeats the value, which may be PHI."""
    return InvalidRequest(f"The value of search parameter '{parameter.code}' ({parameter.type}) {why}.")
