"""The comparison prefixes of ordered values: `ge2024-01-01`, `lt5`.

https://hl7.org/fhir/R4/search.html#prefix
"""

from __future__ import annotations

PREFIXES = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})


def split_prefix(text: str) -> tuple[str, str]:
    """The prefix, `eq` where none is written, and the rest.

    >>> split_prefix("ge5"), split_prefix("5")
    (('ge', '5'), ('eq', '5'))
    """
    if text[:2] in PREFIXES:
        return text[:2], text[2:]
    return "eq", text
