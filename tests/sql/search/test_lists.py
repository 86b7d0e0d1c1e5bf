"""`_list`: the members of a stored List, seen only by those who see the List."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.search import Anything, Expression

LISTS = [
    {
        "resourceType": "List",
        "id": "l1",
        "status": "current",
        "mode": "working",
        "entry": [
            {"item": {"reference": "Patient/pa"}},
            {"item": {"reference": "http://server.example/fhir/Patient/pc"}},
            {"item": {"reference": "Observation/w1"}},
            {"item": {"reference": "http://other.example/fhir/Patient/pb"}},
        ],
    },
    {
        "resourceType": "List",
        "id": "l2",
        "status": "current",
        "mode": "working",
        "entry": [{"item": {"reference": "Patient/pd"}}, {"item": {"reference": "Practitioner/gone"}}],
    },
    {"resourceType": "List", "id": "l3", "status": "current", "mode": "working"},
]

EXPECTED = """
Patient      _list=l1                      pa pc
Patient      _list=List/l1                 pa pc
Patient      _list=http://server.example/fhir/List/l1  pa pc
Patient      _list=l1,l2                   pa pc pd
Patient      _list=l1&_list=l2             -
Patient      _list=l1&gender=female        pa
Patient      _list=l3                      -
Patient      _list=none                    -
Observation  _list=l1                      w1
Observation  patient._list=l1              w1 w2 w3 bp1
Practitioner _list=l1                      -
"""


@pytest.fixture(scope="module", params=["generic", "tables"])
def listed(request: pytest.FixtureRequest, clinic_with: Any) -> Iterator[Any]:
    """The wound clinic with Lists; tests must not write to it."""
    with clinic_with(request.param, LISTS) as found:
        yield found


@pytest.mark.parametrize("line", EXPECTED.strip().splitlines())
def test_s_146_the_members_of_a_list_are_found(listed: Any, line: str) -> None:
    resource_type, query, expected = line.split(maxsplit=2)
    ids = [] if expected == "-" else expected.split()
    assert sorted(listed.ids(resource_type, query)) == sorted(ids)
    assert listed.total(resource_type, query) == len(ids)


def test_s_146_members_of_several_types_are_found_together(listed: Any) -> None:
    assert sorted(listed.ids(None, "_type=Patient,Observation&_list=l1")) == ["pa", "pc", "w1"]


class NoLists:
    """Sees all but Lists."""

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        return None if resource_type == "List" else Anything()


def test_s_146_a_list_that_is_not_seen_has_no_members(listed: Any) -> None:
    assert listed.ids("Patient", "_list=l1", visibility=NoLists()) == []
