from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.dates import partial_date
from fhir_server.mapping.trees import ABSENT
from tests.unit.mapping.columns import t
from tests.unit.mapping.test_words import heard

BORN = partial_date(t.day, t.partial)


@pytest.mark.parametrize(
    ("day", "partial", "said"),
    [
        ("1980-02-29", None, "1980-02-29"),
        ("1980-02-29", "1979", "1980-02-29"),
        (None, "1980-02", "1980-02"),
        (None, "1980", "1980"),
        ("infinity", "1980", "1980"),
        (None, "1980-13", ABSENT),
        (None, "0000", ABSENT),
        (None, "about 1980", ABSENT),
        (None, None, ABSENT),
    ],
)
def test_a_whole_date_says_more_than_a_partial_one(day: Any, partial: Any, said: Any) -> None:
    assert BORN.compose({"day": day, "partial": partial}) == said


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("1980-02-29", {"day": "1980-02-29", "partial": None}),
        ("1980-02", {"day": None, "partial": "1980-02"}),
        ("1980", {"day": None, "partial": "1980"}),
        ("80", None),
        (1980, None),
    ],
)
def test_no_day_is_invented_for_a_partial_date(said: Any, stored: Any) -> None:
    assert heard(BORN, said) == stored
