"""Check digits that tell a public code or number from a local one."""

from __future__ import annotations

import re

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
