"""Reads the definition files that are packaged with the server.

https://hl7.org/fhir/R4/downloads.html
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_FOLDER = Path(__file__).parent / "data"


@cache
def packaged(name: str) -> dict[str, Any]:
    """The decoded file `name` of the folder data, one shared dict that must not be changed.

    Raises FileNotFoundError when there is no such file.
    """
    content: dict[str, Any] = msgspec.json.decode((_FOLDER / name).read_bytes())
    return content
