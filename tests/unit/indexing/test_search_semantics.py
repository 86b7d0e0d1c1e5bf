"""Stored and searched values, as intervals, compare the way the search page says: on one small set of resources.

https://hl7.org/fhir/R4/search.html#prefix
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from fhir_server.indexing import date_interval, extract, number, parameter_number, precision_interval
from fhir_server.json_text import parse_json

BASE = "http://localhost:8080/fhir"
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)

OBSERVATIONS: Mapping[str, bytes] = {
    "w1": b'{"effectiveDateTime":"2024-03-10T23:30:00-05:00","valueQuantity":{"value":4.0,"unit":"cm"}}',
    "w2": b'{"effectiveDateTime":"2024-03-10","valueQuantity":{"value":3.95,"unit":"cm"}}',
    "w3": b'{"effectivePeriod":{"start":"2024-03-01"},"valueQuantity":{"value":0.5,"unit":"cm"}}',
    "w4": b'{"effectiveDateTime":"2024-03","valueQuantity":{"value":40,"unit":"mm"}}',
    "w5": b'{"effectiveInstant":"2024-03-11T00:00:00.000Z","valueQuantity":{"value":7,"unit":"{score}"}}',
    "w6": b'{"effectivePeriod":{"end":"2024-02-15"},"valueCodeableConcept":{"text":"Moderate amount"}}',
    "w7": b'{"dataAbsentReason":{"coding":[{"code":"unknown"}]}}',
}
PATIENTS: Mapping[str, bytes] = {
    "pa": b'{"birthDate":"1980-02-29"}',
    "pb": b'{"birthDate":"1980-02"}',
    "pc": b'{"birthDate":"1979","deceasedDateTime":"2023-05-01T10:00:00-05:00"}',
    "pd": b'{"deceasedBoolean":false}',
}

T = TypeVar("T", datetime, Decimal)
Compare = Callable[[Any, Any, Any, Any], bool]


def equal(low: T, high: T, from_: T, to: T) -> bool:
    return from_ <= low and high <= to


COMPARISONS: Mapping[str, Compare] = {
    "eq": equal,
    "ne": lambda low, high, from_, to: not equal(low, high, from_, to),
    "gt": lambda low, high, from_, to: high > to,
    "lt": lambda low, high, from_, to: low < from_,
    "ge": lambda low, high, from_, to: high > to or equal(low, high, from_, to),
    "le": lambda low, high, from_, to: low < from_ or equal(low, high, from_, to),
    "sa": lambda low, high, from_, to: low >= to,
    "eb": lambda low, high, from_, to: high <= from_,
}


def split(text: str) -> tuple[Compare, str]:
    return (COMPARISONS[text[:2]], text[2:]) if text[:2] in COMPARISONS else (equal, text)


def found(resource_type: str, resources: Mapping[str, bytes], code: str, search: str) -> str:
    """The names of the resources with a date that the search matches."""
    compare, text = split(search)
    from_, to = date_interval(text)
    wanted = parameter_number(f"{resource_type}.{code}")
    return " ".join(
        name
        for name, body in resources.items()
        for row in extract(resource_type, parse_json(body), BASE).date
        if row.parameter == wanted and compare(row.low or FIRST, row.high or LAST, from_, to or LAST)
    )


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("2024-03-10", "w2"),
        ("ne2024-03-10", "w1 w3 w4 w5 w6"),
        ("gt2024-03-10", "w1 w3 w4 w5"),
        ("lt2024-03-10", "w3 w4 w6"),
        ("ge2024-03-10", "w1 w2 w3 w4 w5"),
        ("le2024-03-10", "w2 w3 w4 w6"),
        ("sa2024-03-10", "w1 w5"),
        ("eb2024-03-10", "w6"),
        ("2024-03-11", "w1 w5"),
        ("2024-03", "w1 w2 w4 w5"),
        ("gt2024-03", "w3"),
        ("eb2024-03", "w6"),
        ("2024-03-11T04:30:00Z", "w1"),
        ("2024-03-10T23:30:00-05:00", "w1"),
        ("gt2024-03-11T04:30:00Z", "w3 w4"),
        ("eb2024-03-11T04:30:00Z", "w2 w5 w6"),
        ("ge2024-03-01", "w1 w2 w3 w4 w5"),
        ("2024-03-11T04:30", "w1"),
    ],
)
def test_observations_are_found_by_date(search: str, names: str) -> None:
    assert found("Observation", OBSERVATIONS, "date", search) == names


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("1980-02-29", "pa"),
        ("1980-02", "pa pb"),
        ("1980", "pa pb"),
        ("gt1979", "pa pb"),
        ("lt1980-02-29", "pb pc"),
        ("le1980-02", "pa pb pc"),
        ("ne1980", "pc"),
        ("ge1980-02-29", "pa"),
        ("le1980-02-29", "pa pb pc"),
    ],
)
def test_patients_are_found_by_date_of_birth(search: str, names: str) -> None:
    assert found("Patient", PATIENTS, "birthdate", search) == names


def test_a_patient_is_found_by_the_day_of_death_in_utc() -> None:
    assert found("Patient", PATIENTS, "death-date", "2023-05-01") == "pc"


@pytest.mark.parametrize(("code", "names"), [("true", "pc"), ("false", "pa pb pd")])
def test_patients_are_found_by_whether_they_died(code: str, names: str) -> None:
    wanted = (parameter_number("Patient.deceased"), None, code)
    found = [name for name, body in PATIENTS.items() if wanted in extract("Patient", parse_json(body), BASE).token]
    assert " ".join(found) == names


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("4.0", "w1 w2"),
        ("4.00", "w1"),
        ("4", "w1 w2"),
        ("gt3.95", "w1 w4 w5"),
        ("ge3.95", "w1 w2 w4 w5"),
        ("lt4", "w2 w3"),
        ("eb0.5", ""),
        ("sa7", "w4"),
    ],
)
def test_observations_are_found_by_amount(search: str, names: str) -> None:
    prefix, text = (search[:2], search[2:]) if search[:2] in COMPARISONS else ("eq", search)
    low, high = precision_interval(text)
    exact = number(text)
    tests: Mapping[str, Callable[[Decimal], bool]] = {
        "eq": lambda value: low <= value < high,
        "gt": lambda value: value > exact,
        "ge": lambda value: value >= exact,
        "lt": lambda value: value < exact,
        "sa": lambda value: value > exact,
        "eb": lambda value: value < exact,
    }
    wanted = parameter_number("Observation.value-quantity")
    assert names == " ".join(
        name
        for name, body in OBSERVATIONS.items()
        for row in extract("Observation", parse_json(body), BASE).quantity
        if row.parameter == wanted and row.low is not None and tests[prefix](row.low)
    )
