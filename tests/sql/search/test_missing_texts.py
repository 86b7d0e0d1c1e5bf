"""A concept that nobody has coded is a value all the same: `:missing` does not call it missing (S-104)."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("query", "expected"),
    [("code:missing=false", ["coded", "told"]), ("code:missing=true", ["none"]), ("code:text=moist", ["told"])],
)
def test_a_concept_of_a_text_alone_is_not_missing(engine: Any, query: str, expected: list[str]) -> None:
    codes = {"coded": {"coding": [{"code": "A"}]}, "told": {"text": "Moist skin"}, "none": None}
    engine.store(
        {"resourceType": "Condition", "id": name, "subject": {"reference": "Patient/p"}}
        | ({"code": code} if code else {})
        for name, code in codes.items()
    )
    assert sorted(engine.ids("Condition", query)) == expected
