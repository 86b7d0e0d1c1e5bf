"""Date and number texts become half-open intervals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.indexing.intervals import approximate_interval, date_interval, number, precision_interval

ZURICH = ZoneInfo("Europe/Zurich")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", utc(2024, 1, 1), utc(2025, 1, 1)),
        ("2024-02", utc(2024, 2, 1), utc(2024, 3, 1)),
        ("2024-12", utc(2024, 12, 1), utc(2025, 1, 1)),
        ("2024-03-10", utc(2024, 3, 10), utc(2024, 3, 11)),
        ("1980-02-29", utc(1980, 2, 29), utc(1980, 3, 1)),
        ("2024-03-10T23:30:00-05:00", utc(2024, 3, 11, 4, 30), utc(2024, 3, 11, 4, 30, 1)),
        ("2024-03-10T23:30:00Z", utc(2024, 3, 10, 23, 30), utc(2024, 3, 10, 23, 30, 1)),
        ("2024-03-10T23:30:00.1Z", utc(2024, 3, 10, 23, 30, 0, 100000), utc(2024, 3, 10, 23, 30, 0, 200000)),
        ("2024-03-10T23:30:00.000Z", utc(2024, 3, 10, 23, 30), utc(2024, 3, 10, 23, 30, 0, 1000)),
        (
            "2024-03-10T23:30:00.123456789Z",
            utc(2024, 3, 10, 23, 30, 0, 123456),
            utc(2024, 3, 10, 23, 30, 0, 123457),
        ),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1), utc(2017, 1, 1, 0, 0, 1)),
        ("9999", utc(9999, 1, 1), None),
        ("9999-12", utc(9999, 12, 1), None),
        ("9999-12-31", utc(9999, 12, 31), None),
        ("9999-12-31T23:59:59Z", utc(9999, 12, 31, 23, 59, 59), None),
        ("0001", utc(1, 1, 1), utc(2, 1, 1)),
        ("0001-01-01T00:00:00+14:00", utc(1, 1, 1), utc(1, 1, 1, 0, 0, 1)),
    ],
)
def test_a_date_covers_what_it_leaves_open(text: str, low: datetime, high: datetime | None) -> None:
    assert date_interval(text) == (low, high)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2024-03-11T04:30", "2024-03-11T04:30Z"),
        ("2024-03-11T04:30:00", "2024-03-11T04:30:00Z"),
        ("2024-03-10T23:30:00 05:30", "2024-03-10T23:30:00+05:30"),
        ("2024-03-11T04:30:00Z", "2024-03-10T23:30:00-05:00"),
    ],
)
def test_searches_may_leave_out_seconds_the_offset_or_the_plus_sign(text: str, same_as: str) -> None:
    assert date_interval(text) == date_interval(same_as)


def test_a_minute_without_seconds_is_a_minute_wide_and_second_zero_is_a_second_wide() -> None:
    assert date_interval("2024-03-11T04:30Z") == (utc(2024, 3, 11, 4, 30), utc(2024, 3, 11, 4, 31))
    assert date_interval("2024-03-11T04:30:00Z") == (utc(2024, 3, 11, 4, 30), utc(2024, 3, 11, 4, 30, 1))


def test_without_an_offset_the_callers_zone_counts_for_days_too() -> None:
    assert date_interval("2024-07-01T12:00:00", ZURICH)[0] == utc(2024, 7, 1, 10)
    assert date_interval("2024-07-01T12:00:00Z", ZURICH)[0] == utc(2024, 7, 1, 12)
    assert date_interval("2024", ZURICH) == (utc(2023, 12, 31, 23), utc(2024, 12, 31, 23))
    assert date_interval("2024-03", ZURICH) == (utc(2024, 2, 29, 23), utc(2024, 3, 31, 22))


def test_a_day_is_shorter_or_longer_when_the_clock_changes() -> None:
    low, high = date_interval("2024-03-31", ZURICH)
    assert high is not None
    assert high - low == timedelta(hours=23)
    low, high = date_interval("2024-10-27", ZURICH)
    assert high is not None
    assert high - low == timedelta(hours=25)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-10T23",
        "2024-13",
        "2024-00",
        "2024-02-30",
        "24-03-10",
        "0-03-04",
        "0000",
        "201111111-01-01",
        "2024-",
        "2024-3",
        "2024-03-10T",
        "2024-03-10 23:30:00Z",
        "2024-03-10t23:30:00z",
        "2024-03-10T24:00:00Z",
        "2024-03-10T23:60:00Z",
        "2024-03-10T23:30:61Z",
        "2024-03-10T23:30:00.Z",
        "2024-03-10T23:30:00+14:01",
        "2024-03-10T23:30:00+05:60",
        "2024-03-10T23:30:00+0530",
        "2024-03-10Z",
        "23 May 2009",
        "２０２４-01-01",
        "2024-W01",
        "20240310",
        "2024-03-10\n",
        "",
        "ge2024",
        "9" * 100_000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        date_interval(text)


@given(
    moment=st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9998, 12, 29)),  # noqa: DTZ001
    offset=st.integers(min_value=-14 * 60, max_value=14 * 60),
    length=st.sampled_from([4, 7, 10, 16, 19, 21, 23, 26]),
)
def test_an_interval_holds_every_moment_that_is_written_like_it(moment: datetime, offset: int, length: int) -> None:
    zone = timezone(timedelta(minutes=offset))
    local = moment.replace(tzinfo=zone)
    text = local.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0")[:length]
    if length > 10:
        text += local.isoformat()[-6:]
    low, high = date_interval(text, zone)
    assert high is not None
    assert low <= local < high
    assert (low.utcoffset(), high.utcoffset()) == (timedelta(0), timedelta(0))
    for inner in (low, high - timedelta(microseconds=1)):
        written = inner.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0")
        assert written[:length] == text[:length]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("5.4", "5.35", "5.45"),
        ("0", "-0.5", "0.5"),
        ("-3.0", "-3.05", "-2.95"),
        ("+2", "1.5", "2.5"),
        (".5", "0.45", "0.55"),
        ("1e2", "50", "150"),
        ("1.00e2", "99.5", "100.5"),
        ("1E-3", "0.0005", "0.0015"),
        ("1e400", "5e399", "1.5e400"),
        (
            "1234567890123456789012345678901234567890.5",
            "1234567890123456789012345678901234567890.45",
            "1234567890123456789012345678901234567890.55",
        ),
    ],
)
def test_the_last_written_digit_is_what_a_number_is_sure_of(text: str, low: str, high: str) -> None:
    assert precision_interval(text) == (Decimal(low), Decimal(high))
    assert number(text) == Decimal(text)


def test_an_approximate_number_reaches_a_tenth_of_itself_to_both_sides() -> None:
    assert approximate_interval("100") == (Decimal(90), Decimal(110))
    assert approximate_interval("-10") == (Decimal(-11), Decimal(-9))
    assert approximate_interval("0") == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1,5", "1.", ".", "NaN", "Infinity", "1_000", "0x10", "１", " 1", "1e", "1e1001", "1e-1001", "1" * 129],
)
def test_what_is_no_number_or_absurdly_large_is_refused(text: str) -> None:
    for read in (number, precision_interval, approximate_interval):
        with pytest.raises(ValueError, match=r"."):
            read(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(lambda d: abs(d.adjusted()) <= 900))
def test_a_precision_interval_lies_evenly_around_its_number(value: Decimal) -> None:
    text = str(value)
    if len(text) <= 100:
        low, high = precision_interval(text)
        assert low < value < high
        assert high - value == value - low
        assert high.as_tuple().exponent == int(value.as_tuple().exponent) - 1
