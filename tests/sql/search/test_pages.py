"""Order, paging and what comes with a page: includes, tombstones, visibility, pending merges."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from fhir_server.json_text import parse_json
from fhir_server.search import Anything, Expression, Nothing, Reading, estimated_total, parse, parse_query
from fhir_server.search.types.reference import Reference
from fhir_server.search.types.token import Token


def walk(engine: Any, resource_type: str | None, query: str) -> list[str]:
    """The ids of all pages, each page asked for by the last row of the one before."""
    size = engine.parse(resource_type, query).count
    after, seen = None, []
    while True:
        rows = [row for row in engine.rows(resource_type, query, after=after) if row.mode == "match"]
        seen += [row.fhir_id for row in rows[:size]]
        if len(rows) <= size:
            return seen
        after = rows[size - 1].sort


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_sort=birthdate", "pc pb pa pd"),
        ("_sort=-birthdate", "pa pb pc pd"),
        ("_sort=family", "pb pa pc pd"),
        ("_sort=-family", "pd pc pa pb"),
        ("_sort=gender,-birthdate", "pa pb pc pd"),
        ("_sort=-gender,birthdate", "pc pb pa pd"),
        ("_sort=_id", "pa pb pc pd"),
        ("_sort=-_id", "pd pc pb pa"),
        ("_sort=active,-_id", "pc pb pa pd"),
        ("_sort=-active,_id", "pa pb pc pd"),
        ("_sort=general-practitioner,_id", "pa pb pc pd"),
        ("_sort=_lastUpdated,_id", "pa pb pc pd"),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_patients_come_in_order_on_pages_of_any_size(clinic: Any, query: str, expected: str, count: int) -> None:
    if "family" in query:
        # Müller and Muller-Smith begin alike; the shorter one is first.
        expected = {"_sort=family": "pa pb pc pd", "_sort=-family": "pd pc pb pa"}[query]
    assert walk(clinic, "Patient", f"{query}&_count={count}") == expected.split()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_sort=-date", "w1 w5 w2 w4 w3 bp2 bp1"),
        ("_sort=value-quantity", "w3 w2 w1 w5 w4"),
        ("_sort=-value-quantity", "w4 w5 w1 w2 w3"),
        ("_sort=patient,-date", "w1 w2 w3 bp1 w5 w4 bp2"),
        ("_sort=value-concept", "w6"),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_measures_come_in_order_and_those_without_a_value_last(
    clinic: Any, query: str, expected: str, count: int
) -> None:
    walked = walk(clinic, "Observation", f"{query}&_count={count}")
    assert [one for one in walked if one in expected.split()] == expected.split()
    assert len(walked) == len(set(walked)) == 9
    if "patient" not in query:
        assert set(walked[len(expected.split()) :]).isdisjoint(expected.split())


@pytest.mark.parametrize(
    "query", ["", "_sort=-date", "_sort=code", "_sort=subject,-code", "status=final", "patient=pa"]
)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_walking_pages_yields_every_match_once(clinic: Any, query: str, count: int) -> None:
    every = clinic.ids("Observation", f"{query}&_count=1000")
    walked = walk(clinic, "Observation", f"{query}&_count={count}")
    assert walked == every
    assert len(set(walked)) == len(walked) == clinic.total("Observation", query)


def test_equal_sort_values_are_told_apart_by_the_id(engine: Any) -> None:
    engine.store({"resourceType": "Patient", "id": f"same{n}", "birthDate": "2000-01-01"} for n in range(3))
    assert walk(engine, "Patient", "_sort=birthdate&_count=2") == ["same0", "same1", "same2"]
    assert walk(engine, "Patient", "_sort=-birthdate&_count=2") == ["same2", "same1", "same0"]


def test_what_is_inserted_or_deleted_while_paging_neither_doubles_nor_hides_the_rest(engine: Any) -> None:
    engine.store({"resourceType": "Patient", "id": f"p{n}", "birthDate": f"2000-01-{n:02}"} for n in range(1, 9))
    first = engine.rows("Patient", "_sort=birthdate&_count=3")
    engine.store([{"resourceType": "Patient", "id": "early", "birthDate": "1999-01-01"}])
    engine.connection.execute("UPDATE phi.fhir_resources SET deleted_at = now() WHERE fhir_id IN ('p2', 'p5')")
    second = engine.rows("Patient", "_sort=birthdate&_count=50", after=first[2].sort)
    assert [row.fhir_id for row in second] == ["p4", "p6", "p7", "p8"]


def test_one_more_row_than_the_page_tells_that_there_is_a_next_page(clinic: Any) -> None:
    assert len(clinic.ids("Patient", "_count=3")) == 4
    assert len(clinic.ids("Patient", "_count=4")) == 4


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        ("Observation", "_id=w1&_include=Observation:patient", "Patient/pa"),
        ("Observation", "_id=w1&_include=Observation:subject:Patient", "Patient/pa"),
        ("Observation", "_id=w1&_include=Observation:subject:Group", ""),
        (
            "Observation",
            "_id=w1,w2&_include=Observation:patient&_include=Observation:performer",
            "Patient/pa Practitioner/d1",
        ),
        ("Observation", "_id=w4,w5&_include=Observation:patient", "Patient/pb"),
        ("Observation", "_id=w7&_include=Observation:patient", ""),
        ("Observation", "_id=w1&_include=Observation:has-member", ""),
        ("Observation", "_id=w1&_include=*", "Patient/pa Practitioner/d1"),
        ("Observation", "_id=w1&_include=Observation:*", "Patient/pa Practitioner/d1"),
        ("Patient", "_id=pa&_include=Patient:general-practitioner", "Practitioner/d1"),
        (
            "Patient",
            "_id=pa&_revinclude=Observation:patient",
            "Observation/bp1 Observation/w1 Observation/w2 Observation/w3",
        ),
        ("Patient", "_id=pd,pa&_include=Patient:link", ""),
        ("Patient", "_id=pd&_include=Patient:link", "Patient/pa"),
        ("Patient", "_id=pa&_revinclude=Patient:link", "Patient/pd"),
        ("Organization", "_id=o1&_revinclude=Organization:partof", "Organization/o2"),
        ("Organization", "_id=o1&_revinclude=Location:organization", "Location/l1"),
        ("Practitioner", "_id=d1&_revinclude=Observation:performer", "Observation/w1"),
        ("Patient", "_id=none&_revinclude=Observation:patient", ""),
        # Only for the one patient shown, not for the row that tells of a next page.
        (
            "Patient",
            "_sort=_id&_count=1&_revinclude=Observation:subject",
            "Observation/bp1 Observation/w1 Observation/w2 Observation/w3",
        ),
    ],
)
def test_includes_come_once_each_beside_the_matches(clinic: Any, resource_type: str, query: str, expected: str) -> None:
    rows = [row for row in clinic.rows(resource_type, query) if row.mode == "include"]
    assert sorted(f"{row.resource_type}/{row.fhir_id}" for row in rows) == expected.split()


def test_deleted_resources_are_neither_found_nor_counted_nor_included(engine: Any) -> None:
    subject = {"reference": "Patient/gone"}
    engine.store([{"resourceType": "Patient", "id": "gone"}, {"resourceType": "Patient", "id": "here"}])
    engine.store([{"resourceType": "Observation", "id": "o", "status": "final", "subject": subject}])
    engine.connection.execute("UPDATE phi.fhir_resources SET deleted_at = now() WHERE fhir_id = 'gone'")
    assert engine.ids("Patient", "") == ["here"]
    assert engine.total("Patient", "") == 1
    assert [row.fhir_id for row in engine.rows("Observation", "_include=Observation:subject")] == ["o"]


def test_a_read_tells_of_a_deleted_resource_that_it_is_deleted(engine: Any) -> None:
    engine.store([{"resourceType": "Patient", "id": "gone"}])
    engine.connection.execute("UPDATE phi.fhir_resources SET deleted_at = now() WHERE fhir_id = 'gone'")
    statement = engine.statements.read("Patient", "gone")
    rows = engine.connection.execute(statement.sql, statement.parameters).fetchall()
    assert [(row[3], row[4], row[6] is not None, row[7]) for row in rows] == [("gone", 2, True, None)]


def test_a_read_gives_the_document_of_the_one_resource(clinic: Any) -> None:
    statement = clinic.statements.read("Patient", "pa")
    rows = clinic.connection.execute(statement.sql, statement.parameters).fetchall()
    assert [(row[2], row[3], row[4]) for row in rows] == [("Patient", "pa", 1)]
    assert parse_json(rows[0][7])["name"][0]["family"] == "Müller"
    other = clinic.statements.read("Patient", "pb")
    assert other.sql == statement.sql
    assert clinic.connection.execute(other.sql, other.parameters).fetchall()[0][3] == "pb"
    nobody = clinic.statements.read("Patient", "w1")
    assert clinic.connection.execute(nobody.sql, nobody.parameters).fetchall() == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_type=Patient,Organization&_sort=_id", "o1 o2 pa pb pc pd"),
        ("_type=Patient,Practitioner&name=smith", "d1"),
        ("_type=Patient,Practitioner&family=mull,jones&_sort=-_id", "pb pa d2"),
        ("_id=pa,w1,o1", "o1 pa w1"),
        ("_lastUpdated=gt2100", ""),
        ("_type=Patient&gender=male", "pb"),
    ],
)
def test_a_search_of_the_system_unites_types(clinic: Any, query: str, expected: str) -> None:
    found = clinic.ids(None, query)
    assert (found if "_sort" in query else sorted(found)) == expected.split()
    assert clinic.total(None, query) == len(found)


def test_pages_of_the_system_yield_everything_once(clinic: Any) -> None:
    walked = walk(clinic, None, "_sort=-_lastUpdated&_count=4")
    assert sorted(walked) == sorted(clinic.ids(None, "_count=1000"))
    assert len(walked) == 18


@dataclass(frozen=True)
class OnlyOnePatient:
    """A caller who may see one patient and what is theirs, and cannot be told about some types."""

    patient: str
    unknown: frozenset[str] = field(default=frozenset({"Organization"}))

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        if resource_type in self.unknown:
            return None
        if resource_type == "Patient":
            return Token("_id", "any", None, (self.patient,))
        if resource_type == "Observation":
            return Reference("patient", "Patient", (self.patient,))
        return Anything() if resource_type == "Practitioner" else Nothing()


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        ("Patient", "", "pa"),
        ("Patient", "_id=pb", ""),
        ("Patient", "gender:not=female", ""),
        ("Patient", "_id=pa,pb&_sort=birthdate", "pa"),
        ("Observation", "", "bp1 w1 w2 w3"),
        ("Observation", "patient=pb", ""),
        ("Observation", "category:not=exam", "bp1"),
        ("Organization", "", ""),
        ("Location", "", ""),
        (None, "_count=1000", "bp1 d1 d2 pa w1 w2 w3"),
        (None, "_id=pa,pb,o1,d1", "d1 pa"),
    ],
)
def test_nobody_finds_or_counts_what_they_may_not_see(
    clinic: Any, resource_type: str | None, query: str, expected: str
) -> None:
    caller = OnlyOnePatient("pa")
    assert sorted(clinic.ids(resource_type, query, visibility=caller)) == expected.split()
    assert clinic.total(resource_type, query, visibility=caller) == len(expected.split())


def named(fhir_id: str, *families: str) -> dict[str, Any]:
    """A patient with a name for each family."""
    tree: dict[str, Any] = {"resourceType": "Patient", "id": fhir_id}
    return {**tree, "name": [{"family": family} for family in families]} if families else tree


FAMILIES = (
    named("n1", "Adler"),
    named("n2", "Zorn", "Adler"),
    named("n3"),
    named("n4", "adler", "Ádler"),
    named("n5", "-"),
    named("n6", "Brandt"),
    named("n7"),
    {"resourceType": "Patient", "id": "n8", "name": [{"given": ["Ann"]}], "gender": "female"},
    {**named("n9", "Zzz", "Castillo"), "gender": "female"},
)


@pytest.mark.parametrize("place", ["generic", "tables"])
def test_patients_are_sorted_by_the_first_of_their_families(clinic_with: Any, place: str) -> None:
    own = {tree["id"] for tree in FAMILIES}
    # "-" has an empty normal form, the first of all; of several families the lowest counts, descending the highest.
    up = ["n5", "n1", "n2", "n4", "n6", "n9", "n3", "n7", "n8"]
    down = ["n9", "n2", "n6", "n4", "n1", "n8", "n7", "n5", "n3"]
    with clinic_with(place, list(FAMILIES)) as clinic:
        for query, expected in (("_sort=family", up), ("_sort=-family", down), ("gender=female&_sort=family", up[5:])):
            wanted = [one for one in expected if "gender" not in query or one in ("n8", "n9")]
            whole = clinic.ids("Patient", query)
            assert [one for one in whole if one in own] == wanted
            for count in (1, 2, 5):
                assert walk(clinic, "Patient", f"{query}&_count={count}") == whole


def test_nobody_finds_what_is_contained_in_what_they_may_not_see(clinic_with: Any) -> None:
    inner = {"resourceType": "Practitioner", "id": "c", "name": [{"family": "Inside"}]}
    own, foreign = (
        {
            "resourceType": "Observation",
            "id": f"c-{patient}",
            "contained": [inner],
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": f"Patient/{patient}"},
            "performer": [{"reference": "#c"}],
        }
        for patient in ("pa", "pb")
    )
    with clinic_with("tables", [own, foreign]) as clinic:
        for which in ("true", "both"):
            for kind in ("container", "contained"):
                query = f"name=inside&_contained={which}&_containedType={kind}"
                assert clinic.ids("Practitioner", query) == ["c-pa", "c-pb"]
                assert clinic.ids("Practitioner", query, visibility=OnlyOnePatient("pa")) == ["c-pa"]
                assert clinic.total("Practitioner", query) == 2
                assert clinic.total("Practitioner", query, visibility=OnlyOnePatient("pa")) == 1
        chains = (
            ("Observation", "performer:Practitioner.name=inside", ["c-pa", "c-pb"], ["c-pa"]),
            ("Patient", "_has:Observation:patient:performer:Practitioner.name=inside", ["pa", "pb"], ["pa"]),
        )
        for kind, query, all_of_them, own_ones in chains:
            assert clinic.ids(kind, query) == all_of_them
            assert clinic.ids(kind, query, visibility=OnlyOnePatient("pa")) == own_ones
            assert clinic.total(kind, query, visibility=OnlyOnePatient("pa")) == 1


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        ("Observation", "_include=Observation:patient&_include=Observation:performer", "d1 pa"),
        ("Patient", "_revinclude=Observation:patient", "bp1 w1 w2 w3"),
        ("Patient", "_include=Patient:organization", ""),
        ("Patient", "_revinclude=Patient:link", ""),
        ("Practitioner", "_revinclude=Observation:performer&_revinclude=Patient:general-practitioner", "pa w1"),
    ],
)
def test_nobody_is_shown_an_include_they_may_not_see(
    clinic: Any, resource_type: str, query: str, expected: str
) -> None:
    rows = clinic.rows(resource_type, query, visibility=OnlyOnePatient("pa"))
    assert sorted(row.fhir_id for row in rows if row.mode == "include") == expected.split()


def test_callers_of_one_kind_share_a_statement_and_never_its_values(clinic: Any) -> None:
    search = parse("Observation", parse_query("code=39126-8"), reading=Reading())
    first = clinic.statements.page(search, visibility=OnlyOnePatient("pa"))
    second = clinic.statements.page(search, visibility=OnlyOnePatient("pb"))
    assert first.sql == second.sql
    assert "pa" in first.parameters.values()
    assert "pa" not in second.parameters.values()


def test_a_read_of_what_may_not_be_seen_finds_nothing(clinic: Any) -> None:
    for resource_type, fhir_id, found in (("Patient", "pa", 1), ("Patient", "pb", 0), ("Organization", "o1", 0)):
        statement = clinic.statements.read(resource_type, fhir_id, visibility=OnlyOnePatient("pa"))
        rows = clinic.connection.execute(statement.sql, statement.parameters).fetchall()
        assert len(rows) == found


def test_an_estimate_looks_at_no_row_and_gives_a_number(clinic: Any) -> None:
    statement = clinic.statements.estimate(clinic.parse("Observation", "patient=pa"))
    explained = clinic.connection.execute(statement.sql, statement.parameters).fetchone()
    assert estimated_total(json.loads(explained[0])) >= 0
