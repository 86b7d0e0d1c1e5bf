"""What stands in the way of something, said so that a person can do something about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why something is not possible or not right.

    `code` is stable and for programs, `sentence` is for people and holds no patient data, `field` names the fact that
    would help if it were given or changed.
    """

    code: str
    sentence: str
    field: str
