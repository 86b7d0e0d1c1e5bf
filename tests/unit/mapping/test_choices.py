from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.choices import deceased, moment
from fhir_server.mapping.word import HeardRow
from tests.unit.mapping.columns import t

EFFECTIVE = moment(t.start, t.end)
START = "2024-03-01T00:00:00+00:00"


def said(word: Any, row: dict[str, Any], name: str) -> dict[str, Any]:
    into: dict[str, Any] = {}
    word.compose_into(into, name, row)
    return into


def heard(word: Any, tree: dict[str, Any], name: str) -> dict[str, Any]:
    row = HeardRow()
    word.decompose_from(tree, name, row)
    return dict(row)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (START, None, {"effectiveDateTime": "2024-03-01T00:00:00Z"}),
        (None, START, {}),
        (
            START,
            "2024-04-01T00:00:00+00:00",
            {"effectivePeriod": {"start": "2024-03-01T00:00:00Z", "end": "2024-03-31T23:59:59.999999Z"}},
        ),
        (
            START,
            "2024-03-01T00:00:00.000001+00:00",
            {"effectivePeriod": {"start": "2024-03-01T00:00:00Z", "end": "2024-03-01T00:00:00.000000Z"}},
        ),
        (START, "infinity", {"effectivePeriod": {"start": "2024-03-01T00:00:00Z"}}),
        (START, "10000-01-01T00:00:00+00:00", {"effectivePeriod": {"start": "2024-03-01T00:00:00Z"}}),
        (START, START, {"effectiveDateTime": "2024-03-01T00:00:00Z"}),
        (START, "2020-01-01T00:00:00+00:00", {"effectiveDateTime": "2024-03-01T00:00:00Z"}),
        (START, "-infinity", {"effectiveDateTime": "2024-03-01T00:00:00Z"}),
        ("infinity", "infinity", {}),
    ],
)
def test_an_end_makes_a_period_of_the_start(start: Any, end: Any, expected: dict[str, Any]) -> None:
    assert said(EFFECTIVE, {"start": start, "end": end}, "effective[x]") == expected


@pytest.mark.parametrize(
    ("tree", "start", "end"),
    [
        ({"effectiveDateTime": "2024-03-11T04:30:00Z"}, "2024-03-11T04:30:00+00:00", None),
        ({"effectiveInstant": "2024-03-11T04:30:00.250Z"}, "2024-03-11T04:30:00.25+00:00", None),
        (
            {"effectiveDateTime": "2024-03-11T04:30:00.000Z"},
            "2024-03-11T04:30:00+00:00",
            "2024-03-11T04:30:00.001+00:00",
        ),
        ({"effectiveDateTime": "2024-03"}, START, "2024-04-01T00:00:00+00:00"),
        ({"effectiveDateTime": "2024"}, "2024-01-01T00:00:00+00:00", "2025-01-01T00:00:00+00:00"),
        ({"effectivePeriod": {"start": "2024-03"}}, START, "infinity"),
        ({"effectivePeriod": {"start": "2024-03", "end": "2024-03"}}, START, "2024-04-01T00:00:00+00:00"),
        ({"effectiveDateTime": "9999"}, "9999-01-01T00:00:00+00:00", "infinity"),
    ],
)
def test_whatever_has_a_beginning_is_held_as_the_interval_that_it_covers(tree: Any, start: str, end: Any) -> None:
    assert heard(EFFECTIVE, tree, "effective[x]") == {"start": start, "end": end}


@pytest.mark.parametrize("tree", [{}, {"effectivePeriod": {"end": "2024"}}, {"effectiveTiming": {"event": ["2024"]}}])
def test_what_has_no_beginning_is_only_in_the_document(tree: dict[str, Any]) -> None:
    assert heard(EFFECTIVE, tree, "effective[x]") == {}


def test_an_interval_that_was_read_is_written_back_as_it_was() -> None:
    row = {"start": START, "end": "2024-04-01T00:00:00+00:00"}
    assert heard(EFFECTIVE, said(EFFECTIVE, row, "effective[x]"), "effective[x]") == row


DECEASED = deceased(t.flag, t.start)


@pytest.mark.parametrize(
    ("flag", "time", "expected"),
    [
        (False, None, {}),
        (None, None, {}),
        (True, None, {"deceasedBoolean": True}),
        (True, START, {"deceasedDateTime": "2024-03-01T00:00:00Z"}),
        (False, START, {"deceasedDateTime": "2024-03-01T00:00:00Z"}),
        (True, "infinity", {"deceasedBoolean": True}),
    ],
)
def test_a_time_of_death_says_more_than_the_flag_and_no_flag_says_nothing(flag: Any, time: Any, expected: Any) -> None:
    assert said(DECEASED, {"flag": flag, "start": time}, "deceased[x]") == expected


@pytest.mark.parametrize(
    ("tree", "flag", "time"),
    [
        ({"deceasedDateTime": "2024-03-01T00:00:00Z"}, True, START),
        ({"deceasedDateTime": "2024-03"}, True, None),
        ({"deceasedBoolean": True}, True, None),
        ({"deceasedBoolean": False}, False, None),
        ({}, False, None),
        ({"_deceasedBoolean": {"extension": []}}, False, None),
    ],
)
def test_a_death_at_whatever_time_sets_the_flag(tree: dict[str, Any], flag: bool, time: Any) -> None:
    assert heard(DECEASED, tree, "deceased[x]") == {"flag": flag, "start": time}
