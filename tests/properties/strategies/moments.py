"""Dates and times as row_to_json prints them in a UTC session, and as FHIR writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st


def printed(moment: datetime) -> str:
    """A timestamptz as PostgreSQL prints it in JSON: no zeros at the end of the fraction."""
    text = moment.astimezone(UTC).isoformat()
    whole, _, rest = text.partition(".")
    if not rest:
        return text
    fraction = rest[:6].rstrip("0")
    return f"{whole}.{fraction}+00:00"


# Hypothesis adds the zone itself and wants bounds without one.
EARLIEST = datetime(1900, 1, 1)  # noqa: DTZ001
LATEST = datetime(2100, 1, 1)  # noqa: DTZ001
FRACTIONS = st.sampled_from((0, 1, 250_000, 999_000, 999_999, 100, 120_000, 1000))
MOMENTS = st.builds(
    lambda moment, micros: moment.replace(microsecond=micros),
    st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)),
    FRACTIONS,
)
EDGES = (
    "infinity",
    "-infinity",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59+00:00",
    "9999-12-31T23:59:59.5+00:00",
    "9999-12-31T23:59:59.999999+00:00",
    "10000-01-01T00:00:00+00:00",
    "20000-06-01T00:00:00+00:00",
    "0044-03-15T12:00:00+00:00 BC",
    "2024-02-29T00:00:00+00:00",
)
ROW_TIMES = MOMENTS.map(printed) | st.sampled_from(EDGES)

ROW_DATES = st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat) | st.sampled_from(
    ("infinity", "-infinity", "0001-01-01", "9999-12-31", "10000-01-01", "0044-03-15 BC", "2024-02-29")
)

OFFSETS = st.sampled_from(("Z", "+00:00", "-05:00", "+14:00", "+05:30"))
INSTANTS = st.builds(
    lambda moment, fraction, offset: f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{offset}",
    st.datetimes(EARLIEST, LATEST),
    st.sampled_from(("", ".5", ".25", ".000", ".123", ".123456", ".1234567")),
    OFFSETS,
)
DATES = st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat)
PARTIAL_DATES = DATES.map(lambda text: text[:4]) | DATES.map(lambda text: text[:7])
"""What FHIR may say as dateTime."""
DATE_TIMES = INSTANTS | DATES | PARTIAL_DATES
