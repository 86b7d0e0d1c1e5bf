"""Published example resources, packed with the tests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "data"
# One example is a terminology of many thousand codes, which a FHIRPath interpreter reads for minutes.
LONGEST_LINE = 60_000


@pytest.fixture(scope="session")
def examples() -> list[dict[str, Any]]:
    """The packed resources as plain JSON, without the few very long ones."""
    found: list[dict[str, Any]] = []
    for file in sorted(DATA.glob("examples*.gz")):
        with gzip.open(file) as lines:
            found.extend(json.loads(line) for line in lines if len(line) <= LONGEST_LINE)
    return [tree for tree in found if "resourceType" in tree]
