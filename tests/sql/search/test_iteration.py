"""Includes that go on from included resources (S-173), and those that are left out or refused (S-170 to S-174).

https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.search import CAPPED, MAX_INCLUDED, Anything, Expression


def included(engine: Any, resource_type: str, query: str, **options: Any) -> list[str]:
    """`Type/id` of what a page includes, sorted."""
    rows = [row for row in engine.rows(resource_type, query, **options) if row.mode == "include"]
    return sorted(f"{row.resource_type}/{row.fhir_id}" for row in rows)


def is_capped(engine: Any, resource_type: str, query: str) -> bool:
    """Whether the page says that it does not include all."""
    return any(row.mode == CAPPED for row in engine.rows(resource_type, query))


FROM_PATIENT_TO_PARTS = "_include:iterate=Patient:organization&_revinclude:iterate=Organization:partof"
OBSERVATIONS_OF_PA = "Observation/bp1 Observation/w1 Observation/w2 Observation/w3"


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        ("Patient", "_id=pa&_revinclude=Observation:patient&_include=Observation:performer", OBSERVATIONS_OF_PA),
        (
            "Patient",
            "_id=pa&_revinclude=Observation:patient&_include:iterate=Observation:performer",
            f"{OBSERVATIONS_OF_PA} Practitioner/d1",
        ),
        (
            "Patient",
            "_id=pa&_revinclude=Observation:patient&_include:recurse=Observation:*",
            f"{OBSERVATIONS_OF_PA} Practitioner/d1",
        ),
        (
            "Observation",
            "_id=w1&_include=Observation:patient&_include:iterate=Patient:organization",
            "Organization/o1 Patient/pa",
        ),
        ("Observation", "_id=w1&_include:iterate=Patient:organization", ""),
        # From d1 back to its patient and on to that one's organization.
        (
            "Practitioner",
            f"_id=d1&_revinclude:iterate=Patient:general-practitioner&{FROM_PATIENT_TO_PARTS}",
            "Organization/o1 Organization/o2 Patient/pa",
        ),
        # Not from what is included, but from every match.
        ("Patient", "_id=pd&_include=Patient:link&_include:iterate=Patient:organization", "Organization/o1 Patient/pa"),
        ("Patient", "_id=pd&_include:iterate=Patient:link&_include=Patient:general-practitioner", "Patient/pa"),
        ("Patient", "_id=pd,pa&_include:iterate=Patient:link", ""),
        ("Patient", "_id=none&_include:iterate=Patient:link", ""),
        (
            "Organization",
            "_id=o2&_include:iterate=Organization:partof&_revinclude=Location:organization",
            "Organization/o1",
        ),
        (
            "Organization",
            "_id=o2&_include:iterate=Organization:partof&_revinclude:iterate=Location:organization",
            "Location/l1 Organization/o1",
        ),
        (
            "Organization",
            "_sort=_id&_count=1&_revinclude:iterate=Location:organization",
            "Location/l1",
        ),
    ],
)
def test_s173_only_iterated_includes_go_on_from_included_resources(
    clinic: Any, resource_type: str, query: str, expected: str
) -> None:
    assert included(clinic, resource_type, query) == expected.split()
    assert not is_capped(clinic, resource_type, query)


def chain_of(size: int) -> list[dict[str, Any]]:
    """Organizations g0, g1, … each a part of the one before."""
    parts: list[dict[str, Any]] = [{"resourceType": "Organization", "id": "g0", "name": "g0"}]
    for number in range(1, size):
        part_of = {"reference": f"Organization/g{number - 1}"}
        parts.append({"resourceType": "Organization", "id": f"g{number}", "name": "part", "partOf": part_of})
    return parts


def test_s173_an_iteration_goes_five_references_far_and_tells_when_there_is_more(engine: Any) -> None:
    engine.store(chain_of(8))
    query = "_include:iterate=Organization:partof"
    assert included(engine, "Organization", f"_id=g5&{query}") == [f"Organization/g{n}" for n in range(5)]
    assert not is_capped(engine, "Organization", f"_id=g5&{query}")
    assert included(engine, "Organization", f"_id=g6&{query}") == [f"Organization/g{n}" for n in range(1, 6)]
    assert is_capped(engine, "Organization", f"_id=g6&{query}")


def test_s173_a_circle_of_references_ends(engine: Any) -> None:
    ring = chain_of(4)
    ring[0]["partOf"] = {"reference": "Organization/g3"}
    engine.store(ring)
    query = "_id=g0&_include:iterate=Organization:partof&_revinclude:iterate=Organization:partof"
    assert included(engine, "Organization", query) == ["Organization/g1", "Organization/g2", "Organization/g3"]
    assert not is_capped(engine, "Organization", query)


def test_s172_an_iteration_is_cut_after_a_thousand_resources_and_tells_so(engine: Any) -> None:
    engine.store([{"resourceType": "Patient", "id": "p"}])
    subject = {"reference": "Patient/p"}
    many = ({"resourceType": "Condition", "id": f"c{n}", "subject": subject} for n in range(MAX_INCLUDED + 5))
    engine.store(many)
    query = "_id=p&_revinclude:iterate=Condition:patient"
    assert len(included(engine, "Patient", query)) == MAX_INCLUDED
    assert is_capped(engine, "Patient", query)
    assert len(included(engine, "Patient", "_id=p&_revinclude=*")) == MAX_INCLUDED
    assert is_capped(engine, "Patient", "_id=p&_revinclude=*")
    # With a parameter and without :iterate a page is complete.
    assert len(included(engine, "Patient", "_id=p&_revinclude=Condition:patient")) == MAX_INCLUDED + 5


class NoPractitioners:
    """A caller who sees no practitioner, and of patients nothing that could be told."""

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        return None if resource_type in ("Practitioner", "Patient") else Anything()


def test_s171_an_iteration_neither_shows_nor_goes_through_what_may_not_be_seen(clinic: Any) -> None:
    query = "_id=w1&_include=Observation:*&_include:iterate=Patient:organization"
    assert included(clinic, "Observation", query) == ["Organization/o1", "Patient/pa", "Practitioner/d1"]
    assert included(clinic, "Observation", query, visibility=NoPractitioners()) == []
    everything = "_id=w1&_include:iterate=*&_revinclude:iterate=*"
    assert "Practitioner/d1" in included(clinic, "Observation", everything)
    assert included(clinic, "Observation", everything, visibility=NoPractitioners()) == []


@pytest.mark.parametrize(
    "query",
    [
        "_include=Patient:organization",
        "_include:iterate=*:patient",
        "_include:bogus=Observation:patient",
        "_include:iterate=Observation:foo",
        "_include:iterate=Nothing:patient",
        "_include:iterate=Observation:patient:Group",
        "_revinclude=*:*",
        "_revinclude:bogus=*",
        "_revinclude=Patient:organization",
        "_revinclude:iterate=Provenance",
        "_revinclude:iterate=Provenance:recorded",
    ],
)
def test_s174_an_include_that_can_include_nothing_is_refused(clinic: Any, query: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        clinic.parse("Observation", query)
    assert refused.value.status == 400


def test_s173_an_include_of_an_included_type_without_iterate_is_left_out_with_a_warning(clinic: Any) -> None:
    search = clinic.parse("Patient", "_revinclude=Observation:patient&_include=Observation:performer")
    assert len(search.includes) == 1
    assert "_include:iterate" in search.warnings[0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_revinclude=Observation:*", OBSERVATIONS_OF_PA),
        ("_revinclude=Patient:*", "Patient/pd"),
        ("_include=*", "Organization/o1 Practitioner/d1"),
        ("_include=Patient:*", "Organization/o1 Practitioner/d1"),
        ("_include=Patient:*:Practitioner", "Practitioner/d1"),
        ("_revinclude=*", f"{OBSERVATIONS_OF_PA} Patient/pd"),
        ("_revinclude=*&_include=*", f"{OBSERVATIONS_OF_PA} Organization/o1 Patient/pd Practitioner/d1"),
        # Of what is included only the one goes on.
        ("_include:iterate=*", "Organization/o1 Practitioner/d1"),
        ("_revinclude=Observation:patient&_revinclude:iterate=*", f"{OBSERVATIONS_OF_PA} Patient/pd"),
    ],
)
def test_s171_a_star_stands_for_all_references(clinic: Any, query: str, expected: str) -> None:
    assert included(clinic, "Patient", f"_id=pa&{query}") == expected.split()
