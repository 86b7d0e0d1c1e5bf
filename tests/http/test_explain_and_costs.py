"""A search that would cost too much is refused before it runs, and `_explain` tells how one runs.

https://hl7.org/fhir/R4/search.html#errors
"""

from __future__ import annotations

from typing import Any

import pytest

SECRET = "Xenophontes"
EXPENSIVE = "/Observation?code=8867-4&_sort=value-quantity"


@pytest.fixture
def explaining(serve: Any, database: str) -> Any:
    with serve(database, FHIR_SERVER_EXPLAIN="on") as running:
        yield running


@pytest.fixture
def frugal(serve: Any, database: str) -> Any:
    with serve(database, FHIR_SERVER_SEARCH_COST_BUDGET="1") as running:
        yield running


def outcomes(bundle: dict[str, Any]) -> list[str]:
    entries = [entry for entry in bundle.get("entry", []) if entry["search"]["mode"] == "outcome"]
    return [issue["diagnostics"] for entry in entries for issue in entry["resource"]["issue"]]


def test_a_search_is_explained_with_tree_sql_plan_and_indexes_and_without_values(explaining: Any) -> None:
    answer = explaining.get(f"/Patient?name={SECRET}&birthdate=1950-03-08&_explain=true")
    assert answer.status_code == 200
    said = outcomes(answer.json())
    assert [text.split(":")[0] for text in said] == ["tree", "SQL", "plan", "indexes"]
    assert "string name starts" in said[0]
    assert "fhir_patients" in said[1]
    assert "Limit" in said[2]
    assert not any(value in text.lower() for text in said for value in (SECRET.lower(), "1950"))
    assert "_explain" not in answer.json()["link"][0]["url"]


def test_without_asking_nothing_is_explained(explaining: Any) -> None:
    assert outcomes(explaining.get("/Patient?active=true&_explain=false").json()) == []


def test_a_server_that_does_not_explain_says_so(shared: Any) -> None:
    answer = shared.get("/Patient?active=true&_explain=true")
    assert answer.status_code == 403
    assert answer.json()["issue"][0]["code"] == "forbidden"


@pytest.mark.parametrize("query", ["_explain=maybe", "_explain=true&_explain=true"])
def test_what_else_may_stand_there_is_a_bad_request(explaining: Any, query: str) -> None:
    assert explaining.get(f"/Patient?{query}").status_code == 400


@pytest.mark.parametrize("path", [EXPENSIVE, "/Observation?code=8867-4&_summary=count"])
def test_a_search_beyond_the_budget_is_too_costly_and_names_what_would_help(frugal: Any, path: str) -> None:
    answer = frugal.get(path)
    assert answer.status_code == 422
    issue = answer.json()["issue"][0]
    assert issue["code"] == "too-costly"
    assert "add patient or" in issue["diagnostics"]
    assert "8867-4" not in answer.text


def test_a_search_for_few_resources_is_within_any_budget(frugal: Any) -> None:
    assert frugal.get("/Observation?patient=p&_sort=-date").status_code == 200
    assert frugal.get("/Patient?_id=a,b").status_code == 200
