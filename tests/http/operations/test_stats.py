"""Observation/$stats (https://hl7.org/fhir/R4/observation-operation-stats.html)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhir_server.json_text import parse_json
from fhir_server.search.statistics import STATISTICS
from fhir_server.validation import validate

LOINC, LENGTH, WIDTH = "http://loinc.org", "39126-8", "39125-0"
UCUM = "http://unitsofmeasure.org"
ASKED = f"subject=Patient/pa&system={LOINC}&code={LENGTH}"


def observation(name: str, value: str | None, day: str, loinc: str = LENGTH, **members: Any) -> dict[str, Any]:
    amount = {"value": parse_json(value.encode()), "unit": "cm", "system": UCUM, "code": "cm"} if value else None
    tree = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": {"reference": "Patient/pa"},
        "effectiveDateTime": day,
        "valueQuantity": amount,
        **members,
    }
    return {key: value for key, value in tree.items() if value is not None}


# A status that is not said keeps a resource out of the table: both stores must count.
GENERIC = {"_status": {"extension": [{"url": "urn:x", "valueString": "x"}]}, "status": None}
TREES = [
    observation("a", "2.50", "2024-01-01"),
    observation("b", "4", "2024-02-01"),
    observation("c", "0.1", "2024-03-01"),
    observation("d", "7.3", "2024-04-01", **GENERIC),
    observation("e", "0.2", "2024-05-01", **GENERIC),
    observation("no-value", None, "2024-05-02"),
    observation(
        "below", None, "2024-05-03", valueQuantity={"value": 9, "comparator": "<", "system": UCUM, "code": "cm"}
    ),
    observation("no-unit", None, "2024-05-04", valueQuantity={"value": 1000}),
    observation("wrong", "1000", "2024-05-05", status="entered-in-error"),
    observation("hers", "1000", "2024-05-05", subject={"reference": "Patient/pb"}),
    observation("wide", "3", "2024-05-05", WIDTH),
]


@pytest.fixture
def measured(client: Any) -> Any:
    for name in ("pa", "pb"):
        client.update({"resourceType": "Patient", "id": name})
    for tree in TREES:
        answer = client.update(tree)
        assert answer.status_code == 201, answer.text
    return client


def observations(tree: Any) -> list[Any]:
    assert tree["resourceType"] == "Parameters"
    return [one["resource"] for one in tree["parameter"] if one["name"] == "statistics"]


def values(told: Any) -> dict[str, Any]:
    return {
        one["code"]["coding"][0]["code"]: one["valueQuantity"]["value"] if "valueQuantity" in one else None
        for one in told["component"]
    }


def test_all_statistics_are_right_to_the_last_digit(measured: Any) -> None:
    tree = measured.tree(f"/Observation/$stats?{ASKED}&statistic={','.join(STATISTICS)}")
    (told,) = observations(tree)
    assert validate("Parameters", tree) == ()
    assert (told["code"]["coding"], told["subject"]) == (
        [{"system": LOINC, "code": LENGTH}],
        {"reference": "Patient/pa"},
    )
    # 0.1 0.2 2.5 4 7.3
    expected = {
        "average": "2.82",
        "maximum": "7.3",
        "minimum": "0.1",
        "count": "5",
        "total-count": "8",
        "median": "2.5",
        "sum": "14.1",
        "variance": "8.957",
        "20-percent": "0.18",
        "80-percent": "4.66",
        "4-lower": "0.2",
        "4-upper": "4",
        "4-dev": "1.9",
        "5-1": "0.18",
        "5-2": "1.58",
        "5-3": "3.1",
        "5-4": "4.66",
    }
    found = values(told)
    assert {name: found[name] for name in expected} == {name: Decimal(text) for name, text in expected.items()}
    assert abs(found["std-dev"] - Decimal("8.957").sqrt()) < Decimal("0.000000001")
    units = {one["code"]["coding"][0]["code"]: one["valueQuantity"]["code"] for one in told["component"]}
    assert (units["average"], units["count"], units["variance"]) == ("cm", "1", "(cm)2")


def test_each_code_has_statistics_of_its_own(measured: Any) -> None:
    tree = measured.tree(f"/Observation/$stats?{ASKED},{WIDTH}&statistic=sum&statistic=count")
    assert [values(one) for one in observations(tree)] == [{"sum": Decimal("14.1"), "count": 5}, {"sum": 3, "count": 1}]


def test_nothing_measured_has_a_count_and_no_average(measured: Any) -> None:
    tree = measured.tree(f"/Observation/$stats?{ASKED.replace('pa', 'none')}&statistic=count,average,median,std-dev")
    assert [values(one) for one in observations(tree)] == [
        {"count": 0, "average": None, "median": None, "std-dev": None}
    ]


def test_a_period_and_codings_stand_in_a_body(measured: Any) -> None:
    parameters = [
        {"name": "subject", "valueUri": "Patient/pa"},
        {"name": "coding", "valueCoding": {"system": LOINC, "code": LENGTH}},
        {"name": "statistic", "valueCode": "count"},
        {"name": "statistic", "valueCode": "sum"},
        {"name": "period", "valuePeriod": {"start": "2024-02-01", "end": "2024-04"}},
        {"name": "include", "valueBoolean": True},
        {"name": "limit", "valuePositiveInt": 2},
    ]
    answer = measured.send_json("POST", "/Observation/$stats", {"resourceType": "Parameters", "parameter": parameters})
    assert answer.status_code == 200, answer.text
    tree = parse_json(answer.content)
    (told,) = observations(tree)
    assert values(told) == {"count": 3, "sum": Decimal("11.4")}
    assert told["effectivePeriod"] == {"start": "2024-02-01", "end": "2024-04"}
    assert [one["resource"]["id"] for one in tree["parameter"] if one["name"] == "source"] == ["d", "c"]


def test_a_duration_counts_back_from_now(measured: Any) -> None:
    asked = f"/Observation/$stats?{ASKED}&statistic=count&duration="
    assert values(observations(measured.tree(f"{asked}1"))[0]) == {"count": 0}
    assert values(observations(measured.tree(f"{asked}1000000"))[0]) == {"count": 5}


def test_several_units_have_no_statistics_in_common(measured: Any) -> None:
    measured.update(observation("mm", None, "2024-06-01", valueQuantity={"value": 25, "system": UCUM, "code": "mm"}))
    answer = measured.get(f"/Observation/$stats?{ASKED}&statistic=average")
    assert answer.status_code == 422
    assert "units" in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        ASKED,
        f"{ASKED}&statistic=kurtosis",
        f"{ASKED.replace('Patient/', '')}&statistic=count",
        "subject=Patient/pa&statistic=count",
        f"subject=Patient/pa&code={LENGTH}&statistic=count",
        f"system={LOINC}&code={LENGTH}&statistic=count",
        f"{ASKED}&statistic=count&duration=x",
        f"{ASKED}&statistic=count&duration=-1",
        f"{ASKED}&statistic=count&duration=NaN",
        f"{ASKED}&statistic=count&period=2024",
        f"{ASKED}&statistic=count&limit=1",
        f"{ASKED}&statistic=count&include=x",
        f"{ASKED}&statistic=count&coding=x",
        f"{ASKED}&statistic=count&unknown=x",
    ],
)
def test_what_cannot_be_asked_is_refused(measured: Any, query: str) -> None:
    assert measured.get(f"/Observation/$stats?{query}").status_code == 400


def test_the_audit_names_the_sources(measured: Any, portal: Any) -> None:
    measured.tree(f"/Observation/$stats?{ASKED}&statistic=count&include=true&limit=1")
    told = portal.execute("SELECT operation, entities FROM fhir_audit_logs ORDER BY id DESC LIMIT 1").fetchone()
    assert told == {"operation": "stats", "entities": ["Observation/no-unit/_history/1"]}


def test_what_the_portal_wrote_last_counts(measured: Any, portal: Any) -> None:
    portal.execute(
        """UPDATE fhir_observations SET value_data = jsonb_set(value_data, '{value}', '3.5') WHERE fhir_id = 'a'"""
    )
    tree = measured.tree(f"/Observation/$stats?{ASKED}&statistic=sum")
    assert values(observations(tree)[0]) == {"sum": Decimal("15.1")}
