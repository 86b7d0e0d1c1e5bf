"""What every converter is given and gives back.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Context:
    """What the meaning of a value depends on beside itself: the server's own address and the clinic's time zone."""

    base_url: str
    zone: tzinfo = UTC


Converter: TypeAlias = Callable[[Any, str, Context], Iterable[tuple[Any, ...]]]
"""`(value, path of its element in the definitions, context)` to index rows without their parameter number."""


def nothing(value: Any, path: str, context: Context) -> tuple[()]:
    """For values that a parameter's expression reaches and that its type cannot search."""
    return ()
