"""Searches that look into resources: `_contained` and `_containedType` (S-187).

https://hl7.org/fhir/R4/search.html#contained
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.cli import main
from fhir_server.persistence.connections import count_statements
from tests.http.conftest import Fhir, running

DRUGS = "http://example.org/medications"


def medication(fhir_id: str, code: str, **more: Any) -> dict[str, Any]:
    ingredient = {"itemCodeableConcept": {"coding": [{"system": DRUGS, "code": code}]}}
    return {"resourceType": "Medication", "id": fhir_id, "ingredient": [ingredient], **more}


def order(fhir_id: str, *contained: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": fhir_id,
        "contained": list(contained),
        "status": "active",
        "intent": "order",
        "medicationReference": {"reference": f"#{contained[0]['id']}"},
        "supportingInformation": [{"reference": f"#{one['id']}"} for one in contained],
        "subject": {"reference": "Patient/pa"},
        **more,
    }


def observation(fhir_id: str, *contained: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": fhir_id,
        "contained": list(contained),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "39126-8"}]},
        "subject": {"reference": "Patient/pa"},
        "performer": [{"reference": f"#{one['id']}"} for one in contained],
        **more,
    }


def practitioner(fhir_id: str, family: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "id": fhir_id, "name": [{"family": family}], **more}


RESOURCES = (
    {"resourceType": "Patient", "id": "pa", "name": [{"family": "Abel"}]},
    medication("free", "abc", status="active"),
    order("r1", medication("m1", "abc", status="active")),
    order("r2", medication("m1", "xyz"), medication("m2", "abc"), medication("m3", "abc", status="inactive")),
    order("r3", medication("m1", "xyz")),
    practitioner("pr", "Smith"),
    # in the store without PHI: a table of the portal's
    practitioner("q", "Jones", contained=[{"resourceType": "Organization", "id": "o", "name": "Acme"}],
                 qualification=[{"code": {"text": "MD"}, "issuer": {"reference": "#o"}}]),
    observation("w", practitioner("d", "Smith", birthDate="1970-05-05")),
    observation("v", practitioner("d", "Jones"), {
        "resourceType": "PractitionerRole", "id": "role", "organization": {"reference": "Organization/acme"},
        "practitioner": {"reference": "#d"}}),
    {"resourceType": "Organization", "id": "acme", "name": "Acme"},
)  # fmt: skip


@pytest.fixture
def filled(client: Any) -> Iterator[Any]:
    for tree in RESOURCES:
        answer = client.update(tree)
        assert answer.status_code == 201, answer.text
    return client


def entries(client: Any, search: str) -> list[tuple[str, str]]:
    """The fullUrl below the base and the mode of each entry, in order."""
    found = client.tree(search).get("entry", [])
    # A warning of the server has no address.
    said = [one for one in found if one["search"]["mode"] != "outcome"]
    return [(one["fullUrl"].removeprefix(f"{client.base}/"), one["search"]["mode"]) for one in said]


def urls(client: Any, search: str) -> list[str]:
    return sorted(url for url, mode in entries(client, search) if mode == "match")


FOUND = {
    "Medication?ingredient-code=abc": "Medication/free",
    "Medication?ingredient-code=abc&_contained=false&_containedType=container": "Medication/free",
    "Medication?ingredient-code=abc&_contained=true": "MedicationRequest/r1 MedicationRequest/r2",
    "Medication?ingredient-code=abc&_contained=true&_containedType=container":
        "MedicationRequest/r1 MedicationRequest/r2",
    "Medication?ingredient-code=abc&_contained=both": "Medication/free MedicationRequest/r1 MedicationRequest/r2",
    "Medication?ingredient-code=abc&_contained=true&_containedType=contained":
        "MedicationRequest/r1#m1 MedicationRequest/r2#m2 MedicationRequest/r2#m3",
    "Medication?ingredient-code=abc&_contained=both&_containedType=contained":
        "Medication/free MedicationRequest/r1#m1 MedicationRequest/r2#m2 MedicationRequest/r2#m3",
    "Medication?ingredient-code=nil&_contained=both&_containedType=contained": "",
    "Medication?_contained=true":
        "MedicationRequest/r1 MedicationRequest/r2 MedicationRequest/r3",
    "Medication?ingredient-code=abc&status=inactive&_contained=true": "MedicationRequest/r2",
    # both of the same contained resource, not one of each
    "Medication?ingredient-code=xyz&status=active&_contained=true": "",
    "Medication?ingredient-code=abc&status:not=inactive&_contained=true&_containedType=contained":
        "MedicationRequest/r1#m1 MedicationRequest/r2#m2",
    "Medication?status:missing=true&_contained=true&_containedType=contained":
        "MedicationRequest/r2#m1 MedicationRequest/r2#m2 MedicationRequest/r3#m1",
    "Medication?_id=m2&_contained=true": "MedicationRequest/r2",
    "Medication?_id=m2,m3,free&_contained=both&_containedType=contained":
        "Medication/free MedicationRequest/r2#m2 MedicationRequest/r2#m3",
    "Medication?_filter=ingredient-code eq abc and not (status eq inactive)&_contained=true&_containedType=contained":
        "MedicationRequest/r1#m1 MedicationRequest/r2#m2",
    "Practitioner?name=smith&_contained=both": "Observation/w Practitioner/pr",
    "Practitioner?name=smith&_contained=true&_containedType=contained": "Observation/w#d",
    "Practitioner?family:contains=one&_contained=true": "Observation/v",
    "Organization?name=acme&_contained=true": "Practitioner/q",
    "Organization?name=acme&_contained=both&_containedType=contained": "Organization/acme Practitioner/q#o",
    "PractitionerRole?organization.name=acme&_contained=true": "Observation/v",
    "PractitionerRole?organization=Organization/acme&_contained=true&_containedType=contained": "Observation/v#role",
    "?_type=Medication,Practitioner&_contained=true&_id=d,m3": "MedicationRequest/r2 Observation/v Observation/w",
    "?_contained=true&_containedType=contained&_id=o": "Practitioner/q#o",
    "Medication?_lastUpdated=lt2020&_contained=true": "",
    "Medication?_lastUpdated=gt2020&ingredient-code=abc&_contained=true": "MedicationRequest/r1 MedicationRequest/r2",
}  # fmt: skip


def test_s187_what_is_contained_is_found_where_it_is_asked_for(filled: Any) -> None:
    for search, said in FOUND.items():
        path, expected = ("" if search.startswith("?") else "/") + search, sorted(said.split())
        assert urls(filled, path) == expected, search
        assert filled.tree(f"{path}&_summary=count")["total"] == len(expected), search
        assert filled.tree(f"{path}&_total=accurate&_count=1")["total"] == len(expected), search
        assert sorted(url for url, _ in entries(filled, f"{path}&_sort=-_lastUpdated")) == expected, search


PATIENT_INSIDE = {"resourceType": "Patient", "id": "p", "name": [{"family": "Inner"}], "birthDate": "1950-01-01"}
CHAINED = {
    # the example of the specification
    "MedicationRequest?medication.ingredient-code=abc": "MedicationRequest/r1",
    "MedicationRequest?medication:Medication.ingredient-code=xyz": "MedicationRequest/r2 MedicationRequest/r3",
    "Medication?ingredient-code=abc": "Medication/free",
    # whatever _contained says
    "MedicationRequest?medication.ingredient-code=abc&_contained=false": "MedicationRequest/r1",
    # both of the same contained resource
    "MedicationRequest?_filter=medication.ingredient-code eq abc and status eq active": "MedicationRequest/r1",
    "MedicationRequest?medication.ingredient-code=abc&medication.status=inactive": "",
    "MedicationRequest?medication.status:missing=true": "MedicationRequest/r2 MedicationRequest/r3",
    # only what this parameter refers to: m2 and m3 of r2 are supporting information
    "MedicationRequest?medication._id=m2": "",
    "Observation?performer:Practitioner.name=smith": "Observation/w",
    "Observation?performer.name=smith": "Observation/w",
    "Observation?performer:Practitioner.family:exact=Smith": "Observation/w",
    "Observation?_filter=performer.name eq smith or performer.name eq nobody": "Observation/w",
    "Observation?_filter=performer:Practitioner[family eq smith and _id eq d].name sw s": "Observation/w",
    "Observation?_filter=performer:Practitioner[family eq smith and _id eq e].name sw s": "",
    "Observation?_filter=not (performer:Practitioner.name eq smith)": "Observation/in Observation/v",
    # in the store without PHI
    "PractitionerRole?organization.name=inner": "PractitionerRole/holds",
    "Patient?_has:Observation:patient:performer:Practitioner.name=smith": "Patient/pa",
    "Patient?_has:Observation:patient:performer:Practitioner.name=nobody": "",
    # out of what is contained, and on to what stands beside it
    "Observation?performer:PractitionerRole.organization.name=acme": "Observation/v",
    "Observation?performer:PractitionerRole.organization=Organization/acme": "Observation/v",
    "Observation?performer:PractitionerRole.practitioner.name=jones": "Observation/v",
    "Observation?performer:PractitionerRole.practitioner.name=smith": "",
    # back to the container, or to what stands beside it; nobody else means it
    "Observation?performer:Practitioner._has:Observation:performer:code=39126-8": "Observation/v Observation/w",
    "Observation?performer:Practitioner._has:Observation:performer:code=x": "",
    "Observation?performer:Practitioner._has:PractitionerRole:practitioner:_id=role": "Observation/v",
    # a reference that the column of a table cannot hold
    "Observation?subject:Patient.family=inner": "Observation/in",
    "Observation?patient.birthdate=1950": "Observation/in",
    "Observation?subject:Patient.family=abel": "Observation/v Observation/w",
}


@pytest.fixture
def chained(filled: Any) -> Any:
    """More resources with others inside, and one outside whose id is that of one inside."""
    inner = {"resourceType": "Organization", "id": "o", "name": "Inner"}
    more: tuple[dict[str, Any], ...] = (
        {"resourceType": "Observation", "id": "in", "contained": [PATIENT_INSIDE], "status": "final",
         "code": {"text": "x"}, "subject": {"reference": "#p"}},
        {"resourceType": "PractitionerRole", "id": "holds", "contained": [inner], "organization": {"reference": "#o"}},
        practitioner("d", "Stranger"),
        {"resourceType": "PractitionerRole", "id": "stranger", "practitioner": {"reference": "Practitioner/d"}},
    )  # fmt: skip
    for tree in more:
        answer = filled.update(tree)
        assert answer.status_code == 201, answer.text
    return filled


def test_s187_a_chain_looks_into_resources(chained: Any) -> None:
    for search, said in CHAINED.items():
        expected = sorted(said.split())
        assert urls(chained, f"/{search}") == expected, search
        assert chained.tree(f"/{search}&_summary=count")["total"] == len(expected), search
        assert sorted(url for url, _ in entries(chained, f"/{search}&_sort=-_lastUpdated")) == expected, search


def test_only_the_first_two_references_of_a_chain_lead_into_resources(chained: Any) -> None:
    target = {"reference": "Observation/v"}
    agent = {"who": {"reference": "Practitioner/pr"}}
    chained.update(
        {
            "resourceType": "Provenance",
            "id": "w",
            "target": [target],
            "recorded": "2024-01-01T00:00:00Z",
            "agent": [agent],
        }
    )
    chain = "/Provenance?target:Observation.performer:PractitionerRole."
    assert urls(chained, f"{chain}organization=Organization/acme") == ["Provenance/w"]
    assert urls(chained, f"{chain}organization.name=acme") == ["Provenance/w"]
    assert urls(chained, f"{chain}practitioner.name=jones") == []


def test_a_chain_from_what_is_contained_looks_beside_it(chained: Any) -> None:
    search = "/PractitionerRole?practitioner.name=jones&_contained=true&_containedType=contained"
    assert urls(chained, search) == ["Observation/v#role"]


def test_a_sort_along_a_reference_looks_into_resources(chained: Any) -> None:
    born = {"resourceType": "Patient", "id": "pa", "name": [{"family": "Abel"}], "birthDate": "1960-01-01"}
    chained.update(born)
    search = "/Observation?_sort={}patient.birthdate,_id&_count=1"
    assert walked(chained, search.format("")) == ["Observation/in", "Observation/v", "Observation/w"]
    assert walked(chained, search.format("-")) == ["Observation/v", "Observation/w", "Observation/in"]


def test_what_refers_into_a_resource_is_found_as_before(chained: Any) -> None:
    assert urls(chained, "/Observation?performer:missing=true") == ["Observation/in", "Observation/v", "Observation/w"]
    assert entries(chained, "/MedicationRequest?_id=r1&_include=*") == [
        ("MedicationRequest/r1", "match"), ("Patient/pa", "include"),
    ]  # fmt: skip
    assert entries(chained, "/MedicationRequest?_id=r1&_include:iterate=MedicationRequest:medication") == [
        ("MedicationRequest/r1", "match"),
    ]  # fmt: skip


def test_a_chain_follows_updates_and_deletes_of_the_container(chained: Any, portal: Any) -> None:
    search = "/Observation?performer:Practitioner.name=smith"
    chained.update(observation("w", practitioner("e", "Jones"), practitioner("f", "Smith")))
    assert urls(chained, search) == ["Observation/w"]
    portal.execute("UPDATE fhir_observations SET status = 'amended' WHERE fhir_id = 'w'")
    assert urls(chained, search) == ["Observation/w"]
    jones = {"reference": "#e"}
    chained.update(
        observation(
            "w", practitioner("e", "Jones"), practitioner("f", "Smith"), performer=[jones],
            note=[{"authorReference": {"reference": "#f"}, "text": "x"}],
        )
    )  # fmt: skip
    assert urls(chained, search) == []
    chained.update(observation("w", practitioner("e", "Smith")))
    assert urls(chained, search) == ["Observation/w"]
    chained.delete("/Observation/w")
    assert urls(chained, search) == []


def test_a_contained_resource_comes_as_it_stands_in_its_container(filled: Any) -> None:
    found = filled.tree("/Medication?_id=m3&_contained=true&_containedType=contained")
    (entry,) = found["entry"]
    assert entry["resource"] == medication("m3", "abc", status="inactive")
    assert entry["fullUrl"] == f"{filled.base}/MedicationRequest/r2#m3"
    assert filled.tree("/Medication?_id=m3&_contained=true&_containedType=contained&_elements=status")["entry"][0][
        "resource"
    ].keys() == {"resourceType", "id", "meta", "status"}
    (entry,) = filled.tree("/Medication?_id=m3&_contained=true")["entry"]
    assert entry["resource"] == filled.tree("/MedicationRequest/r2")


def walked(client: Any, search: str) -> list[str]:
    """The entries of all pages in their order."""
    found: list[str] = []
    path = search
    for _ in range(30):
        page = client.tree(path)
        found += [one["fullUrl"].removeprefix(f"{client.base}/") for one in page.get("entry", [])]
        following = [one["url"] for one in page["link"] if one["relation"] == "next"]
        if not following:
            return found
        path = following[0].removeprefix(client.base)
    raise AssertionError("the pages never end")


@pytest.mark.parametrize("order", ["", "&_sort=_lastUpdated", "&_sort=-_lastUpdated"])
@pytest.mark.parametrize("kind", ["container", "contained"])
@pytest.mark.parametrize("which", ["true", "both"])
def test_pages_of_contained_resources_give_each_once(filled: Any, which: str, kind: str, order: str) -> None:
    search = f"/Medication?_contained={which}&_containedType={kind}{order}"
    whole = [url for url, _ in entries(filled, search)]
    assert len(whole) == len(set(whole)) == {"container": 3, "contained": 5}[kind] + (which == "both")
    for size in (1, 2):
        assert walked(filled, f"{search}&_count={size}") == whole


def test_a_container_that_is_of_the_type_itself_is_found_once(client: Any) -> None:
    inner = {"resourceType": "Organization", "id": "i", "name": "Acme"}
    part = {"reference": "#i"}
    client.update({"resourceType": "Organization", "id": "o", "name": "Acme", "contained": [inner], "partOf": part})
    client.update({"resourceType": "Organization", "id": "x", "name": "Other", "contained": [inner], "partOf": part})
    assert urls(client, "/Organization?name=acme&_contained=both") == ["Organization/o", "Organization/x"]
    assert client.tree("/Organization?name=acme&_contained=both&_summary=count")["total"] == 2
    assert urls(client, "/Organization?name=acme&_contained=both&_containedType=contained") == [
        "Organization/o", "Organization/o#i", "Organization/x#i",
    ]  # fmt: skip


def inside(client: Any) -> list[str]:
    return urls(client, "/Practitioner?name=smith&_contained=true&_containedType=contained")


def test_what_is_contained_follows_updates_and_deletes_of_the_container(filled: Any, portal: Any) -> None:
    keys = "SELECT resource_key FROM phi.contained_resources"
    rows = f"SELECT count(*) AS n FROM phi.string_index WHERE resource_key IN ({keys})"
    filled.update(observation("w", practitioner("e", "Jones"), practitioner("f", "Smith")))
    assert inside(filled) == ["Observation/w#f"]
    filled.update(observation("w", practitioner("f", "Jones")))
    assert inside(filled) == []
    filled.update(observation("w", practitioner("f", "Smith")))
    filled.delete("/Observation/w")
    assert inside(filled) == []
    filled.update(observation("w", practitioner("f", "Smith")))
    assert inside(filled) == ["Observation/w#f"]
    # A reference to a Group lets it leave the table.
    filled.update(observation("w", practitioner("f", "Smith"), subject={"reference": "Group/g"}))
    assert inside(filled) == ["Observation/w#f"]
    assert portal.execute(rows).fetchone()["n"] > 0
    for kind, fhir_id in (("Observation", "w"), ("Observation", "v"), ("MedicationRequest", "r1")):
        filled.delete(f"/{kind}/{fhir_id}")
    assert portal.execute(rows).fetchone()["n"] == 0


def test_what_the_portal_changes_or_deletes_is_seen_at_once(filled: Any, portal: Any) -> None:
    portal.execute("UPDATE fhir_observations SET status = 'amended' WHERE fhir_id = 'w'")
    found = filled.tree("/Practitioner?name=smith&_contained=true")["entry"]
    assert [one["resource"]["status"] for one in found] == ["amended"]
    assert inside(filled) == ["Observation/w#d"]
    since = found[0]["resource"]["meta"]["lastUpdated"]
    assert urls(filled, f"/Practitioner?_contained=true&_lastUpdated=ge{since}") == ["Observation/w"]
    portal.execute("DELETE FROM fhir_observations WHERE fhir_id = 'w'")
    assert inside(filled) == []
    held = "SELECT count(*) AS n FROM phi.contained_resources WHERE container_table = 'fhir_observations'"
    assert portal.execute(held).fetchone()["n"] == 2  # those of the other one


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("/Medication?_contained=true&_include=Medication:manufacturer", "_include"),
        ("/Medication?_contained=true&_revinclude=MedicationRequest:medication", "_revinclude"),
        ("/Medication?_contained=true&_sort=status", "_lastUpdated only"),
        ("/Medication?_contained=true&_sort=_id", "_lastUpdated only"),
        ("/Practitioner?_contained=both&_has:Observation:performer:code=x", "_has"),
        ("/Practitioner?_contained=true&_list=l", "_list"),
        ("/Practitioner?_contained=true&_content=x", "_content"),
        ("/Patient/pa/Observation?_contained=true", "compartment"),
        ("/Medication?_contained=yes", "false, true, both"),
        ("/Medication?_contained:x=true", "no modifier"),
        ("/Medication?_contained=true&_contained=both", "only once"),
        ("/Medication?_contained=true&_containedType=all", "container, contained"),
        ("/Medication?_containedType=contained", "must be used with _contained"),
        ("/Observation/$lastn?patient=pa&_contained=true", "does not take"),
        ("/Observation/$stats?subject=Patient/pa&_contained=true", "_contained"),
    ],
)
@pytest.mark.parametrize("handling", ["strict", "lenient"])
def test_what_contained_resources_cannot_answer_is_refused(client: Any, search: str, said: str, handling: str) -> None:
    answer = client.get(search, headers={"Prefer": f"handling={handling}"})
    assert answer.status_code == 400
    assert said in answer.json()["issue"][0]["diagnostics"]


def test_a_search_of_contained_resources_is_one_statement(filled: Any) -> None:
    searches = ("_contained=true", "_contained=both&_containedType=contained&_sort=-_lastUpdated&_count=1")
    for search in searches:
        filled.tree(f"/Medication?{search}")
        with count_statements() as count:
            filled.tree(f"/Medication?{search}")
        assert len(count) == 1


def test_a_write_of_contained_resources_takes_no_more_statements(client: Any) -> None:
    client.update(RESOURCES[0])
    plain = {key: value for key, value in observation("x").items() if key not in ("contained", "performer")}
    taken = []
    for tree in (observation("x", practitioner("d", "Smith")), plain):
        with count_statements() as count:
            assert client.create(tree).status_code == 201
        taken.append(len(count))
    assert taken[0] == taken[1]


def test_the_audit_names_the_containers_that_were_returned(filled: Any, portal: Any) -> None:
    filled.tree("/Practitioner?name=smith&_contained=true&_containedType=contained")
    row = portal.execute("SELECT resource_type, entities FROM fhir_audit_logs ORDER BY id DESC LIMIT 1").fetchone()
    assert (row["resource_type"], row["entities"]) == ("Practitioner", ["Observation/w/_history/1"])


def test_an_older_database_is_indexed_before_it_is_searched(
    filled: Any, portal: Any, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = urls(filled, "/?_contained=true&_containedType=contained")
    assert len(expected) == 9
    for schema in ("phi", "open"):
        portal.execute(
            f"DELETE FROM {schema}.token_index WHERE resource_key IN"
            f" (SELECT resource_key FROM {schema}.contained_resources)"
        )
        portal.execute(f"DELETE FROM {schema}.contained_resources")
    types = "('Observation', true), ('MedicationRequest', true), ('Practitioner', true)"
    portal.execute(f"INSERT INTO open.index_rebuilds (resource_type, contained) VALUES {types}")
    with running(database) as base, Fhir(base) as restarted:
        answer = restarted.get("/Medication?_contained=true")
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, "incomplete")
        assert "fhir-server index" in answer.json()["issue"][0]["diagnostics"]
        assert restarted.get("/Medication").status_code == 200
        chain = "/MedicationRequest?medication.ingredient-code=abc"
        (warned,) = restarted.tree(chain)["entry"]
        assert warned["search"]["mode"] == "outcome"
        assert warned["resource"]["issue"][0]["code"] == "incomplete"
        assert "fhir-server index" in warned["resource"]["issue"][0]["diagnostics"]
        monkeypatch.setenv("DATABASE_URL", database)
        assert main(["index"]) == 0
        assert entries(restarted, chain) == [("MedicationRequest/r1", "match")]
        assert urls(restarted, "/?_contained=true&_containedType=contained") == expected
        assert urls(restarted, "/Medication?ingredient-code=abc&_contained=true") == [
            "MedicationRequest/r1", "MedicationRequest/r2",
        ]  # fmt: skip
