"""Requests that meet each other: several processes, several threads, one database.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.slow


def patient(fhir_id: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": fhir_id, **elements}


def identified(value: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": value}]}


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def put(fhir_id: str, **elements: Any) -> dict[str, Any]:
    request = {"method": "PUT", "url": f"Patient/{fhir_id}"}
    return {"resource": patient(fhir_id, **elements), "request": request}


def versions(workers: Any, fhir_id: str) -> list[int]:
    """The versions in the resource's history, newest first."""
    history = workers.send("GET", f"/Patient/{fhir_id}/_history?_count=1000").json()
    return [int(one["response"]["etag"].strip('W/"')) for one in history["entry"]]


def test_r086_parallel_conditional_creates_make_one_resource(workers: Any) -> None:
    def create() -> Any:
        return workers.send("POST", "/Patient", identified("1"), If_None_Exist="identifier=urn:x|1")

    answers = workers.all_at_once([create] * 32)
    assert Counter(one.status_code for one in answers) == {201: 1, 200: 31}
    assert len({one.json()["id"] for one in answers}) == 1
    assert workers.send("GET", "/Patient?_summary=count").json()["total"] == 1


def test_r086_conditional_creates_in_parallel_transactions_make_one_resource_each(workers: Any) -> None:
    criteria = [
        {"resource": identified(str(n)), "request": {"method": "POST", "url": "Patient",
                                                     "ifNoneExist": f"identifier=urn:x|{n}"}}
        for n in range(8)
    ]  # fmt: skip

    def run(turn: int) -> Any:
        return lambda: workers.send("POST", "", bundle(*(criteria if turn % 2 else reversed(criteria))))

    answers = workers.all_at_once([run(turn) for turn in range(16)])
    assert [one.status_code for one in answers] == [200] * 16
    made = Counter(entry["response"]["status"][:3] for one in answers for entry in one.json()["entry"])
    assert made == {"201": 8, "200": 120}
    assert workers.send("GET", "/Patient?_summary=count").json()["total"] == 8


def test_r087_parallel_updates_with_one_version_let_one_through(workers: Any) -> None:
    assert workers.send("PUT", "/Patient/p", patient("p")).status_code == 201

    def update(number: int) -> Any:
        return lambda: workers.send("PUT", "/Patient/p", patient("p", language=f"x-{number}"), If_Match='W/"1"')

    answers = workers.all_at_once([update(number) for number in range(20)])
    assert Counter(one.status_code for one in answers) == {200: 1, 412: 19}
    assert versions(workers, "p") == [2, 1]


def test_parallel_updates_get_consecutive_versions_and_none_is_lost(workers: Any) -> None:
    assert workers.send("PUT", "/Patient/p", patient("p")).status_code == 201

    def update(number: int) -> Any:
        return lambda: workers.send("PUT", "/Patient/p", patient("p", language=f"x-{number}"))

    answers = workers.all_at_once([update(number) for number in range(20)])
    assert [one.status_code for one in answers] == [200] * 20
    assert sorted(int(one.json()["meta"]["versionId"]) for one in answers) == list(range(2, 22))
    assert versions(workers, "p") == list(range(21, 0, -1))
    for one in answers:
        version = one.json()["meta"]["versionId"]
        assert workers.send("GET", f"/Patient/p/_history/{version}").json() == one.json()


def test_parallel_creates_under_one_id_make_one_resource_with_all_versions(workers: Any) -> None:
    def create(number: int) -> Any:
        return lambda: workers.send("PUT", "/Patient/new", patient("new", language=f"x-{number}"))

    answers = workers.all_at_once([create(number) for number in range(20)])
    assert Counter(one.status_code for one in answers) == {201: 1, 200: 19}
    assert versions(workers, "new") == list(range(20, 0, -1))


def test_a_patient_is_not_deleted_while_others_begin_to_refer_to_it(workers: Any) -> None:
    subject = {"subject": {"reference": "Patient/p"}}
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **subject}
    condition = {"resourceType": "Condition", **subject}
    outcomes = Counter()
    for turn in range(12):
        assert workers.send("PUT", "/Patient/p", patient("p")).status_code in (200, 201), turn
        deleted, *made = workers.all_at_once(
            [lambda: workers.send("DELETE", "/Patient/p")]
            + [lambda: workers.send("POST", "/Observation", observation)] * 3
            + [lambda: workers.send("POST", "/Condition", condition)] * 3
        )
        assert {one.status_code for one in made} <= {201, 422}
        there = [one.headers["Location"].partition("/fhir")[2] for one in made if one.status_code == 201]
        assert deleted.status_code == (409 if there else 204), [one.status_code for one in made]
        outcomes[deleted.status_code] += 1
        for one in there:
            assert workers.send("DELETE", one.partition("/_history")[0]).status_code == 204
    assert outcomes.total() == 12


def test_r180_transactions_in_opposite_order_never_fail(workers: Any) -> None:
    ids = [f"p{number}" for number in range(6)]

    def run(turn: int) -> Any:
        order = ids if turn % 2 else ids[::-1]
        return lambda: workers.send("POST", "", bundle(*[put(one, language=f"x-{turn}") for one in order]))

    for _ in range(5):
        answers = workers.all_at_once([run(turn) for turn in range(12)])
        assert [one.status_code for one in answers] == [200] * 12
    for one in ids:
        assert versions(workers, one) == list(range(60, 0, -1))
    last = {workers.send("GET", f"/Patient/{one}").json()["language"] for one in ids}
    assert len(last) == 1, "the resources of a transaction were written by different transactions"


def test_writes_of_the_portal_and_of_fhir_share_and_skip_no_version(workers: Any, database: str) -> None:
    assert workers.send("PUT", "/Patient/p", patient("p", birthDate="1970-01-01")).status_code == 201
    done = threading.Event()
    portal_writes = 0

    def portal() -> None:
        nonlocal portal_writes
        with psycopg.connect(database, autocommit=True) as connection:
            while not done.is_set():
                connection.execute(
                    "UPDATE fhir_patients SET birth_date = coalesce(birth_date, '1970-01-01') + 1 WHERE fhir_id = 'p'"
                )
                portal_writes += 1

    thread = threading.Thread(target=portal)
    thread.start()
    try:
        for turn in range(5):
            answers = workers.all_at_once(
                [lambda n=n: workers.send("PUT", "/Patient/p", patient("p", language=f"x-{n}")) for n in range(8)]
            )
            assert [one.status_code for one in answers] == [200] * 8, turn
    finally:
        done.set()
        thread.join()
    with psycopg.connect(database) as connection:
        stored = connection.execute(
            "SELECT version_id FROM fhir_patients WHERE fhir_id = 'p' UNION ALL "
            "SELECT version_id FROM history.fhir_patients WHERE fhir_id = 'p' ORDER BY 1"
        ).fetchall()
    assert [row[0] for row in stored] == list(range(1, 1 + 1 + 40 + portal_writes))


def test_deletes_and_creates_of_one_id_in_parallel_end_in_one_history(workers: Any) -> None:
    def run(turn: int) -> Any:
        if turn % 2:
            return lambda: workers.send("DELETE", "/Patient/p")
        return lambda: workers.send("PUT", "/Patient/p", patient("p"))

    answers = workers.all_at_once([run(turn) for turn in range(20)])
    assert {one.status_code for one in answers} <= {200, 201, 204}
    found = versions(workers, "p")
    assert found == list(range(len(found), 0, -1))
