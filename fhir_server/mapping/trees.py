"""The marks that a composed tree carries for the merge: which slot a list item came from and what may not be split."""

from __future__ import annotations

from typing import Any, Final


class _Absent:
    """The single value of a word that has nothing to say; None would be a JSON null, which FHIR forbids."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final[Any] = _Absent()


class Slots(list[Any]):
    """A JSON array whose items know the slot of the declaration (or the child row) that they came from."""

    __slots__ = ("keys",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(value for _, value in pairs)
        self.keys = tuple(key for key, _ in pairs)


class Atomic(dict[str, Any]):
    """A JSON object that the merge replaces whole: a display beside another code would be a lie."""

    __slots__ = ()


def contains(whole: Any, part: Any) -> bool:
    """Whether `whole` says everything that `part` says; arrays may hold more and in another order."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains(item, wanted) for item in whole) for wanted in part)
    # True == 1 in Python, and a boolean is not a number in JSON.
    return type(whole) is bool and whole == part if type(part) is bool else bool(whole == part)
