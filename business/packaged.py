"""Reads the data files that are packaged with the rules."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "data"


@cache
def packaged(name: str) -> dict[str, Any]:
    """The decoded file `name` of the folder data, one shared dict that must not be changed.

    Raises FileNotFoundError when there is no such file.
    """
    content: dict[str, Any] = json.loads((_FOLDER / name).read_text(encoding="utf-8"))
    return content
