from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import UnsupportedMediaType
from fhir_server.interactions.patching import patched
from fhir_server.interactions.patching.narrative import settle_narrative

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Ann</div>'


def patient(status: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "1", "text": {"status": status, "div": DIV}, **more}


@pytest.mark.parametrize("status", ["generated", "extensions"])
def test_text_made_from_data_goes_when_the_data_change(status: str) -> None:
    after = settle_narrative(patient(status, active=True), patient(status, active=False))
    assert after == {"resourceType": "Patient", "id": "1", "active": False}


@pytest.mark.parametrize("status", ["additional", "empty"])
def test_text_that_a_person_wrote_stays(status: str) -> None:
    after = patient(status, active=False)
    assert settle_narrative(patient(status, active=True), after) == after


def test_text_stays_when_only_meta_changes() -> None:
    after = patient("generated", meta={"tag": [{"code": "t"}]})
    assert settle_narrative(patient("generated"), after) == after


def test_text_that_the_patch_sets_is_taken_at_its_word() -> None:
    after = {**patient("generated", active=False), "text": {"status": "generated", "div": DIV.replace("Ann", "Bea")}}
    assert settle_narrative(patient("generated", active=True), after) == after


def test_every_kind_of_patch_settles_the_narrative() -> None:
    before = patient("generated", active=True)
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.active"},
        {"name": "value", "valueBoolean": False},
    ]
    patches: dict[str, Any] = {
        "application/json-patch+json": [{"op": "replace", "path": "/active", "value": False}],
        "application/merge-patch+json": {"active": False},
        "application/fhir+json": {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]},
    }
    for content_type, patch in patches.items():
        assert patched("Patient", before, content_type, patch) == {
            "resourceType": "Patient",
            "id": "1",
            "active": False,
        }


def test_a_status_that_is_no_text_is_left_to_the_validation() -> None:
    after = patient("x", active=False) | {"text": {"status": ["generated"], "div": DIV}}
    assert settle_narrative(patient("generated", active=True), after) == after


def test_another_media_type_is_415() -> None:
    with pytest.raises(UnsupportedMediaType):
        patched("Patient", patient("generated"), "text/plain", [])
