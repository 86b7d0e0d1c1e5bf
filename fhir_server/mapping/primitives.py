"""FHIR primitives and the texts PostgreSQL prints for a column: one pair of functions per primitive.

https://hl7.org/fhir/R4/datatypes.html#primitive. `compose` takes the value as row_to_json prints it in a UTC session
and
returns the JSON value or ABSENT where the column holds nothing legal; `decompose` returns what to store, or ABSENT
where
the column cannot hold the value as it was said. `spoken` has the same rules in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fhir_server.json_text import DecimalText
from fhir_server.mapping.trees import ABSENT

CODE = re.compile(r"[^ \t\n\r\f\v]+( [^ \t\n\r\f\v]+)*")
URI = re.compile(r"[^ \t\n\r\f\v]+")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
DECIMAL_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
MAX_LENGTH = 1024 * 1024
MAX_DIGITS = 126
"""A jsonb or numeric column prints 1e9 as ten digits, and with sign and point no number may be longer than 128."""

_TOO_LARGE: int = 10**MAX_DIGITS
_MOST_MONEY, _CENT = 10**8, Decimal("0.01")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ROW_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?\+00:00")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:([0-9]{2})(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_PAGE_BREAKS = str.maketrans("\v\f", "  ")


@dataclass(frozen=True, slots=True)
class Primitive:
    """One FHIR primitive type as a column holds it."""

    name: str
    compose: Callable[[Any], Any]
    decompose: Callable[[Any], Any]


def text_or_absent(value: Any) -> Any:
    """`value` as FHIR string, ABSENT when it is not text, blank or longer than FHIR allows.

    Vertical tabs and form feeds, which FHIR forbids and spreadsheets leave behind, become blanks.
    """
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_LENGTH:
        return ABSENT
    # Nearly every text is printable: asking is much cheaper than translating.
    return value if value.isprintable() else value.translate(_PAGE_BREAKS)


def token_or_absent(value: Any) -> Any:
    """`value` as a FHIR string that is searched as it is: ABSENT also where it would have to be altered."""
    said = text_or_absent(value)
    return said if said == value else ABSENT


def code_or_absent(value: Any) -> Any:
    """`value` as FHIR code, ABSENT when white space makes it illegal."""
    return value if token_or_absent(value) is not ABSENT and CODE.fullmatch(value) else ABSENT


def uri_or_absent(value: Any) -> Any:
    """`value` as FHIR uri, ABSENT when it holds white space."""
    return value if token_or_absent(value) is not ABSENT and URI.fullmatch(value) else ABSENT


def ascii_lower(text: str) -> str:
    """`text` with A to Z in lower case; other letters stay, as in SQL under the collation C."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


_ASCII_LOWER = {number: number + 32 for number in range(ord("A"), ord("Z") + 1)}


def _boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else ABSENT


def _date(value: Any) -> Any:
    return value if isinstance(value, str) and _DATE.fullmatch(value) else ABSENT


def instant_text(value: Any) -> Any:
    """A row's timestamptz as FHIR instant in UTC, ABSENT for NULL, infinity and years past 9999.

    A fraction has three or six digits, so that the text says the same interval as the column's SQL does.

    >>> instant_text("2024-03-11T04:30:00.25+00:00")
    '2024-03-11T04:30:00.250Z'
    """
    match = _ROW_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return ABSENT
    fraction = (match[2] or "").rstrip("0").removesuffix(".")
    return f"{match[1]}{fraction.ljust(4 if len(fraction) <= 4 else 7, '0') if fraction else ''}Z"


def _instant_to_row(value: Any) -> Any:
    found = _moment(value)
    return ABSENT if found is None or len(found[1]) > 6 else row_time(found[0])


def _exact_instant_to_row(value: Any) -> Any:
    # How exactly a moment was said is part of it (.000 is a shorter interval than a second), and a column keeps no
    # zeros.
    found = _moment(value)
    if found is None:
        return ABSENT
    moment, fraction = found
    kept = 0 if moment.microsecond == 0 else 3 if moment.microsecond % 1000 == 0 else 6
    return row_time(moment) if len(fraction) == kept else ABSENT


def row_time(moment: datetime) -> str:
    """A moment in UTC as row_to_json prints it: without zeros at the end of its fraction."""
    text = moment.isoformat()
    whole, point, rest = text.partition(".")
    return f"{whole}.{rest[:6].rstrip('0')}{rest[6:]}" if point else text


def _moment(value: Any) -> tuple[datetime, str] | None:
    """An instant in UTC and its decimal places as written; PostgreSQL has neither leap seconds nor a year 10000."""
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] == "60":
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC), (match[2] or "").removeprefix(".")
    except (ValueError, OverflowError):
        return None


def decimal_text(value: Any) -> Any:
    """A row's numeric as JSON number, ABSENT for NULL, NaN and infinity (which row_to_json prints as strings)."""
    if isinstance(value, str):
        value = DecimalText(value) if len(value) <= MAX_DIGITS + 2 and DECIMAL_TEXT.fullmatch(value) else ABSENT
    return value if is_writable(value) else ABSENT


def is_writable(value: Any) -> bool:
    """Whether `value` is a number that a column prints again without becoming too long to read."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return abs(value) < _TOO_LARGE
    if not isinstance(value, Decimal) or not value.is_finite():
        return False
    exponent = int(value.as_tuple().exponent)
    whole_digits = max(value.adjusted() if value else 0, 0) + 1
    return bool(whole_digits + max(-exponent, 0) <= MAX_DIGITS)


def _integer(value: Any) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31 else ABSENT


def _decimal_to_row(value: Any) -> Any:
    return value if is_writable(value) else ABSENT


def _money_to_row(value: Any) -> Any:
    # The portal's amounts have two decimals: what has more would be rounded.
    amount = Decimal(value) if is_writable(value) else None
    is_exact = amount is not None and abs(amount) < _MOST_MONEY and amount == amount.quantize(_CENT)
    return value if is_exact else ABSENT


STRING = Primitive("string", text_or_absent, token_or_absent)
TOKEN = Primitive("string", token_or_absent, token_or_absent)
CODE_TEXT = Primitive("code", code_or_absent, code_or_absent)
URL = Primitive("url", uri_or_absent, uri_or_absent)
BOOLEAN = Primitive("boolean", _boolean, _boolean)
DATE = Primitive("date", _date, _date)
INSTANT = Primitive("instant", instant_text, _instant_to_row)
EXACT_INSTANT = Primitive("instant", instant_text, _exact_instant_to_row)
"""An instant that is searched: only one that reads back with the same precision."""
DECIMAL = Primitive("decimal", decimal_text, _decimal_to_row)
MONEY = Primitive("decimal", decimal_text, _money_to_row)
"""An amount in a numeric(10,2), which prints with two decimals."""
INTEGER = Primitive("integer", _integer, _integer)
