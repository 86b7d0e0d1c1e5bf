"""Searches with very many criteria: they are planned in moments and still find what they must."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.search.fences import MAX_JOINS


def observation(logical_id: str, tags: int) -> dict[str, Any]:
    tagged = [{"code": f"t{number}"} for number in range(tags)]
    return {
        "resourceType": "Observation",
        "id": logical_id,
        "meta": {"tag": tagged},
        "status": "final",
        "code": {"text": "x"},
    }


@pytest.mark.parametrize("modifier", ["", ":not"])
def test_most_of_many_criteria_are_no_joins(engine: Any, modifier: str) -> None:
    query = "&".join(f"_tag{modifier}=t{number}" for number in range(150))
    statement = engine.statements.page(engine.parse("Observation", query))
    (plan,) = engine.connection.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.parameters).fetchone()
    assert bytes(plan).count(b'"Join Type"') < MAX_JOINS + 10


def test_many_criteria_find_what_fulfils_them_all(engine: Any) -> None:
    engine.store([observation("all", 40), observation("most", 39), observation("none", 0)])
    assert engine.ids("Observation", "&".join(f"_tag=t{number}" for number in range(40))) == ["all"]
    assert engine.ids("Observation", "&".join(f"_tag:not=t{number}" for number in range(40))) == ["none"]
    assert engine.ids("Observation", "&".join(f"_tag:not=t{number}" for number in range(39, 60))) == ["most", "none"]
