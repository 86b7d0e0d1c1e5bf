"""The marks that a composed tree carries: slots of list items, what may not be split, what a document may leave out."""

from __future__ import annotations

import re
from typing import Any, Final

from fhir_server.indexing.intervals import date_interval

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+(Z|[+-][0-9]{2}:[0-9]{2})")


class _Absent:
    """The single value of a word that has nothing to say; None would be a JSON null, which FHIR forbids."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final[Any] = _Absent()

PLACE = "#"
"""Begins a key that is only a place: the portal may have moved what stands there."""


class Slots(list[Any]):
    """A JSON array whose items know the slot of the declaration (or the child row) that they came from."""

    __slots__ = ("keys",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(value for _, value in pairs)
        self.keys = tuple(key for key, _ in pairs)


class Atomic(dict[str, Any]):
    """A JSON object that the merge replaces whole: a display beside another code would be a lie."""

    __slots__ = ()


class Defaulted(dict[str, Any]):
    """A JSON object with `optional` members that a row says when alone; a document may say them otherwise or not at
    all.
    """

    __slots__ = ("optional",)

    def __init__(self, members: dict[str, Any], optional: frozenset[str]) -> None:
        super().__init__(members)
        self.optional = optional


def contains(whole: Any, part: Any) -> bool:
    """Whether `whole` says everything that `part` says; arrays may hold more and in another order.

    Times are compared as points in time, whatever offset and zeros they are written with.
    """
    if isinstance(part, dict):
        if not isinstance(whole, dict):
            return False
        optional = part.optional if isinstance(part, Defaulted) else frozenset()
        return all(key in optional or (key in whole and contains(whole[key], value)) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains(item, wanted) for item in whole) for wanted in part)
    if isinstance(part, str):
        return isinstance(whole, str) and (whole == part or _is_same_moment(whole, part))
    # True == 1 in Python, and a boolean is not a number in JSON.
    return isinstance(whole, bool) is isinstance(part, bool) and bool(whole == part)


def _is_same_moment(one: str, other: str) -> bool:
    if _TIME.fullmatch(one) is None or _TIME.fullmatch(other) is None:
        return False
    try:
        return date_interval(one)[0] == date_interval(other)[0]
    except ValueError:
        return False


def plain(value: Any) -> Any:
    """A copy of a tree without the marks."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
