"""FHIR primitives and the texts PostgreSQL prints for a column: one pair of functions per primitive.

https://hl7.org/fhir/R4/datatypes.html#primitive. `compose` takes the value as row_to_json prints it in a UTC session and
returns the JSON value or ABSENT where the column holds nothing legal; `decompose` returns what to store, or ABSENT where
the column cannot hold the value as it was said.
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

CODE = re.compile(r"[^\s]+( [^\s]+)*", re.ASCII)
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ROW_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?\+00:00")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Primitive:
    """One FHIR primitive type as a column holds it."""

    name: str
    compose: Callable[[Any], Any]
    decompose: Callable[[Any], Any]


def text_or_absent(value: Any) -> Any:
    """`value` as FHIR string, ABSENT when it is not text or is blank (FHIR has no empty strings)."""
    return value if isinstance(value, str) and value.strip() else ABSENT


def code_or_absent(value: Any) -> Any:
    """`value` as FHIR code, ABSENT when white space makes it illegal."""
    return value if isinstance(value, str) and CODE.fullmatch(value) else ABSENT


def _same_text(value: Any) -> Any:
    return value if isinstance(value, str) else ABSENT


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
    fraction = match[2] or ""
    return f"{match[1]}{fraction.ljust(4 if len(fraction) <= 4 else 7, '0') if fraction else ''}Z"


def _instant_to_row(value: Any) -> Any:
    # The precision is part of what was said (a tenth is a longer interval than a millisecond): the column holds three.
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None or len(match[1] or "") not in (0, 4, 7) or value[17:19] == "60":
        return ABSENT
    try:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ABSENT


def decimal_text(value: Any) -> Any:
    """A row's numeric as JSON number, ABSENT for NULL, NaN and infinity (which row_to_json prints as strings)."""
    if isinstance(value, bool):
        return ABSENT
    if isinstance(value, (int, DecimalText)):
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return DecimalText(value)
    return ABSENT


def _integer(value: Any) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31 else ABSENT


def _decimal_to_row(value: Any) -> Any:
    return value if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else ABSENT


STRING = Primitive("string", text_or_absent, _same_text)
CODE_TEXT = Primitive("code", code_or_absent, _same_text)
BOOLEAN = Primitive("boolean", _boolean, _boolean)
DATE = Primitive("date", _date, _date)
INSTANT = Primitive("instant", instant_text, _instant_to_row)
DECIMAL = Primitive("decimal", decimal_text, _decimal_to_row)
INTEGER = Primitive("integer", _integer, _integer)
