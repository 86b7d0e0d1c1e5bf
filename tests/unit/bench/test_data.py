"""The made-up data is valid FHIR, and the statements for pgbench hold random ids where the sample's were."""

from __future__ import annotations

import itertools
import json

import pytest

from bench.data import Size, new_observations, new_transactions, observation_bundles, patient_bundles
from bench.pgbench import scripts
from fhir_server.json_text import parse_json
from fhir_server.validation import raise_if_invalid

SIZE = Size(portal_patients=10, portal_observations=100, fhir_patients=10, fhir_observations=450, writers=3)


def test_resources_pass_the_servers_own_validation() -> None:
    bodies = [next(patient_bundles(SIZE)), *observation_bundles(SIZE), next(new_transactions(SIZE, 1))]
    resources = [entry["resource"] for body in bodies for entry in parse_json(body)["entry"]]
    resources += [parse_json(body) for body in itertools.islice(new_observations(SIZE, 1), 20)]

    for resource in resources:
        raise_if_invalid(resource["resourceType"], resource)


def test_observations_are_numbered_without_gaps_in_bundles_of_bounded_size() -> None:
    bundles = [json.loads(body)["entry"] for body in observation_bundles(SIZE)]

    assert [len(entries) for entries in bundles] == [200, 200, 50]
    ids = [entry["resource"]["id"] for entries in bundles for entry in entries]
    assert ids == [f"fo-{number}" for number in range(450)]


@pytest.mark.parametrize("script", scripts(SIZE), ids=lambda script: script.name)
def test_pgbench_is_given_statements_without_open_parameters(script: object) -> None:
    text = script.text()  # type: ignore[attr-defined]

    assert "%(" not in text
    assert ":n" in text.split("\n", 1)[1]
