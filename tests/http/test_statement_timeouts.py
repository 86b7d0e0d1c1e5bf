"""A statement that takes too long is stopped and answered with 408, alone and inside of bundles; the server goes on.

https://hl7.org/fhir/R4/http.html#general
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

SLOW = "Patient?active=true"


@pytest.fixture
def hasty(serve: Any, database: str) -> Iterator[Any]:
    with serve(database, FHIR_SERVER_STATEMENT_TIMEOUT_MS="200") as running:
        yield running


@pytest.fixture
def locked(hasty: Any, database: str) -> Iterator[psycopg.Connection[Any]]:
    """A portal that rebuilds a table: nobody can read it until it is done."""
    assert hasty.get(f"/{SLOW}").status_code == 200
    with psycopg.connect(database) as portal:
        portal.execute("LOCK TABLE fhir_patients IN ACCESS EXCLUSIVE MODE")
        yield portal


def bundle(kind: str, *requests: tuple[str, str], resource: dict[str, Any] | None = None) -> dict[str, Any]:
    entries: list[dict[str, Any]] = [{"request": {"method": method, "url": url}} for method, url in requests]
    if resource is not None:
        entries.append({"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}})
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def is_too_costly(outcome: dict[str, Any]) -> bool:
    return outcome["resourceType"] == "OperationOutcome" and outcome["issue"][0]["code"] == "too-costly"


@pytest.mark.parametrize("path", [SLOW, f"{SLOW}&_summary=count", "Patient/p1", "Patient/p1/$everything"])
def test_a_slow_statement_is_a_408_and_the_next_one_is_answered(
    hasty: Any, locked: psycopg.Connection[Any], path: str
) -> None:
    answer = hasty.get(f"/{path}")
    assert answer.status_code == 408
    assert is_too_costly(answer.json())
    locked.rollback()
    assert hasty.get(f"/{SLOW}").status_code == 200


def test_a_slow_entry_of_a_batch_is_a_408_and_the_others_are_answered(
    hasty: Any, locked: psycopg.Connection[Any]
) -> None:
    basic = {"resourceType": "Basic", "code": {"text": "x"}}
    answer = hasty.post("/", json=bundle("batch", ("GET", SLOW), ("GET", "Basic"), resource=basic))
    assert answer.status_code == 200
    responses = [entry["response"] for entry in answer.json()["entry"]]
    assert [response["status"][:3] for response in responses] == ["408", "200", "201"]
    assert is_too_costly(responses[0]["outcome"])


def test_a_slow_entry_of_a_transaction_is_a_408_of_the_whole_and_nothing_is_stored(
    hasty: Any, locked: psycopg.Connection[Any]
) -> None:
    basic = {"resourceType": "Basic", "code": {"text": "x"}}
    answer = hasty.post("/", json=bundle("transaction", ("GET", SLOW), resource=basic))
    assert answer.status_code == 408
    assert is_too_costly(answer.json())
    locked.rollback()
    assert hasty.get("/Basic?_summary=count").json()["total"] == 0
    assert hasty.post("/", json=bundle("transaction", ("GET", SLOW), resource=basic)).status_code == 200
