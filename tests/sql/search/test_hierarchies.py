"""`:above` and `:below` of references: what is part of what, however deep, round in circles, and only what is seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.search import Anything, Expression
from fhir_server.search.expression import And, Not
from fhir_server.search.types.token import Token


def place(name: str, part_of: str | None) -> dict[str, Any]:
    up = {} if part_of is None else {"partOf": {"reference": part_of}}
    return {"resourceType": "Location", "id": name, "name": name, **up}


def organization(name: str, part_of: str | None) -> dict[str, Any]:
    return {**place(name, part_of), "resourceType": "Organization"}


PLACES = [
    place("site", None),
    place("house", "Location/site"),
    place("floor", "http://server.example/fhir/Location/house"),
    place("room", "Location/floor/_history/1"),
    place("bed", "Location/room"),
    place("other", "Location/elsewhere"),
    place("stray", "http://other.example/fhir/Location/site"),
    place("circle1", "Location/circle3"),
    place("circle2", "Location/circle1"),
    place("circle3", "Location/circle2"),
    place("self", "Location/self"),
    organization("o3", "Organization/o2"),
    organization("o4", "Organization/o3"),
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/pa"},
        "location": [{"location": {"reference": "Location/bed"}}],
    },
    {
        "resourceType": "Encounter",
        "id": "e2",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/pb"},
        "location": [{"location": {"reference": "Location/site"}}],
        "partOf": {"reference": "Encounter/e1"},
    },
]

EXPECTED = """
Location      partof:below=site                       house floor room bed
Location      partof:below=house                      floor room bed
Location      partof:below=bed                        -
Location      partof:below=nowhere                    -
Location      partof:below=elsewhere                  other
Location      partof:below=house,elsewhere            floor room bed other
Location      partof:below=circle1                    circle1 circle2 circle3
Location      partof:below=self                       self
Location      partof:above=room                       house floor room bed
Location      partof:above=floor                      house floor room
Location      partof:above=site                       house
Location      partof:above=circle2                    circle1 circle2 circle3
Location      partof:below=site&name=r                room
Location      partof:below=site&partof:above=floor    house floor room
Encounter     location:below=Location/site            e1 e2
Encounter     location:below=Location/floor           e1
Encounter     location:above=Location/bed             e1 e2
Encounter     location.partof:below=house             e1
Encounter     part-of:below=e1                        e2
Organization  partof:below=o1                         o2 o3 o4
Organization  partof:below=o2                         o3 o4
Location      organization:above=Organization/o4      l1
Patient       organization:above=Organization/o4      pa
Patient       organization:below=Organization/o2      -
Patient       _has:Encounter:patient:location:below=Location/house  pa
"""


@pytest.fixture(scope="module", params=["generic", "tables"])
def places(request: pytest.FixtureRequest, clinic_with: Any) -> Iterator[Any]:
    """The wound clinic with places within places; tests must not write to it."""
    with clinic_with(request.param, PLACES) as found:
        yield found


@pytest.mark.parametrize("line", EXPECTED.strip().splitlines())
def test_s_129_hierarchies_are_followed(places: Any, line: str) -> None:
    resource_type, query, expected = line.split(maxsplit=2)
    ids = [] if expected == "-" else expected.split()
    assert sorted(places.ids(resource_type, query)) == sorted(ids)
    assert places.total(resource_type, query) == len(ids)


class NotThe:
    """Sees all but some places."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        return Not(Token("_id", "any", None, self.names)) if resource_type == "Location" else Anything()


def test_s_129_no_step_goes_over_what_is_not_seen(places: Any) -> None:
    assert places.ids("Location", "partof:below=site", visibility=NotThe("floor")) == ["house"]
    assert sorted(places.ids("Location", "partof:below=site", visibility=NotThe("bed"))) == ["floor", "house", "room"]
    assert places.ids("Encounter", "location:below=Location/site", visibility=NotThe("room")) == ["e2"]
    assert places.ids("Encounter", "location:above=Location/bed", visibility=NotThe("floor")) == ["e1"]


def test_s_129_what_is_below_a_hidden_place_is_not_told(places: Any) -> None:
    found = places.ids("Location", "partof:below=site", visibility=NotThe("site"))
    assert found == ["house"], "as a search for the plain reference finds"


class Nobody:
    """May see no Location, of which nothing can be told."""

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        return None if resource_type == "Location" else And((Anything(),))


def test_s_129_types_that_are_not_seen_have_no_hierarchy(places: Any) -> None:
    assert places.ids("Location", "partof:below=site", visibility=Nobody()) == []
    assert places.ids("Encounter", "location:below=Location/house", visibility=Nobody()) == []


def test_s_129_a_deleted_place_is_no_step(engine: Any) -> None:
    engine.store([place("a", None), place("b", "Location/a"), place("c", "Location/b")])
    assert sorted(engine.ids("Location", "partof:below=a")) == ["b", "c"]
    engine.connection.execute("UPDATE open.fhir_resources SET deleted_at = now() WHERE fhir_id = 'b'")
    assert engine.ids("Location", "partof:below=a") == []


def test_a_long_line_of_parts_is_followed_to_its_end(engine: Any) -> None:
    engine.store(place(f"p{number}", f"Location/p{number - 1}" if number else None) for number in range(300))
    assert engine.total("Location", "partof:below=p0") == 299
    assert engine.total("Location", "partof:above=p299") == 299
