"""Published examples are accepted; the few that break the specification are refused with the faulty element named."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_server.json_text import Tree, encode_json, parse_json
from fhir_server.validation import second_opinion, validate

DATA = Path(__file__).parents[2] / "data"
SETS = {"r4": 691, "us-core": 228, "davinci-pas": 47, "inferno": 5, "wound": 1}

FAULTY = {
    # It refers to a DeviceDefinition, which R4 does not allow as the parent of a DeviceMetric.
    "DeviceMetric/example": "DeviceMetric.parent",
    # Its reason is a Procedure.
    "DeviceUseStatement/example": "DeviceUseStatement.reasonReference[0]",
    # It is to be dispensed by a Practitioner, where R4 has only Organization.
    "MedicationRequest/medrx0301": "MedicationRequest.dispenseRequest.performer",
    # Its performer is an Encounter.
    "Observation/clinical-gender": "Observation.performer[0]",
    # Its inner items have no linkId.
    "Questionnaire/qs1": "Questionnaire.item[0].item[0].linkId",
    # Their narratives are empty: txt-2.
    "Questionnaire/zika-virus-exposure-assessment": "Questionnaire.text",
    "ActivityDefinition/blood-tubes-supply": "ActivityDefinition.text",
    "ActivityDefinition/heart-valve-replacement": "ActivityDefinition.text",
    "EventDefinition/example": "EventDefinition.text",
}


def examples(name: str) -> Iterator[tuple[str, Tree]]:
    with gzip.open(DATA / f"examples-{name}.ndjson.gz") as lines:
        for line in lines:
            tree = parse_json(line)
            yield f"{tree['resourceType']}/{tree.get('id')}", tree


@pytest.mark.parametrize(("name", "count"), SETS.items())
def test_every_sound_example_of_a_set_is_accepted(name: str, count: int) -> None:
    found = list(examples(name))
    refused = {key: issues for key, tree in found if (issues := validate(tree["resourceType"], tree))}
    assert {key: issues for key, issues in refused.items() if key not in FAULTY} == {}
    assert len(found) == count


def test_every_faulty_example_is_refused_with_its_element_named() -> None:
    first = {
        key: issues[0].expression[0] for key, tree in examples("r4") if (issues := validate(tree["resourceType"], tree))
    }
    assert first == FAULTY


def test_every_entry_of_a_bundle_is_accepted_on_its_own_too() -> None:
    for name in ("inferno", "davinci-pas", "wound"):
        for key, tree in examples(name):
            for entry in tree.get("entry", ()):
                if "resource" in entry:
                    assert validate(entry["resource"]["resourceType"], entry["resource"]) == (), key


def test_validation_leaves_a_resource_as_it_was() -> None:
    for _, tree in examples("davinci-pas"):
        before = encode_json(tree)
        validate(tree["resourceType"], tree)
        assert encode_json(tree) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_the_second_opinion_is_not_against_what_is_valid(name: str) -> None:
    refused = {
        key: issues
        for key, tree in examples(name)
        if key not in FAULTY and (issues := second_opinion(tree["resourceType"], encode_json(tree)))
    }
    assert refused == {}
