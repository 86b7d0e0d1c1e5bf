"""HTTP dates in all three forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.interactions.dates import http_date, parse_http_date

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_a_date_is_written_in_gmt_and_whole_seconds() -> None:
    local = datetime(1994, 11, 6, 10, 49, 37, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert http_date(local) == "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_all_three_forms_are_read(text: str) -> None:
    assert parse_http_date(text) == MOMENT


def test_a_two_digit_year_is_never_far_in_the_future() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    late, early = "Sunday, 06-Nov-80 08:49:37 GMT", "Sunday, 06-Nov-70 08:49:37 GMT"
    assert parse_http_date(late, now) == datetime(1980, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert parse_http_date(early, now) == datetime(2070, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "1994-11-06T08:49:37Z", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
     "Sun, 06 Abc 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 0000 08:49:37 GMT",
     "Sun, 0\u0666 Nov 1994 08:49:37 GMT"],
)  # fmt: skip
def test_what_is_no_date_is_not_read(text: str) -> None:
    assert parse_http_date(text) is None


def test_a_leap_second_is_read() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001
def test_a_date_that_was_written_is_read_back(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert parse_http_date(http_date(aware)) == aware.replace(microsecond=0)
