"""Conditional create, update and delete over HTTP (https://hl7.org/fhir/R4/http.html#ccreate)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

PATIENTS = [
    {
        "resourceType": "Patient",
        "id": name,
        "identifier": [{"system": "urn:x", "value": value} for value in (name, "all")],
    }
    for name in ("a", "b")
]
ONE, BOTH, NONE = "identifier=urn:x|a", "identifier=urn:x|all", "identifier=urn:x|none"
# None of these may ever mean "everything".
SENSELESS = (
    "",
    "?",
    "&",
    "_count=1",
    "_sort=_id",
    "_summary=count",
    "_elements=id",
    "_total=none",
    "identifier=",
    "idntifier=urn:x|a",
    "identifier=urn:x|a&unknown=1",
    "identifier=urn:x|a&_count=1",
    "identifier:bogus=a",
    "_include=Patient:organization",
    "_page=x",
    "_format=json",
    "_pretty=true",
    "_type=Patient",
    ",",
    "identifier=,",
)


@pytest.fixture
def patients(client: Any) -> Any:
    for tree in PATIENTS:
        assert client.update(tree).status_code == 201
    return client


def issue(code: str, diagnostics: str) -> dict[str, Any]:
    said = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [said]}


def versions(client: Any) -> list[str]:
    return [client.get(f"/Patient/{name}").headers.get("etag", "") for name in ("a", "b")]


def test_r_120_a_conditional_create_creates_only_what_nothing_matches(patients: Any) -> None:
    tree = {"resourceType": "Patient", "active": True}
    assert patients.create(tree, If_None_Exist=NONE).status_code == 201
    found = patients.create(tree, If_None_Exist=ONE)
    assert (found.status_code, found.content) == (200, patients.get("/Patient/a").content)
    assert found.headers["location"] == f"{patients.base}/Patient/a/_history/1"
    assert found.headers["etag"] == 'W/"1"'
    assert found.headers["last-modified"] == patients.get("/Patient/a").headers["last-modified"]
    several = patients.create(tree, If_None_Exist=BOTH)
    said = issue("multiple-matches", "If-None-Exist matches more than one resource")
    assert (several.status_code, several.json()) == (412, said)
    assert len(patients.matches("/Patient")) == 3


@pytest.mark.parametrize("form", ["{}", "?{}", "Patient?{}"])
def test_r_120_criteria_may_be_written_with_a_question_mark_and_a_type(patients: Any, form: str) -> None:
    answer = patients.create({"resourceType": "Patient"}, If_None_Exist=form.format(ONE))
    assert (answer.status_code, answer.json()["id"]) == (200, "a")


def test_r_120_prefer_counts_where_the_resource_was_there_too(patients: Any) -> None:
    answer = patients.create({"resourceType": "Patient"}, If_None_Exist=ONE, Prefer="return=minimal")
    assert (answer.status_code, answer.content) == (200, b"")


def test_r_121_a_conditional_update_has_five_cases(patients: Any) -> None:
    def put(criteria: str, **members: Any) -> Any:
        return patients.send_json("PUT", f"/Patient?{criteria}", {"resourceType": "Patient", "active": True, **members})

    made = put(NONE)
    assert (made.status_code, made.headers["etag"]) == (201, 'W/"1"')
    named = put(NONE, id="new")
    assert (named.status_code, named.headers["location"]) == (201, f"{patients.base}/Patient/new/_history/1")
    assert put(ONE, identifier=PATIENTS[0]["identifier"]).headers["etag"] == 'W/"2"'
    assert put(ONE, identifier=PATIENTS[0]["identifier"], id="a").headers["etag"] == 'W/"3"'
    other = put(ONE, id="b")
    said = issue("invalid", "The resource has another id than the one that the criteria match")
    assert (other.status_code, other.json()) == (400, said)
    several = put(BOTH)
    assert (several.status_code, several.json()["issue"][0]["code"]) == (412, "multiple-matches")
    taken = put(NONE, id="b")
    assert (taken.status_code, taken.json()["issue"][0]["code"]) == (409, "conflict")
    assert versions(patients) == ['W/"3"', 'W/"1"']


def test_r_121_if_match_counts_in_a_conditional_update(patients: Any) -> None:
    def put(criteria: str, tag: str) -> int:
        return int(patients.send_json("PUT", f"/Patient?{criteria}", PATIENTS[0], If_Match=tag).status_code)

    assert put(ONE, 'W/"7"') == 412
    assert put(ONE, 'W/"1"') == 200
    assert patients.send_json("PUT", f"/Patient?{NONE}", {"resourceType": "Patient"}, If_Match="*").status_code == 412


def test_r_121_a_deleted_match_is_no_match_and_its_id_may_be_used(patients: Any) -> None:
    patients.delete("/Patient/a")
    answer = patients.send_json("PUT", f"/Patient?{ONE}", PATIENTS[0])
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"3"')


def test_r_122_a_conditional_delete_takes_one_match_at_most(patients: Any) -> None:
    assert patients.delete(f"/Patient?{NONE}").status_code == 204
    several = patients.delete(f"/Patient?{BOTH}")
    said = issue("multiple-matches", "The criteria match more than one resource; only single ones are deleted")
    assert (several.status_code, several.json()) == (412, said)
    gone = patients.delete(f"/Patient?{ONE}")
    assert (gone.status_code, gone.headers["etag"], gone.content) == (204, 'W/"2"', b"")
    assert patients.get("/Patient/a").status_code == 410
    assert patients.get("/Patient/b").status_code == 200


@pytest.mark.parametrize("criteria", SENSELESS)
def test_r_122_and_r_123_criteria_that_say_nothing_never_match_everything(patients: Any, criteria: str) -> None:
    patients.delete("/Patient/b")  # one resource is left, which "everything" would hit
    tree = {"resourceType": "Patient"}
    lenient = {"Prefer": "handling=lenient"}
    answers = [
        patients.delete(f"/Patient?{criteria}", headers=lenient),
        patients.send_json("PUT", f"/Patient?{criteria}", tree, **lenient),
        patients.patch_json(f"/Patient?{criteria}", [{"op": "add", "path": "/active", "value": True}], **lenient),
        patients.create(tree, If_None_Exist=criteria, **lenient),
    ]
    for answer in answers:
        assert answer.status_code == 400, answer.text
        assert answer.json()["issue"][0]["severity"] == "error"
    assert patients.get("/Patient/a").headers["etag"] == 'W/"1"'
    assert patients.tree("/Patient?_summary=count")["total"] == 1


def test_r_122_nothing_at_all_is_ever_deleted_without_criteria(patients: Any) -> None:
    assert patients.delete("/Patient").status_code == 400
    assert patients.delete("/").status_code == 405
    assert len(patients.matches("/Patient")) == 2


def test_r_125_of_many_parallel_conditional_creates_one_creates(client: Any, clients: Any) -> None:
    tree = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "a"}]}

    def create(number: int) -> int:
        with clients() as own:
            # The same criteria in another order and form must wait for each other as well.
            forms = (f"{ONE}&_id:not=z", f"_id:not=z&{ONE}", f"?{ONE}&_id:not=z".replace("|", "%7C"))
            return int(own.create(tree, If_None_Exist=forms[number % 3]).status_code)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(32))) == [*[200] * 31, 201]
    assert len(client.matches("/Patient")) == 1


def test_r_126_if_none_match_star_creates_only(client: Any) -> None:
    tree = {"resourceType": "Patient", "id": "a"}
    assert client.update(tree, If_None_Match="*").status_code == 201
    answer = client.update(tree, If_None_Match="*")
    said = issue("conflict", "The resource exists, which If-None-Match rules out")
    assert (answer.status_code, answer.json()) == (412, said)
    client.delete("/Patient/a")
    assert client.update(tree, If_None_Match="*").status_code == 201


def test_r_127_the_statement_tells_which_conditions_work(client: Any) -> None:
    for one in client.tree("/metadata")["rest"][0]["resource"]:
        told = [one[f"conditional{name}"] for name in ("Create", "Read", "Update", "Delete")]
        assert told == [True, "full-support", True, "single"]
