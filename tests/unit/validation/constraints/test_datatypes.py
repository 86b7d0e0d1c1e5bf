"""The constraints of `fhir_server.validation.constraints.datatypes`: each broken once and kept once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.validation.constraints.samples import (
    UCUM,
    Case,
    assert_refused_and_kept,
    number,
    quantity,
    timing,
    with_value,
)

CASES: list[Case] = [
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-01-02", "end": "2024-01-01"}),
        with_value("valuePeriod", {"start": "2024-01-01", "end": "2024-01-01"}),
    ),
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-01-01T10:00:00+02:00", "end": "2024-01-01T07:59:59Z"}),
        with_value("valuePeriod", {"start": "2024-01-01T10:00:00+02:00", "end": "2024-01-01T08:00:00Z"}),
    ),
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-02", "end": "2024-01-31"}),
        with_value("valuePeriod", {"start": "2024-01-31", "end": "2024-01"}),
    ),
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-01-01T10:00:01Z", "end": "2024-01-01T10:00:00Z"}),
        with_value("valuePeriod", {"start": "2016-12-31T23:59:60Z", "end": "2017-01-01T00:59:59+01:00"}),
    ),
    (
        "att-1",
        "Basic.extension[0].value",
        with_value("valueAttachment", {"data": "AAAA"}),
        with_value("valueAttachment", {"data": "AAAA", "contentType": "text/plain"}),
    ),
    (
        "qty-3",
        "Basic.extension[0].value",
        with_value("valueQuantity", {"value": 1, "code": "cm"}),
        with_value("valueQuantity", {"value": 1, "unit": "cm"}),
    ),
    (
        "rng-2",
        "Basic.extension[0].value",
        with_value("valueRange", {"low": quantity("2.0"), "high": quantity("1.9")}),
        with_value("valueRange", {"low": quantity("2.0"), "high": quantity("2")}),
    ),
    (
        "rng-2",
        "Basic.extension[0].value",
        with_value("valueRange", {"low": {"value": 2}, "high": {"value": 1}}),
        with_value("valueRange", {"low": quantity("2", "cm"), "high": quantity("1", "m")}),
    ),
    (
        "rat-1",
        "Basic.extension[0].value",
        with_value("valueRatio", {"numerator": {"value": 1}}),
        with_value("valueRatio", {"numerator": {"value": 1}, "denominator": {"value": 2}}),
    ),
    (
        "rat-1",
        "Basic.extension[0].value",
        with_value("valueRatio", {"denominator": {"value": 1}}),
        with_value("valueRatio", {"extension": [{"url": "http://example.org/y", "valueCode": "unknown"}]}),
    ),
    (
        "cpt-2",
        "Basic.extension[0].value",
        with_value("valueContactPoint", {"value": "1"}),
        with_value("valueContactPoint", {"value": "1", "system": "phone"}),
    ),
    (
        "age-1",
        "Basic.extension[0].value",
        with_value("valueAge", quantity("0", "a")),
        with_value("valueAge", quantity("1", "a")),
    ),
    (
        "age-1",
        "Basic.extension[0].value",
        with_value("valueAge", {"value": 1, "system": "http://example.org", "code": "a"}),
        with_value("valueAge", {"value": 1, "code": "a", "system": UCUM}),
    ),
    (
        "cnt-3",
        "Basic.extension[0].value",
        with_value("valueCount", quantity("1.5", "1")),
        with_value("valueCount", quantity("2", "1")),
    ),
    (
        "dis-1",
        "Basic.extension[0].value",
        with_value("valueDistance", {"value": 1}),
        with_value("valueDistance", quantity("1", "m")),
    ),
    (
        "drt-1",
        "Basic.extension[0].value",
        with_value("valueDuration", {"code": "h", "system": UCUM}),
        with_value("valueDuration", quantity("1", "h")),
    ),
    (
        "exp-1",
        "Basic.extension[0].value",
        with_value("valueExpression", {"language": "text/cql"}),
        with_value("valueExpression", {"language": "text/cql", "expression": "x"}),
    ),
    ("tim-1", "Basic.extension[0].value.repeat", timing(duration=1), timing(duration=1, durationUnit="h")),
    ("tim-2", "Basic.extension[0].value.repeat", timing(period=1), timing(period=1, periodUnit="h")),
    (
        "tim-4",
        "Basic.extension[0].value.repeat",
        timing(duration=-1, durationUnit="h"),
        timing(duration=0, durationUnit="h"),
    ),
    (
        "tim-5",
        "Basic.extension[0].value.repeat",
        timing(period=number("-0.5"), periodUnit="h"),
        timing(period=number("0.5"), periodUnit="h"),
    ),
    (
        "tim-6",
        "Basic.extension[0].value.repeat",
        timing(periodMax=1),
        timing(period=1, periodMax=2, periodUnit="h"),
    ),
    (
        "tim-7",
        "Basic.extension[0].value.repeat",
        timing(durationMax=1),
        timing(duration=1, durationMax=2, durationUnit="h"),
    ),
    ("tim-8", "Basic.extension[0].value.repeat", timing(countMax=2), timing(count=1, countMax=2)),
    ("tim-9", "Basic.extension[0].value.repeat", timing(offset=10, when=["C"]), timing(offset=10, when=["AC"])),
    ("tim-9", "Basic.extension[0].value.repeat", timing(offset=10), timing(when=["C"])),
    (
        "tim-10",
        "Basic.extension[0].value.repeat",
        timing(timeOfDay=["10:00:00"], when=["AC"]),
        timing(timeOfDay=["10:00:00"]),
    ),
    (
        "trd-3",
        "Basic.extension[0].value",
        with_value("valueTriggerDefinition", {"type": "named-event"}),
        with_value("valueTriggerDefinition", {"type": "named-event", "name": "x"}),
    ),
    (
        "drq-1",
        "Basic.extension[0].value.codeFilter[0]",
        with_value("valueDataRequirement", {"type": "Patient", "codeFilter": [{"path": "a", "searchParam": "b"}]}),
        with_value("valueDataRequirement", {"type": "Patient", "codeFilter": [{"path": "a"}]}),
    ),
]


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES, ids=[case[0] for case in CASES])
def test_what_breaks_a_constraint_is_refused_and_what_keeps_it_is_not(
    key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert_refused_and_kept(key, place, broken, kept)
