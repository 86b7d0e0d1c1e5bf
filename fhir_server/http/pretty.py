"""Printing compact JSON over several lines without reading it: numbers, order and escapes stay as they are.

https://hl7.org/fhir/R4/http.html#parameters
"""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(rb'"(?:[^"\\]+|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_INDENT: Final = b"  "
_CLOSES: Final = {b"{": b"}", b"[": b"]"}


def pretty(body: bytes) -> bytes:
    """`body`, which must be valid JSON, with a line for each member, two blanks per level, and a line end."""
    tokens = _TOKEN.findall(body)
    written: list[bytes] = []
    level = 0
    before = b""
    for token in tokens:
        closes = token in (b"}", b"]")
        if closes:
            level -= 1
        opened = before in _CLOSES
        if (opened and token != _CLOSES[before]) or before == b"," or (closes and not opened):
            written.append(b"\n" + _INDENT * level)
        written.append(b": " if token == b":" else token)
        if token in _CLOSES:
            level += 1
        before = token
    return b"".join(written) + b"\n"
