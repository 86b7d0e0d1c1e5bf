"""Observation/$lastn (https://hl7.org/fhir/R4/observation-operation-lastn.html)."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

LOINC = "http://loinc.org"
LENGTH, WIDTH = "39126-8", "39125-0"


def observation(name: str, loinc: str, day: str, patient: str = "pa", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [{"coding": [{"code": "exam", "system": "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        **members,
    }  # fmt: skip


# Without a status code that the table knows, or with a modifier, a row goes to the generic store.
GENERIC = {"_status": {"extension": [{"url": "urn:x", "valueString": "x"}]}, "status": None}


def generic(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**tree, **GENERIC}.items() if value is not None}


TREES = [
    observation("l1", LENGTH, "2024-01-01"),
    observation("l2", LENGTH, "2024-02-01"),
    observation("l3", LENGTH, "2024-03-01"),
    generic(observation("l4", LENGTH, "2024-04-01")),
    generic(observation("l0", LENGTH, "2023-01-01")),
    observation("w1", WIDTH, "2024-01-15"),
    observation("w2", WIDTH, "2024-02-15"),
    generic(observation("t1", "x", "2024-05-01", code={"text": "Size of shoe"})),
    generic(observation("t2", "x", "2024-05-02", code={"text": "size of  SHOE"})),
    observation("b1", LENGTH, "2024-06-01", patient="pb"),
]


@pytest.fixture
def measured(client: Any) -> Any:
    for name in ("pa", "pb"):
        client.update({"resourceType": "Patient", "id": name})
    for tree in TREES:
        answer = client.update(tree)
        assert answer.status_code == 201, answer.text
    return client


def ids(bundle: Any) -> list[str]:
    return [one["resource"]["id"] for one in bundle.get("entry", ())]


def test_the_rows_of_both_stores_are_used(measured: Any, portal: Any) -> None:
    (table,) = portal.execute("SELECT count(*) FROM fhir_observations").fetchone().values()
    query = "SELECT count(*) FROM phi.fhir_resources WHERE resource_type='Observation'"
    (stored,) = portal.execute(query).fetchone().values()
    assert (table, stored) == (6, 4)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("patient=pa", ["t2", "l4", "w2"]),
        ("subject=Patient/pa&max=2", ["t2", "t1", "l4", "l3", "w2", "w1"]),
        ("patient=pa&max=1000", ["t2", "t1", "l4", "l3", "w2", "l2", "w1", "l1", "l0"]),
        (f"patient=pa&code={LOINC}|{LENGTH}&max=3", ["l4", "l3", "l2"]),
        ("patient=pa&category=exam&date=lt2024-03-15&max=1", ["l3", "w2"]),
        ("patient=pa,pb&code=39126-8", ["b1", "l4"]),
        ("patient=none", []),
        ("patient=pa&status=cancelled", []),
    ],
)
def test_of_each_code_the_newest_are_shown(measured: Any, query: str, expected: list[str]) -> None:
    assert ids(measured.tree(f"/Observation/$lastn?{query}")) == expected


def test_pages_go_on_where_the_last_one_ended(measured: Any) -> None:
    found: list[str] = []
    url = "/Observation/$lastn?patient=pa&max=2&_count=2"
    while url:
        bundle = measured.tree(url)
        assert len(ids(bundle)) <= 2
        found += ids(bundle)
        url = next((one["url"] for one in bundle["link"] if one["relation"] == "next"), "")
    assert found == ["t2", "t1", "l4", "l3", "w2", "w1"]


def test_the_newest_include_what_they_refer_to(measured: Any) -> None:
    bundle = measured.tree("/Observation/$lastn?patient=pa&_include=Observation:patient")
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["match", "match", "match", "include"]
    assert ids(bundle)[3] == "pa"


def test_the_parameters_may_stand_in_a_body(measured: Any) -> None:
    parameters = [{"name": "patient", "valueString": "Patient/pa"}, {"name": "max", "valuePositiveInt": 2}]
    tree = {"resourceType": "Parameters", "parameter": [*parameters, {"name": "code", "valueString": LENGTH}]}
    answer = measured.send_json("POST", "/Observation/$lastn", tree)
    assert answer.status_code == 200, answer.text
    assert ids(answer.json()) == ["l4", "l3"]


def test_the_self_link_says_what_was_asked(measured: Any) -> None:
    link = measured.tree("/Observation/$lastn?patient=pa&max=2")["link"][0]
    assert (link["relation"], link["url"]) == ("self", f"{measured.base}/Observation/$lastn?max=2&patient=pa")
    assert ids(measured.tree(link["url"])) == ["t2", "t1", "l4", "l3", "w2", "w1"]


@pytest.mark.parametrize("query", ["", "code=x", "patient=pa&max=0", "patient=pa&max=x", "patient=pa&max=1&max=2",
                                   "patient=pa&_sort=date", "patient=pa&unknown=1", "patient=pa&_count=0"])  # fmt: skip
def test_what_cannot_be_answered_is_refused(measured: Any, query: str) -> None:
    answer = measured.get(f"/Observation/$lastn?{query}")
    assert answer.status_code == 400, answer.text


def test_what_the_portal_wrote_last_counts(measured: Any, portal: Any) -> None:
    portal.execute("UPDATE fhir_observations SET effective_date_time = '2025-01-01' WHERE fhir_id = 'l1'")
    assert ids(measured.tree("/Observation/$lastn?patient=pa&code=39126-8")) == ["l1"]


def test_it_is_one_statement_with_its_audit(measured: Any, portal: Any) -> None:
    with count_statements() as count:
        measured.tree("/Observation/$lastn?patient=pa")
    assert len(count) == 1
    told = portal.execute("SELECT operation, entities FROM fhir_audit_logs ORDER BY id DESC LIMIT 1").fetchone()
    assert told["operation"] == "lastn"
    assert sorted(told["entities"]) == [f"Observation/{name}/_history/1" for name in ("l4", "t2", "w2")]
