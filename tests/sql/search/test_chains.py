"""Chains and `_has` (S-150 to S-159), and sorting along references, over the wound clinic.

https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#has
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.search import Anything, Expression, Nothing
from fhir_server.search.types.token import Token

REFERRING: list[dict[str, Any]] = [
    {
        "resourceType": "Provenance",
        "id": "v1",
        "target": [{"reference": "Observation/w1"}],
        "recorded": "2024-03-11T00:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/d1"}}],
    },
    {
        "resourceType": "Provenance",
        "id": "v2",
        "target": [{"reference": "Observation/w4"}, {"reference": "Patient/pb"}],
        "recorded": "2024-03-12T00:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/d2"}}],
    },
    {
        "resourceType": "Coverage",
        "id": "c1",
        "status": "active",
        "beneficiary": {"reference": "Patient/pa"},
        "payor": [{"reference": "Organization/o1"}],
    },
    {
        "resourceType": "Coverage",
        "id": "c2",
        "status": "cancelled",
        "beneficiary": {"reference": "Patient/pb"},
        "payor": [{"reference": "Patient/pb"}],
    },
    {
        "resourceType": "PractitionerRole",
        "id": "r1",
        "practitioner": {"reference": "Practitioner/d1"},
        "organization": {"reference": "Organization/o1"},
    },
    {"resourceType": "PractitionerRole", "id": "r2", "practitioner": {"reference": "Practitioner/d2"}},
    {
        "resourceType": "Condition",
        "id": "k1",
        "subject": {"reference": "Patient/pa"},
        "asserter": {"reference": "Practitioner/d1"},
        "code": {"text": "Ulcer"},
    },
    {
        "resourceType": "Condition",
        "id": "k2",
        "subject": {"reference": "Patient/pd"},
        "asserter": {"reference": "Patient/pd"},
        "code": {"text": "Burn"},
    },
]


@pytest.fixture(scope="module", params=["generic", "tables"])
def chained(request: pytest.FixtureRequest, clinic_with: Any) -> Iterator[Any]:
    """The wound clinic with resources that refer to it; tests must not write to it."""
    with clinic_with(request.param, REFERRING) as found:
        yield found


EXPECTED = """
# S-150
Observation      subject:Patient.family=m%C3%BCller                    w1 w2 w3 w4 w5 w6 bp1 bp2
Observation      subject:Patient.family:exact=M%C3%BCller              w1 w2 w3 bp1
Observation      subject:Patient.name=smith,anna                       w1 w2 w3 bp1
Observation      patient.family=obrien                                 -
# S-151
Observation      subject.family=muller                                 w1 w2 w3 w4 w5 w6 bp1 bp2
Observation      subject.identifier=001                                w1 w2 w3 bp1
Condition        asserter.family=smith,van                             k1 k2
Condition        asserter:Patient.family=smith,van                     k2
Condition        subject._id=pd                                        k2
Provenance       target.status=final                                   v1 v2
Provenance       target.birthdate=1980                                 v2
Provenance       target:Observation.code=39126-8                       v1 v2
# S-152
Observation      patient.general-practitioner.family=smith             w1 w2 w3 bp1
Provenance       target:Observation.subject:Patient.family=muller-s    v2
Provenance       target.patient.general-practitioner.identifier=1234567893  v1
# S-153
Observation      patient.given=Anna&patient.family=muller              w1 w2 w3 bp1
Observation      patient.given=Anna&patient.gender=male                -
Provenance       target.code=39126-8&target.gender=male                v2
# S-154
Observation      patient.birthdate=ge1980-02                           w1 w2 w3 w4 w5 w6 bp1 bp2
Observation      patient.birthdate=ge1980-02-29                        w1 w2 w3 bp1
Observation      patient.gender:not=female                             w4 w5 w6 bp2
Observation      patient.phone:missing=true                            w1 w2 w3 bp1
Condition        patient.gender:missing=true                           k2
# S-155
Patient          _has:Observation:patient:code=39126-8                 pa pb
Patient          _has:Observation:patient:code=39125-0,39116-9         pa pb
Patient          _has:Observation:patient:code=39125-0&_has:Observation:patient:code=39116-9  -
Patient          _has:Observation:patient:code=39125-0&_has:Observation:patient:code=39126-8  pa
Patient          _has:Observation:patient:_has:Provenance:target:agent=Practitioner/d1        pa
Patient          _has:Observation:patient:date=lt2024-03               pa pb
Patient          _has:Patient:link:gender:missing=true                 pa
Patient          _has:Provenance:target:agent.family=jones             pb
Practitioner     _has:Patient:general-practitioner:family=muller       d1
Practitioner     _has:Observation:performer:value-quantity=4.0         d1
Organization     _has:Patient:organization:_id=pa                      o1
Organization     _has:Organization:partof:name=zeta                    o1
Observation      _has:Provenance:target:recorded=2024-03-12            w4
# S-156
Observation      patient._has:Coverage:beneficiary:status=active       w1 w2 w3 bp1
Condition        subject._has:Observation:patient:code=39125-0         k1
Coverage         payor._has:Patient:organization:family=muller         c1
# S-158 and other ends
Observation      subject:Group.code=x                                  -
Patient          link.family=muller                                    pd
Patient          general-practitioner:Practitioner.family=smith&gender=female  pa
Patient          organization.name=acme                                pa
# S-159
PractitionerRole practitioner.identifier=urn:us-npi|1234567893         r1
PractitionerRole practitioner.name=smith                               r1
PractitionerRole organization.name=awc                                 r1
Location         organization.partof.name=x                            -
"""


def _cases(table: str) -> list[Any]:
    lines = [line.split(maxsplit=2) for line in table.splitlines() if line and not line.startswith("#")]
    return [pytest.param(*line, id=f"{line[0]}?{line[1]}") for line in lines]


@pytest.mark.parametrize(("resource_type", "query", "expected"), _cases(EXPECTED))
def test_a_chain_finds(chained: Any, resource_type: str, query: str, expected: str) -> None:
    ids = [] if expected == "-" else sorted(expected.split())
    assert sorted(chained.ids(resource_type, query)) == ids
    assert chained.total(resource_type, query) == len(ids)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_type=Observation,Condition&subject:Patient.gender=female", "bp1 k1 w1 w2 w3"),
        ("_type=Patient,Observation&_has:Provenance:target:agent=d2", "pb w4"),
        ("_type=Patient,Practitioner,Organization&_has:Patient:general-practitioner:gender=female", "d1"),
    ],
)
def test_a_search_of_several_types_follows_references_too(chained: Any, query: str, expected: str) -> None:
    assert sorted(chained.ids(None, query)) == expected.split()
    assert chained.total(None, query) == len(expected.split())


@pytest.mark.parametrize(
    "query",
    [
        "patient.foo=1",
        "patient.family.x=1",
        "code.family=x",
        "foo.family=x",
        "patient:Group.name=x",
        "patient:Nothing.name=x",
        "patient.=x",
        ".family=x",
        "patient.name:bogus=x",
        "patient.birthdate=x",
        "patient.general-practitioner.organization.partof.partof.partof.partof.name=x",
        "_has:Patient=x",
        "_has:Patient:link=x",
        "_has:Patient:link:=x",
        "_has:Nothing:link:name=x",
        "_has:Patient:foo:name=x",
        "_has:Patient:link:name=x",
        "_has:Provenance:target:foo=x",
        "_has=x",
        "patient._has:Coverage:foo:status=x",
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_s157_a_bad_chain_is_refused_however_lenient(chained: Any, query: str, strict: bool) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chained.parse("Observation", query, strict=strict)
    assert refused.value.status == 400


def test_s157_the_limit_of_a_chain_stands_in_the_refusal(chained: Any) -> None:
    with pytest.raises(InvalidRequest, match="more than 5 references"):
        chained.parse("Patient", f"{'link:Patient.' * 6}name=x")
    assert chained.ids("Patient", f"{'link:Patient.' * 5}name=x") == []


def test_a_search_has_a_budget_for_all_its_chains(chained: Any) -> None:
    chained.parse("Observation", "&".join(["patient.name=x"] * 30))
    with pytest.raises(InvalidRequest, match="more than 30 references"):
        chained.parse("Observation", "&".join(["patient.name=x"] * 31))


def test_s157_references_in_a_circle_end(engine: Any) -> None:
    engine.store(
        {
            "resourceType": "Patient",
            "id": one,
            "name": [{"family": one}],
            "link": [{"type": "seealso", "other": {"reference": f"Patient/{other}"}}],
        }
        for one, other in (("a", "b"), ("b", "a"))
    )
    assert engine.ids("Patient", "link.link.link.family=a") == ["b"]
    assert sorted(engine.ids("Patient", "_has:Patient:link:_has:Patient:link:_id=a,b")) == ["a", "b"]


def test_s158_deleted_resources_satisfy_no_chain(engine: Any) -> None:
    engine.store([{"resourceType": "Patient", "id": "p", "gender": "male"}])
    subject = {"reference": "Patient/p"}
    engine.store([{"resourceType": "Observation", "id": "o", "status": "final", "subject": subject}])
    assert engine.ids("Observation", "patient.gender=male") == ["o"]
    assert engine.ids("Patient", "_has:Observation:subject:status=final") == ["p"]
    engine.connection.execute("UPDATE phi.fhir_resources SET deleted_at = now() WHERE fhir_id = 'o'")
    assert engine.ids("Patient", "_has:Observation:subject:status=final") == []
    engine.connection.execute("UPDATE phi.fhir_resources SET deleted_at = NULL WHERE fhir_id = 'o'")
    engine.connection.execute("UPDATE phi.fhir_resources SET deleted_at = now() WHERE fhir_id = 'p'")
    assert engine.ids("Observation", "patient.gender=male") == []
    assert engine.ids("Observation", "patient.gender:not=female") == []


@dataclass(frozen=True)
class OnlyPatient:
    """A caller who sees one patient, all observations, practitioners and conditions, and nothing else."""

    patient: str

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        if resource_type == "Patient":
            return Token("_id", "any", None, (self.patient,))
        if resource_type == "Organization":
            return None
        return Anything() if resource_type in ("Observation", "Practitioner", "Condition") else Nothing()


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        ("Observation", "patient.name=muller", "bp1 w1 w2 w3"),
        ("Observation", "patient.gender:not=female", ""),
        ("Observation", "patient.organization.name=acme", ""),
        ("Observation", "patient.general-practitioner.family=smith", "bp1 w1 w2 w3"),
        ("Observation", "patient._has:Coverage:beneficiary:status=active", ""),
        ("Practitioner", "_has:Patient:general-practitioner:gender=female", "d1"),
        ("Patient", "_has:Observation:patient:code=39126-8", "pa"),
        ("Patient", "_has:Observation:patient:_has:Provenance:target:agent=d1", ""),
        ("Patient", "_has:Patient:link:_lastUpdated=gt2000", ""),
    ],
)
def test_s158_what_may_not_be_seen_satisfies_no_chain(
    chained: Any, resource_type: str, query: str, expected: str
) -> None:
    caller = OnlyPatient("pa")
    assert sorted(chained.ids(resource_type, query, visibility=caller)) == expected.split()
    assert chained.total(resource_type, query, visibility=caller) == len(expected.split())


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        ("Observation", "code=39126-8&_sort=patient.family,_id", "w1 w4 w7"),
        ("Observation", "code=39126-8&_sort=-patient.family,_id", "w4 w1 w7"),
        ("Observation", "code=39126-8&_sort=-subject:Patient.birthdate", "w1 w4 w7"),
        ("Observation", "code=39126-8&_sort=subject:Patient.birthdate", "w4 w1 w7"),
        ("Observation", "code=39126-8&_sort=-patient._id", "w4 w1 w7"),
        ("Observation", "_id=w1,w4&_sort=patient.general-practitioner.family,_id", "w1 w4"),
        ("Condition", "_sort=-patient.identifier", "k1 k2"),
        ("Condition", "_sort=asserter.family", "k1 k2"),
        ("Condition", "_sort=-asserter.family", "k2 k1"),
        ("Patient", "_sort=organization.name,_id", "pa pb pc pd"),
    ],
)
def test_resources_are_sorted_by_what_they_refer_to(
    chained: Any, resource_type: str, query: str, expected: str
) -> None:
    assert chained.ids(resource_type, query) == expected.split()
    walked: list[str] = []
    after = None
    while True:
        rows = chained.rows(resource_type, f"{query}&_count=1", after=after)
        walked += [row.fhir_id for row in rows[:1]]
        if len(rows) < 2:
            break
        after = rows[0].sort
    assert walked == expected.split()


def test_a_sort_key_of_what_may_not_be_seen_counts_as_missing(chained: Any) -> None:
    found = chained.ids("Observation", "code=39126-8&_sort=patient.family,_id", visibility=OnlyPatient("pa"))
    assert found == ["w1", "w4", "w7"]


@pytest.mark.parametrize(
    "query", ["_sort=patient.foo", "_sort=code.name", "_sort=foo.name", "_sort=patient.", f"_sort={'subject.' * 6}x"]
)
def test_a_chained_sort_key_that_leads_nowhere_is_refused(chained: Any, query: str) -> None:
    with pytest.raises(InvalidRequest):
        chained.parse("Observation", query)
