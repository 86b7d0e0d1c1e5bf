"""The constraints of `fhir_server.validation.constraints.knowledge`: each broken once and kept once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.validation.constraints.samples import Case, assert_refused_and_kept, resource

CASES: list[Case] = [
    (
        "que-2",
        "Questionnaire",
        resource(
            "Questionnaire",
            status="draft",
            item=[{"linkId": "1", "type": "group", "item": [{"linkId": "1", "type": "string"}]}],
        ),
        resource(
            "Questionnaire",
            status="draft",
            item=[{"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "string"}]}],
        ),
    ),
    (
        "que-1",
        "Questionnaire.item[0]",
        resource("Questionnaire", status="draft", item=[{"linkId": "1", "type": "group"}]),
        resource("Questionnaire", status="draft", item=[{"linkId": "1", "type": "display"}]),
    ),
]


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES, ids=[case[0] for case in CASES])
def test_what_breaks_a_constraint_is_refused_and_what_keeps_it_is_not(
    key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert_refused_and_kept(key, place, broken, kept)
