from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.resource import CannotHold
from fhir_server.mapping.trees import plain
from fhir_server.resources.location import LOCATION, STATUS_CODES

SOURCE = "https://fhir.wound-care-portal.example/StructureDefinition/source-status"
SERVICE = "https://fhir.wound-care-portal.example/StructureDefinition/facility-service"


def composed(**columns: Any) -> dict[str, Any]:
    return dict(plain(LOCATION.compose({"fhir_id": "l1", "name": "North", **columns})))


@pytest.mark.parametrize(("text", "code"), STATUS_CODES.items())
def test_a_known_status_has_its_code_and_comes_back_with_its_text(text: str, code: str) -> None:
    tree = composed(status=text)
    assert tree["status"] == code
    assert LOCATION.decompose(tree)["status"] == text


def test_a_status_without_a_code_stands_on_the_location_itself() -> None:
    tree = composed(status="merged")
    assert "status" not in tree
    assert "_status" not in tree
    assert tree["extension"] == [{"url": SOURCE, "valueString": "merged"}]
    assert LOCATION.decompose(tree)["status"] == "merged"


def test_a_status_that_is_taken_away_is_gone() -> None:
    row = {"name": "North", "status": "active", "services": ["x"]}
    tree = composed(**row)
    del tree["status"]
    assert LOCATION.decompose(tree, row)["status"] is None
    assert (
        LOCATION.decompose({**tree, "extension": [{"url": SOURCE, "valueString": "merged"}]}, row)["status"] == "merged"
    )


def test_services_are_texts_or_objects_with_a_name() -> None:
    services = [{"name": "Debridement", "fee": 5}, "Dressing", " ", {"fee": 1}]
    tree = composed(services=services)
    assert [one["valueString"] for one in tree["extension"]] == ["Debridement", "Dressing"]
    assert LOCATION.decompose(tree, {"name": "North", "services": services})["services"] is services


def test_a_service_that_stays_keeps_what_the_portal_noted_of_it() -> None:
    current = {"name": "North", "services": [{"name": "Debridement", "fee": 5}, "Dressing"]}
    tree = composed(services=["Dressing", "Debridement", "Photo"])
    assert LOCATION.decompose(tree, current)["services"] == ["Dressing", {"name": "Debridement", "fee": 5}, "Photo"]


def test_extensions_of_the_client_are_none_of_the_portals_services() -> None:
    tree = {"resourceType": "Location", "name": "North", "extension": [{"url": "urn:x", "valueString": "y"}]}
    assert LOCATION.decompose(tree)["services"] is None
    assert LOCATION.decompose({**tree, "extension": [{"url": SERVICE, "valueString": "z"}]})["services"] == ["z"]


def test_a_location_without_a_name_is_not_for_the_table() -> None:
    with pytest.raises(CannotHold):
        LOCATION.decompose({"resourceType": "Location"})
