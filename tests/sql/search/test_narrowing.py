"""Whether few or many rows match decides how a page is made, and never what is on it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import literal_column

from fhir_server.search import Statements, narrowing
from tests.sql.search.test_pages import walk

SEARCHES = (
    ("Observation", "code=http://loinc.org|39126-8"),
    ("Observation", "code=39126-8,8310-5&_sort=-date"),
    ("Observation", "status=final&code=39126-8&_sort=date"),
    ("Observation", "date=ge2024-01-01"),
    ("Observation", "date=ge2024-01&date=lt2024-03&_sort=-date"),
    ("Observation", "date=gt2024-02&_sort=_lastUpdated"),
    ("Observation", "value-quantity=gt1"),
    ("Observation", "value-quantity=gt0.1|http://unitsofmeasure.org|m&_sort=-date"),
    ("Observation", "code=39126-8&value-quantity=gt1&_sort=-date"),
    ("Observation", "code-value-quantity=39126-8$gt1"),
    ("Observation", "value-string=a"),
    ("Observation", "performer:Practitioner.name=a&_sort=-date"),
    ("Observation", "subject:Patient.gender=female"),
    ("Observation", "subject:Patient.gender=female&code=39126-8&_sort=-date"),
    ("Observation", "patient.name=m&date=ge2023&_sort=-date"),
    ("Observation", "_profile=http://hl7.org/fhir/StructureDefinition/vitalsigns&_sort=-_lastUpdated"),
    ("Observation", "_tag=a&_tag=b"),
    ("Observation", "code:not=39126-8&date=le2025&_sort=value-quantity"),
    ("Patient", "_has:Observation:patient:code=39126-8"),
    ("Patient", "name=m&_sort=birthdate"),
    ("Encounter", "date=ge2020&_sort=-date"),
    ("Condition", "onset-date=ge2020&_sort=-onset-date"),
    ("Condition", "patient.gender=female&_sort=-onset-date"),
)


@pytest.mark.parametrize(("resource_type", "query"), SEARCHES)
@pytest.mark.parametrize("few", [0, 1, 3])
def test_few_and_many_matches_give_the_same_pages(
    clinic: Any, monkeypatch: pytest.MonkeyPatch, few: int, resource_type: str, query: str
) -> None:
    expected = clinic.ids(resource_type, query)
    monkeypatch.setattr(narrowing, "_FEW", literal_column(str(few)))
    monkeypatch.setattr(narrowing, "_MORE", literal_column(str(few + 1)))
    monkeypatch.setattr(clinic, "statements", Statements(clinic.sources_of))
    assert clinic.ids(resource_type, query) == expected
    assert walk(clinic, resource_type, f"{query}&_count=2") == expected


def sql(engine: Any, resource_type: str, query: str) -> str:
    text: str = engine.statements.page(engine.parse(resource_type, query)).sql
    return text


def test_rows_are_counted_only_where_nothing_else_leaves_few(clinic: Any) -> None:
    assert "WITH few0" in sql(clinic, "Condition", "code=a&_sort=-onset-date")
    for query in ("patient=pa&code=a&_sort=-onset-date", "_id=a&code=a", "identifier=a&code=a&_sort=-onset-date", ""):
        assert "few0" not in sql(clinic, "Condition", query)


def test_one_value_in_the_order_of_keys_is_walked_in_its_index_and_needs_no_count(clinic: Any) -> None:
    text = sql(clinic, "Condition", "code=a")
    assert "few0" not in text
    assert re.search(r"SELECT DISTINCT i\.resource_key", text)


def test_not_more_than_three_conditions_are_counted(clinic: Any) -> None:
    tags = "&".join(f"_tag=t{number}" for number in range(9))
    text = sql(clinic, "Condition", f"{tags}&_sort=-onset-date")
    assert "few2" in text
    assert "few3" not in text


def test_of_very_many_conditions_none_is_counted(clinic: Any) -> None:
    tags = "&".join(f"_tag=t{number}" for number in range(narrowing.MOST_CONDITIONS + 1))
    assert "few0" not in sql(clinic, "Condition", f"{tags}&_sort=-onset-date")
