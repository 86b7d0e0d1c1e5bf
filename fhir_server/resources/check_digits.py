"""Check digits that tell a public code or number from a local one."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column

_LOINC = re.compile(r"[1-9][0-9]{0,6}-[0-9]")
_NPI = re.compile(r"[12][0-9]{9}")


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10


def is_loinc(code: str) -> bool:
    """Whether `code` is formed like a LOINC code and its check digit is right.

    >>> is_loinc("39126-8"), is_loinc("39126-9"), is_loinc("WOUND-1")
    (True, False, False)
    """
    return _LOINC.fullmatch(code) is not None and _luhn(code[:-2]) == int(code[-1])


def is_npi(number: str) -> bool:
    """Whether `number` is a National Provider Identifier: ten digits, Luhn over 80840 and the first nine.

    >>> is_npi("1234567893"), is_npi("1234567890")
    (True, False)
    """
    return _NPI.fullmatch(number) is not None and _luhn("80840" + number[:-1]) == int(number[-1])


def is_loinc_in_sql(code: ColumnElement[Any]) -> ColumnElement[bool]:
    """`is_loinc` as SQL."""
    return and_(func.fhir_is_loinc(code), func.left(code, literal_column("1")) != literal_column("'0'"))


def is_npi_in_sql(number: ColumnElement[Any]) -> ColumnElement[bool]:
    """`is_npi` as SQL."""
    formed = func.coalesce(number.bool_op("~")(literal_column("'^[12][0-9]{9}$'")), False)
    digits: list[ColumnElement[Any]] = [
        func.substr(number, literal_column(str(at)), literal_column("1")) for at in range(1, 11)
    ]
    # From the right every other digit counts double, as the sum of its digits; the prefix 80840 adds 24.
    doubled = [
        func.translate(digit, literal_column("'0123456789'"), literal_column("'0246813579'")) for digit in digits[::2]
    ]
    total: ColumnElement[Any] = literal_column("24")
    for digit in (*doubled, *digits[1::2]):
        total = total + func.ascii(digit) - literal_column("48")
    return and_(formed, func.mod(total, literal_column("10")) == literal_column("0"))
