"""Compartments (S-200 to S-203), and that following references costs no statement more.

https://hl7.org/fhir/R4/http.html#vsearch and https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements


def refer(reference: str) -> dict[str, str]:
    """A literal reference."""
    return {"reference": reference}


CODE = {"coding": [{"system": "http://loinc.org", "code": "39126-8"}]}
RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "o1", "name": "Acme"},
    {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Smith"}]},
    {
        "resourceType": "Patient",
        "id": "pa",
        "name": [{"family": "Müller"}],
        "generalPractitioner": [refer("Practitioner/d1")],
        "managingOrganization": refer("Organization/o1"),
    },
    {"resourceType": "Patient", "id": "pb"},
    {"resourceType": "Patient", "id": "pd", "link": [{"other": refer("Patient/pa"), "type": "seealso"}]},
    {"resourceType": "Observation", "id": "w1", "status": "final", "code": CODE, "subject": refer("Patient/pa")},
    {"resourceType": "Observation", "id": "w2", "status": "amended", "code": CODE, "subject": refer("Patient/pa")},
    {"resourceType": "Observation", "id": "w4", "status": "final", "code": CODE, "subject": refer("Patient/pb")},
    {
        "resourceType": "Observation",
        "id": "w5",
        "status": "final",
        "code": CODE,
        "subject": refer("Patient/pb"),
        "performer": [refer("Patient/pa")],
    },
    {
        "resourceType": "Observation",
        "id": "w7",
        "status": "final",
        "code": CODE,
        "subject": {"identifier": {"system": "urn:x-mrn", "value": "001"}},
    },
    {"resourceType": "Condition", "id": "k1", "subject": refer("Patient/pa"), "asserter": refer("Practitioner/d1")},
    {"resourceType": "Condition", "id": "k2", "subject": refer("Patient/pb"), "asserter": refer("Patient/pa")},
    {"resourceType": "Condition", "id": "pa", "subject": refer("Patient/pb")},
    {
        "resourceType": "Coverage",
        "id": "c1",
        "status": "active",
        "beneficiary": refer("Patient/pa"),
        "payor": [refer("Organization/o1")],
    },
    {
        "resourceType": "Task",
        "id": "t1",
        "status": "requested",
        "intent": "order",
        "for": refer("Patient/pa"),
    },
]


@pytest.fixture(scope="module")
def clinic(shared: Any) -> Any:
    """A server with these resources."""
    for tree in RESOURCES:
        assert shared.update(tree).status_code == 201
    return shared


MEMBERS = "Condition/k1 Condition/k2 Coverage/c1 Observation/w1 Observation/w2 Observation/w5 Patient/pa Patient/pd"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/Patient/pa/Observation", "Observation/w1 Observation/w2 Observation/w5"),
        ("/Patient/pa/Observation?status=final", "Observation/w1 Observation/w5"),
        ("/Patient/pa/Observation?code=39126-8&patient=pb", "Observation/w5"),
        ("/Patient/pa/Observation?patient.family=muller", "Observation/w1 Observation/w2"),
        ("/Patient/pa/Patient", "Patient/pa Patient/pd"),
        ("/Patient/pa/Condition", "Condition/k1 Condition/k2"),
        ("/Patient/pb/Condition", "Condition/k2 Condition/pa"),
        ("/Patient/pa/*", MEMBERS),
        ("/Patient/pa/*?_type=Coverage,Condition", "Condition/k1 Condition/k2 Coverage/c1"),
        ("/Patient/pa/*?_id=w1,w4,pa", "Observation/w1 Patient/pa"),
        ("/Patient/none/Observation", ""),
        ("/Patient/none/*", ""),
        ("/Practitioner/d1/Condition", "Condition/k1"),
        ("/Practitioner/d1/*", "Condition/k1 Patient/pa Practitioner/d1"),
        ("/Practitioner/pa/*", ""),
        ("/Patient/pa/Coverage?_include=Coverage:payor", "Coverage/c1"),
    ],
)
def test_s200_a_compartment_holds_what_refers_to_its_owner(clinic: Any, path: str, expected: str) -> None:
    assert clinic.matches(path) == expected.split()
    bundle = clinic.tree(f"{path}{'&' if '?' in path else '?'}_total=accurate")
    assert bundle["total"] == len(expected.split())


def test_s200_a_compartment_can_be_searched_by_post(clinic: Any) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, content, found in (
        ("/Patient/pa/Observation/_search", b"status=final", 2),
        ("/Patient/pa/Observation/_search?code=39126-8", b"status=amended", 1),
        ("/Patient/pa/*/_search", b"_type=Condition,Task,Coverage", 400),
        ("/Patient/pa/*/_search", b"_type=Condition,Coverage", 3),
    ):
        answer = clinic.post(path, content=content, headers=form)
        assert answer.status_code == found if found == 400 else len(answer.json()["entry"]) == found


def test_pages_of_a_whole_compartment_yield_every_member_once(clinic: Any) -> None:
    found: list[str] = []
    path = "/Patient/pa/*?_count=3"
    while path:
        bundle = clinic.tree(path)
        found += [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in bundle["entry"]]
        path = next(
            (link["url"].removeprefix(clinic.base) for link in bundle["link"] if link["relation"] == "next"), ""
        )
    assert sorted(found) == MEMBERS.split()


@pytest.mark.parametrize(
    "path",
    [
        "/Patient/pa/Organization",
        "/Patient/pa/Practitioner",
        "/Patient/pa/Task",
        "/Patient/pa/Nothing",
        "/Organization/o1/Patient",
        "/Organization/o1/*",
        "/Observation/w1/*",
        "/*",
        "/*/pa",
    ],
)
def test_s202_a_type_without_a_place_in_the_compartment_is_not_found(clinic: Any, path: str) -> None:
    answer = clinic.get(path)
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_s203_an_identifier_alone_puts_nothing_into_a_compartment(clinic: Any) -> None:
    assert "Observation/w7" not in clinic.matches("/Patient/pa/*")


@pytest.mark.parametrize(
    "path",
    [
        "/Observation?subject:Patient.family=muller",
        "/Observation?patient.general-practitioner.family=smith&patient._has:Coverage:beneficiary:status=active",
        "/Patient?_has:Observation:patient:code=39126-8",
        "/Patient?_id=pa&_revinclude=Observation:patient&_include:iterate=Observation:performer&_include=Patient:*",
        "/Condition?_sort=-patient.family",
        "/Patient/pa/Observation",
        "/Patient/pa/*",
    ],
)
def test_a_page_that_follows_references_is_one_statement(clinic: Any, path: str) -> None:
    clinic.tree(path)
    with count_statements() as count:
        assert clinic.tree(path)["entry"]
    assert len(count) == 1


def test_s173_a_page_that_does_not_include_all_says_so(clinic: Any) -> None:
    for number in range(8):
        part = {"partOf": refer(f"Organization/g{number - 1}")} if number else {}
        assert clinic.update({"resourceType": "Organization", "id": f"g{number}", "name": "g", **part}).is_success
    bundle = clinic.tree("/Organization?_id=g7&_include:iterate=Organization:partof")
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["match", *["include"] * 5, "outcome"]
    issue = bundle["entry"][-1]["resource"]["issue"][0]
    assert (issue["severity"], issue["code"]) == ("warning", "too-costly")
    assert bundle["total"] == 1


def test_the_portals_writes_are_seen_through_chains_and_counted(client: Any, portal: Any) -> None:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "telecom": [{"system": "phone", "value": "1"}]}
    client.update(patient)
    client.update({**RESOURCES[5], "subject": refer("Patient/p")})
    for phone, path in (
        ("2", "/Observation?patient.phone={}"),
        ("3", "/Observation?patient.phone={}&_summary=count"),
        ("4", "/Patient?_has:Observation:patient:patient.phone={}&_summary=count"),
    ):
        portal.execute("UPDATE fhir_patients SET phone = %s WHERE fhir_id = 'p'", (phone,))
        assert client.tree(path.format(phone))["total"] == 1
        assert client.tree(path.format("1"))["total"] == 0
