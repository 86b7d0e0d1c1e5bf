from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhir_server.json_text import DecimalText
from fhir_server.mapping import primitives
from fhir_server.mapping.primitives import (
    DATE,
    EXACT_INSTANT,
    INSTANT,
    ascii_lower,
    code_or_absent,
    decimal_text,
    is_writable,
    text_or_absent,
    token_or_absent,
    uri_or_absent,
)
from fhir_server.mapping.trees import ABSENT


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u00a0\u3000", "\x0b", None, 5, True, "x" * (1024 * 1024 + 1)])
def test_what_is_no_text_or_only_white_space_is_not_said(text: Any) -> None:
    assert text_or_absent(text) is ABSENT


def test_a_vertical_tab_or_form_feed_is_said_as_a_blank() -> None:
    assert text_or_absent("Main\x0bSt\x0c2") == "Main St 2"


def test_a_text_that_would_have_to_be_altered_is_no_token() -> None:
    assert token_or_absent("555\x0b0100") is ABSENT
    assert token_or_absent(" 555 ") == " 555 "


@pytest.mark.parametrize(
    ("text", "legal"), [("a b", True), ("a  b", False), (" a", False), ("a\tb", False), ("\u00a0", False)]
)
def test_a_code_has_single_blanks_inside_only(text: str, legal: bool) -> None:
    assert (code_or_absent(text) == text) is legal


@pytest.mark.parametrize(("text", "legal"), [("urn:x", True), ("has blank", False), ("", False), ("ü", True)])
def test_a_uri_has_no_white_space(text: str, legal: bool) -> None:
    assert (uri_or_absent(text) == text) is legal


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("2024-03-11T04:30:00+00:00", "2024-03-11T04:30:00Z"),
        ("2024-03-11T04:30:00.5+00:00", "2024-03-11T04:30:00.500Z"),
        ("2024-03-11T04:30:00.123456+00:00", "2024-03-11T04:30:00.123456Z"),
        ("2024-03-11T04:30:00.1234+00:00", "2024-03-11T04:30:00.123400Z"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_said_in_utc_with_three_or_six_decimal_places_or_none(printed: str, said: str) -> None:
    assert INSTANT.compose(printed) == said


@pytest.mark.parametrize(
    "printed", ["infinity", "-infinity", "10000-01-01T00:00:00+00:00", "0044-03-15T12:00:00+00:00 BC", None, 5]
)
def test_a_time_that_fhir_cannot_say_is_not_said(printed: Any) -> None:
    assert INSTANT.compose(printed) is ABSENT


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("2024-03-11T10:30:00+06:00", "2024-03-11T04:30:00+00:00"),
        ("2024-03-11T04:30:00.250Z", "2024-03-11T04:30:00.25+00:00"),
        ("2024-03-11T04:30:00.000Z", "2024-03-11T04:30:00+00:00"),
        ("2024-03-11T04:30:00.1Z", "2024-03-11T04:30:00.1+00:00"),
    ],
)
def test_an_instant_is_stored_as_the_database_prints_it(said: str, stored: str) -> None:
    assert INSTANT.decompose(said) == stored


@pytest.mark.parametrize(
    "said",
    [
        "2024-03-11",
        "2024",
        "2016-12-31T23:59:60Z",
        "2024-03-11T04:30:00.1234567Z",
        "0001-01-01T00:00:00+01:00",
        None,
        "2024-02-30T00:00:00Z",
    ],
)
def test_what_a_timestamptz_cannot_hold_is_not_stored(said: Any) -> None:
    assert INSTANT.decompose(said) is ABSENT


@pytest.mark.parametrize(
    ("said", "exact"),
    [
        ("2024-03-11T04:30:00Z", True),
        ("2024-03-11T04:30:00.250Z", True),
        ("2024-03-11T04:30:00.000Z", False),
        ("2024-03-11T04:30:00.25Z", False),
        ("2024-03-11T04:30:00.250000Z", False),
    ],
)
def test_an_instant_that_is_searched_must_read_back_with_the_same_precision(said: str, exact: bool) -> None:
    assert (EXACT_INSTANT.decompose(said) is not ABSENT) is exact


@pytest.mark.parametrize(
    ("held", "said"), [("2024-02-29", "2024-02-29"), ("infinity", ABSENT), ("10000-01-01", ABSENT)]
)
def test_a_date_is_said_as_it_is_unless_it_is_endless(held: str, said: Any) -> None:
    assert DATE.compose(held) == said


@pytest.mark.parametrize(
    ("number", "writable"),
    [
        (5, True),
        (True, False),
        (10**125, True),
        (10**126, False),
        (DecimalText("1.50"), True),
        (DecimalText("1e100"), True),
        (DecimalText("1e200"), False),
        (DecimalText("1e-100"), True),
        (DecimalText("1e-200"), False),
        (DecimalText("0e200"), True),
        (Decimal("NaN"), False),
        ("5", False),
    ],
)
def test_a_number_is_held_only_if_it_is_short_when_it_is_printed_without_exponent(number: Any, writable: bool) -> None:
    assert is_writable(number) is writable


def test_a_number_in_a_text_is_said_as_it_is_written() -> None:
    assert decimal_text("3.20").text == "3.20"
    assert decimal_text("007") is ABSENT
    assert decimal_text("x") is ABSENT


def test_only_a_to_z_have_lower_case_as_in_the_collation_c() -> None:
    assert ascii_lower("ÄBC\u212a") == "Äbc\u212a"


def test_integers_have_32_bits() -> None:
    assert primitives.INTEGER.compose(2**31 - 1) == 2**31 - 1
    assert primitives.INTEGER.compose(2**31) is ABSENT
    assert primitives.INTEGER.compose(True) is ABSENT
