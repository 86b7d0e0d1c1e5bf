"""Amounts in UCUM units become amounts in canonical units, exactly or not at all."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.indexing.ucum import canonical, conversion_of

UNITS_SQL = Path(__file__).parents[3] / "migrations" / "sql" / "0006_ucum_units.sql"

SAME = [
    ("4.0", "cm", "40", "mm"),
    ("1", "L", "1000", "mL"),
    ("1", "l", "1", "dm3"),
    ("100", "mg/dL", "1", "g/L"),
    ("5", "10*3/uL", "5", "10*9/L"),
    ("5", "10*3/uL", "5", "10^9/L"),
    ("72", "/min", "1.2", "/s"),
    ("1", "mL/h", "0.024", "L/d"),
    ("98.6", "[degF]", "37", "Cel"),
    ("0", "Cel", "273.15", "K"),
    ("-40", "Cel", "-40", "[degF]"),
    ("120", "mm[Hg]", "15.99864", "kPa"),
    ("1", "kg.m/s2", "1", "N"),
    ("1", "mL/(24.h)", "1", "mL/d"),
    ("60", "U/L", "1", "umol/(s.L)"),
    ("1", "[in_i]", "2.54", "cm"),
    ("16", "[oz_av]", "1", "[lb_av]"),
    ("50", "%", "0.5", "1"),
    ("1", "m[iU]/mL", "1", "k[IU]/m3"),
    ("1", "m2", "10000", "cm2"),
    ("2", "wk", "14", "d"),
    ("1", "a", "12", "mo"),
]


@pytest.mark.parametrize(("value", "unit", "other", "other_unit"), SAME)
def test_the_same_amount_is_the_same_in_any_unit(value: str, unit: str, other: str, other_unit: str) -> None:
    assert canonical(Decimal(value), unit) == canonical(Decimal(other), other_unit) is not None


@pytest.mark.parametrize(
    ("unit", "other"),
    [
        ("cm", "g"),
        ("mol/L", "g/L"),
        ("meq/L", "mmol/L"),
        ("{beats}/min", "/min"),
        ("mL/min/{1.73_m2}", "mL/min"),
        ("Cel", "1"),
        ("[IU]", "[arb'U]"),
        ("Bq", "Hz"),
        ("m", "M"),
    ],
)
def test_amounts_of_different_kinds_are_never_the_same(unit: str, other: str) -> None:
    first, second = canonical(Decimal(1), unit), canonical(Decimal(1), other)
    assert first is not None
    assert second is None or first[1] != second[1]


@pytest.mark.parametrize(
    "unit",
    [
        *("", " ", "bogus", "cm ", "m[", "m)", "(m", "m//s", "m/", ".m", "kmin", "m0", "m99", "é", "m" * 65),
        *("/[lb_av]", "Cel/d"),
    ],
)
def test_what_is_no_unit_or_cannot_be_converted_exactly_is_left_alone(unit: str) -> None:
    assert canonical(Decimal(1), unit) is None


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e5000"])
def test_numbers_beyond_any_measure_are_left_alone(value: str) -> None:
    assert canonical(Decimal(value), "Cel") is None


PREFIXES = {"k": 3, "h": 2, "da": 1, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "M": 6, "G": 9}
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6)


@given(numbers, st.sampled_from(sorted(PREFIXES)), st.sampled_from(["m", "g", "L", "mol", "Pa", "[iU]", "m[Hg]"]))
def test_a_prefix_shifts_the_decimal_point(value: Decimal, prefix: str, unit: str) -> None:
    shifted = value.scaleb(PREFIXES[prefix])
    assert canonical(value, prefix + unit) == canonical(shifted, unit)


@given(numbers, st.sampled_from(["mm", "mg/dL", "[degF]", "Cel", "/min", "10*3/uL", "kPa", "kg/m2", "mo", "[ft_i]"]))
def test_a_conversion_can_be_taken_back(value: Decimal, unit: str) -> None:
    found, conversion = canonical(value, unit), conversion_of(unit)
    assert found is not None
    assert conversion is not None
    back = (Fraction(found[0]) - Fraction(conversion.offset)) / Fraction(conversion.factor)
    assert back == Fraction(value)


@given(numbers, numbers, st.sampled_from(["mm", "[degF]", "Cel", "/min", "mg/dL"]))
def test_a_conversion_keeps_the_order(first: Decimal, second: Decimal, unit: str) -> None:
    converted = [canonical(value, unit) for value in (first, second)]
    assert converted[0] is not None
    assert converted[1] is not None
    assert (first < second) == (converted[0][0] < converted[1][0])


@given(st.text(alphabet="mgLsK10*/.()[]{}-+2%'CelU", max_size=20))
def test_any_text_is_a_unit_or_not(text: str) -> None:
    found = canonical(Decimal("1.5"), text)
    assert found is None or (found[0].is_finite() and found[1])


def test_the_database_converts_like_python() -> None:
    row = re.compile(r"\('((?:[^']|'')+)', ([0-9.]+), ([0-9.]+), '((?:[^']|'')+)'\)[,;]")
    rows = row.findall(UNITS_SQL.read_text())
    assert len(rows) > 500
    for code, factor, addend, unit in rows:
        conversion = conversion_of(code.replace("''", "'"))
        assert conversion is not None
        assert (Decimal(factor), Decimal(addend)) == (conversion.factor, conversion.offset)
        assert unit.replace("''", "'") == conversion.unit
