"""The constraints of `fhir_server.validation.constraints.terminology`: each broken once and kept once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.validation.constraints.samples import Case, assert_refused_and_kept, resource

CASES: list[Case] = [
    (
        "csd-1",
        "CodeSystem",
        resource("CodeSystem", status="draft", content="complete", concept=[{"code": "a", "concept": [{"code": "a"}]}]),
        resource("CodeSystem", status="draft", content="complete", concept=[{"code": "a", "concept": [{"code": "b"}]}]),
    ),
]


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES, ids=[case[0] for case in CASES])
def test_what_breaks_a_constraint_is_refused_and_what_keeps_it_is_not(
    key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert_refused_and_kept(key, place, broken, kept)
