from __future__ import annotations

from typing import Any

import pytest

from fhir_server.definitions import required_codes
from fhir_server.mapping.resource import CannotHold
from fhir_server.mapping.trees import plain
from fhir_server.resources.observation import OBSERVATION
from fhir_server.resources.wound_codes import WOUND_DISPLAYS

SOURCE = "https://fhir.wound-care-portal.example/StructureDefinition/source-status"
LOCAL = "https://fhir.wound-care-portal.example/CodeSystem/observation-code"
ROW = {"fhir_id": "o1", "patient_fhir_id": "p1", "code": "39126-8", "status": "final"}


def composed(**columns: Any) -> dict[str, Any]:
    return dict(plain(OBSERVATION.compose({**ROW, **columns})))


@pytest.mark.parametrize("code", sorted(required_codes("Observation.status") or ()))
def test_every_status_of_fhir_is_a_status_of_the_portal(code: str) -> None:
    assert composed(status=code)["status"] == code
    assert "_status" not in composed(status=code)
    assert composed(status=code.replace("-", "_").upper())["status"] == code


@pytest.mark.parametrize("text", ["completed", "done", "approved", "signed", "", None])
def test_another_status_is_unknown_and_never_final(text: Any) -> None:
    tree = composed(status=text)
    assert tree["status"] == "unknown"
    assert ("_status" in tree) is bool(text)
    assert OBSERVATION.decompose(tree, {**ROW, "status": text})["status"] == text


@pytest.mark.parametrize(
    ("code", "system"), [("39126-8", "http://loinc.org"), ("39126-9", LOCAL), ("0-0", LOCAL), ("WOUND", LOCAL)]
)
def test_a_code_is_one_of_loinc_only_with_the_right_check_digit(code: str, system: str) -> None:
    assert composed(code=code)["code"]["coding"][0]["system"] == system


def test_a_wound_measure_is_shown_with_its_name() -> None:
    assert composed()["code"]["coding"][0]["display"] == WOUND_DISPLAYS["39126-8"]


def test_a_code_that_is_none_is_a_text_and_a_blank_one_has_a_reason() -> None:
    assert composed(code="wound  size")["code"] == {"text": "wound  size"}
    assert composed(code=" ")["code"]["extension"][0]["valueCode"] == "unknown"


def test_an_observation_without_a_status_or_a_patient_is_not_for_the_table() -> None:
    tree = composed()
    assert OBSERVATION.accepts(tree)
    assert not OBSERVATION.accepts({name: item for name, item in tree.items() if name != "status"})
    with pytest.raises(CannotHold):
        OBSERVATION.decompose({**tree, "subject": {"reference": "Group/1"}})


def test_a_new_time_of_the_portal_replaces_the_clients_period() -> None:
    ours = {**composed(), "effectivePeriod": {"start": "2024-03-01", "end": "2024-03-02"}, "note": [{"text": "x"}]}
    base = {**ROW, **OBSERVATION.decompose(ours)}
    theirs = {**base, "effective_date_time": "2024-05-01T00:00:00+00:00", "effective_end": None}
    merged = OBSERVATION.merge(base, theirs, ours)
    assert merged["effectiveDateTime"] == "2024-05-01T00:00:00Z"
    assert "effectivePeriod" not in merged
    assert merged["note"] == [{"text": "x"}]


def test_a_value_of_the_portal_replaces_the_reason_why_there_was_none() -> None:
    ours = {**composed(), "dataAbsentReason": {"text": "not done"}}
    base = {**ROW, **OBSERVATION.decompose(ours)}
    merged = OBSERVATION.merge(base, {**base, "value_type": "quantity", "value_data": {"value": 3}}, ours)
    assert merged["valueQuantity"] == {"value": 3}
    assert "dataAbsentReason" not in merged
