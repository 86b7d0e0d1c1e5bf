"""Contained resources are referred to, have no versions or labels, and see each other through their container."""

from __future__ import annotations

from typing import Any

from fhir_server.validation import validate


def observation(*contained: dict[str, Any], **elements: Any) -> dict[str, Any]:
    tree = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}} | elements
    return tree | {"contained": list(contained)}


def patient(key: str | None = "a", **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient"} | ({"id": key} if key else {}) | elements


def told(tree: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.expression[0], one.diagnostics) for one in validate("Observation", tree)]


SUBJECT = {"reference": "#a"}


def test_a_contained_resource_that_is_referred_to_is_accepted() -> None:
    assert told(observation(patient(), subject=SUBJECT)) == []


def test_a_contained_resource_that_nothing_refers_to_breaks_dom_3() -> None:
    ((place, text),) = told(observation(patient()))
    assert place == "Observation.contained[0]"
    assert "dom-3" in text


def test_a_contained_resource_without_an_id_breaks_dom_3() -> None:
    ((_, text),) = told(observation(patient(None)))
    assert "dom-3" in text


def test_a_contained_resource_that_refers_to_its_container_needs_no_reference_to_it() -> None:
    provenance = {
        "resourceType": "Provenance",
        "id": "p",
        "target": [{"reference": "#"}],
        "recorded": "2024-01-01T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }
    assert told(observation(provenance)) == []


def test_contained_resources_may_refer_to_each_other() -> None:
    organization = {"resourceType": "Organization", "id": "o", "name": "x"}
    assert told(observation(patient(managingOrganization={"reference": "#o"}), organization, subject=SUBJECT)) == []


def test_a_contained_resource_cannot_refer_to_what_the_container_does_not_contain() -> None:
    ((place, text),) = told(observation(patient(managingOrganization={"reference": "#o"}), subject=SUBJECT))
    assert place == "Observation.contained[0].managingOrganization"
    assert "ref-1" in text


def test_a_contained_resource_with_a_version_breaks_dom_4() -> None:
    for meta in ({"versionId": "1"}, {"lastUpdated": "2024-01-01T00:00:00Z"}):
        ((_, text),) = told(observation(patient(meta=meta), subject=SUBJECT))
        assert "dom-4" in text


def test_a_contained_resource_with_a_label_breaks_dom_5() -> None:
    ((_, text),) = told(observation(patient(meta={"security": [{"code": "R"}]}), subject=SUBJECT))
    assert "dom-5" in text


def test_two_contained_resources_cannot_share_an_id() -> None:
    ((place, _),) = told(observation(patient(), patient(), subject=SUBJECT))
    assert place == "Observation.contained[1]"


def test_the_resources_of_a_bundle_see_only_their_own_contained_ones() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": observation(patient(), subject=SUBJECT)},
            {"resource": {"resourceType": "Patient", "managingOrganization": {"reference": "#a"}}},
        ],
    }
    assert [one.expression for one in validate("Bundle", bundle)] == [
        ("Bundle.entry[1].resource.managingOrganization",)
    ]
