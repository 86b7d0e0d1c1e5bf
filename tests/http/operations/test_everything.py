"""Patient/[id]/$everything (https://hl7.org/fhir/R4/patient-operation-everything.html); rule R-197."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

SUBJECT = {"reference": "Patient/pa"}
DOCTOR = {"reference": "Practitioner/doc"}
CODE = {"coding": [{"system": "http://loinc.org", "code": "39126-8"}]}
ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
CONDITION = "http://terminology.hl7.org/CodeSystem/condition-clinical"
SCHEME = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def observation(name: str, day: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": CODE,
        "subject": SUBJECT,
        "effectiveDateTime": day,
        "performer": [DOCTOR],
        **members,
    }


RECORD: list[dict[str, Any]] = [
    {"resourceType": "Practitioner", "id": "doc", "name": [{"family": "House"}]},
    {"resourceType": "Practitioner", "id": "stranger"},
    {"resourceType": "Organization", "id": "ward", "name": "Ward"},
    {"resourceType": "Medication", "id": "pill"},
    {"resourceType": "Patient", "id": "pa", "managingOrganization": {"reference": "Organization/ward"}},
    {"resourceType": "Patient", "id": "pb"},
    observation("o1", "2024-01-10"),
    observation("o2", "2024-02-10"),
    # Two performers have no column, so this one is answered by index rows.
    observation("o3", "2024-03-10", performer=[DOCTOR, {"reference": "Organization/ward"}]),
    observation("other", "2024-01-10", subject={"reference": "Patient/pb"}),
    {
        "resourceType": "Condition",
        "id": "c1",
        "subject": SUBJECT,
        "asserter": DOCTOR,
        "clinicalStatus": {"coding": [{"system": CONDITION, "code": "active"}]},
        "onsetDateTime": "2024-02-01",
    },
    {"resourceType": "AllergyIntolerance", "id": "a1", "patient": SUBJECT, "clinicalStatus": ACTIVE},
    {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "medicationReference": {"reference": "Medication/pill"},
        "authoredOn": "2024-05-01",
    },
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"system": SCHEME, "code": "AMB"},
        "subject": SUBJECT,
        "period": {"start": "2024-01-01", "end": "2024-12-31"},
    },
]
MEMBERS = {
    *("Patient/pa", "Observation/o1", "Observation/o2", "Observation/o3", "Condition/c1", "AllergyIntolerance/a1"),
    *("MedicationRequest/m1", "Encounter/e1"),
}
OUTSIDE = {"Practitioner/doc", "Organization/ward", "Medication/pill"}


@pytest.fixture
def record(client: Any) -> Any:
    for tree in RECORD:
        answer = client.update(tree)
        assert answer.status_code == 201, answer.text
    return client


def names(bundle: Any, mode: str | None = None) -> list[str]:
    entries = [one for one in bundle.get("entry", ()) if mode in (None, one["search"]["mode"])]
    return [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in entries]


def test_r_197_the_record_and_what_it_refers_to_are_there_once(record: Any) -> None:
    bundle = record.tree("/Patient/pa/$everything")
    assert (bundle["resourceType"], bundle["type"], bundle["total"]) == ("Bundle", "searchset", len(MEMBERS))
    assert set(names(bundle, "match")) == MEMBERS
    assert set(names(bundle, "include")) == OUTSIDE
    assert len(names(bundle)) == len(MEMBERS) + len(OUTSIDE)
    assert {one["fullUrl"] for one in bundle["entry"]} == {f"{record.base}/{name}" for name in MEMBERS | OUTSIDE}


def test_r_197_the_members_are_those_of_the_compartment_search(record: Any) -> None:
    assert record.matches("/Patient/pa/*") == sorted(names(record.tree("/Patient/pa/$everything"), "match"))


@pytest.mark.parametrize("count", [1, 2, 3, 8, 10, 11])
def test_r_197_pages_show_each_resource_once(record: Any, count: int) -> None:
    found: list[str] = []
    url = f"/Patient/pa/$everything?_count={count}"
    pages = 0
    while url:
        bundle = record.tree(url)
        assert len(bundle["entry"]) <= count
        found += names(bundle)
        url = next((one["url"] for one in bundle["link"] if one["relation"] == "next"), "")
        pages += 1
    assert sorted(found) == sorted(MEMBERS | OUTSIDE)
    assert pages == -(-11 // count)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_type=Observation", {"Observation/o1", "Observation/o2", "Observation/o3"}),
        ("_type=Practitioner,Condition", {"Practitioner/doc", "Condition/c1"}),
        ("_type=Medication&_type=Patient", {"Medication/pill", "Patient/pa"}),
        ("_type=Library", set()),
        ("_type=Condition,Observation&start=2024-02-10", {"Observation/o2", "Observation/o3"}),
        ("_type=Condition,MedicationRequest&start=2024-02", {"Condition/c1", "MedicationRequest/m1"}),
        ("_type=Observation&start=2024-02-10&end=2024-02", {"Observation/o2"}),
        ("_type=Observation&end=2024-02-09", {"Observation/o1"}),
        ("start=2030", {"Patient/pa", "AllergyIntolerance/a1", "Organization/ward"}),
        ("_type=Encounter&start=2024-06-01&end=2024-06-02", {"Encounter/e1"}),
        ("_since=2100-01-01T00:00:00Z", set()),
        ("_since=2000-01-01T00:00:00Z", MEMBERS | OUTSIDE),
    ],
)  # fmt: skip
def test_r_197_parameters_narrow_the_record(record: Any, query: str, expected: set[str]) -> None:
    assert set(names(record.tree(f"/Patient/pa/$everything?{query}"))) == expected


def test_r_197_since_counts_for_each_resource_itself(record: Any) -> None:
    instant = record.tree("/Encounter/e1")["meta"]["lastUpdated"]
    record.update({**RECORD[0], "active": True})
    answer = record.tree(f"/Patient/pa/$everything?_since={instant}&_type=Encounter,Practitioner,Medication")
    assert set(names(answer)) == {"Encounter/e1", "Practitioner/doc"}


def test_the_parameters_may_stand_in_a_body(record: Any) -> None:
    parameters = [{"name": "_type", "valueCode": "Observation"}, {"name": "end", "valueDate": "2024-01"}]
    tree = {"resourceType": "Parameters", "parameter": parameters}
    answer = record.send_json("POST", "/Patient/pa/$everything", tree)
    assert answer.status_code == 200, answer.text
    assert names(answer.json()) == ["Observation/o1"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Patient/none/$everything", 404),
        ("/Patient/gone/$everything", 410),
        ("/Patient/$everything", 404),
        ("/Observation/o1/$everything", 404),
        ("/Patient/pa/$everything?start=x", 400),
        ("/Patient/pa/$everything?_since=x", 400),
        ("/Patient/pa/$everything?_count=0", 400),
        ("/Patient/pa/$everything?_count=1&_count=2", 400),
        ("/Patient/pa/$everything?_type=Foo", 400),
        ("/Patient/pa/$everything?unknown=1", 400),
        ("/Patient/pa/$everything?_page=x", 400),
    ],
)
def test_what_cannot_be_answered_is_refused(record: Any, path: str, status: int) -> None:
    record.update({"resourceType": "Patient", "id": "gone"})
    record.delete("/Patient/gone")
    answer = record.get(path)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    if "?" in path and "_page" not in path:
        assert path.partition("?")[2].partition("=")[0] in answer.json()["issue"][0]["diagnostics"]


def test_a_page_of_another_record_is_not_there(record: Any) -> None:
    bundle = record.tree("/Patient/pa/$everything?_count=1")
    url = bundle["link"][1]["url"].replace("/Patient/pa/", "/Patient/pb/")
    assert record.get(url).status_code == 404


def test_methods_that_the_operation_does_not_take_are_told(record: Any) -> None:
    answer = record.put("/Patient/pa/$everything")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_the_audit_names_what_was_shown(record: Any, portal: Any) -> None:
    record.tree("/Patient/pa/$everything")
    query = "SELECT * FROM fhir_audit_logs ORDER BY id DESC LIMIT 1"
    told = portal.execute(query).fetchone()
    assert (told["operation"], told["resource_type"], told["resource_id"]) == ("everything", "Patient", "pa")
    assert sorted(told["entities"]) == sorted(f"{name}/_history/1" for name in MEMBERS | OUTSIDE)
    record.get("/Patient/none/$everything")
    told = portal.execute(query).fetchone()
    assert (told["operation"], told["outcome"], told["entities"]) == ("everything", "failure", [])


def test_a_page_takes_four_statements_at_most(record: Any) -> None:
    with count_statements() as count:
        record.tree("/Patient/pa/$everything")
    assert len(count) == 4


def test_what_the_portal_wrote_last_is_there_as_it_is_now(record: Any, portal: Any) -> None:
    portal.execute("UPDATE fhir_observations SET effective_date_time = '2025-01-01' WHERE fhir_id = 'o3'")
    bundle = record.tree("/Patient/pa/$everything?start=2025&_type=Observation")
    assert names(bundle) == ["Observation/o3"]
    assert set(names(record.tree("/Patient/pa/$everything"))) == MEMBERS | OUTSIDE


def test_a_device_of_another_patient_is_not_part_of_the_record(record: Any) -> None:
    for name, members in (
        ("own", {"patient": SUBJECT}),
        ("free", {}),
        ("hers", {"patient": {"reference": "Patient/pb"}}),
    ):
        record.update({"resourceType": "Device", "id": name, **members})
        record.update(observation(f"by-{name}", "2024-04-04", device={"reference": f"Device/{name}"}))
    found = names(record.tree("/Patient/pa/$everything?_type=Device"))
    assert sorted(found) == ["Device/free", "Device/own"]


def task(name: str, patient: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": name,
        "status": "ready",
        "intent": "order",
        "for": {"reference": f"Patient/{patient}"},
        "owner": {"reference": "Organization/ward"},
        **members,
    }


@pytest.fixture
def tasks(record: Any) -> Any:
    """The record with tasks: two for the patient, one for another, one for nobody."""
    record.update(task("t1", "pa", authoredOn="2024-01-05T00:00:00Z"))
    record.update(task("t2", "pa"))
    record.update(task("other", "pb"))
    record.update({name: item for name, item in task("free", "pa").items() if name != "for"})
    return record


def test_tasks_for_the_patient_belong_to_the_record_and_not_to_the_compartment(tasks: Any) -> None:
    bundle = tasks.tree("/Patient/pa/$everything")
    assert set(names(bundle, "match")) == MEMBERS | {"Task/t1", "Task/t2"}
    assert set(names(bundle, "include")) == OUTSIDE
    assert tasks.matches("/Patient/pa/*") == sorted(MEMBERS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_type=Task", {"Task/t1", "Task/t2"}),
        ("_type=Task,Organization", {"Task/t1", "Task/t2", "Organization/ward"}),
        ("_type=Task&end=2024-01-04", {"Task/t2"}),
        ("_type=Task&_since=2100-01-01T00:00:00Z", set()),
    ],
)
def test_tasks_are_narrowed_like_the_rest(tasks: Any, query: str, expected: set[str]) -> None:
    assert set(names(tasks.tree(f"/Patient/pa/$everything?{query}"))) == expected


@pytest.mark.parametrize("count", [1, 3, 5])
def test_pages_show_tasks_once(tasks: Any, count: int) -> None:
    found: list[str] = []
    url = f"/Patient/pa/$everything?_count={count}"
    while url:
        bundle = tasks.tree(url)
        found += names(bundle)
        url = next((one["url"] for one in bundle["link"] if one["relation"] == "next"), "")
    assert sorted(found) == sorted(MEMBERS | OUTSIDE | {"Task/t1", "Task/t2"})
