"""An index on an expression answers a search only if both say the same: the tables say what the mapping says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.dialects import postgresql

from fhir_server.persistence.tables.expressions import (
    OBSERVATION_HIGH,
    OBSERVATION_LOW,
    OBSERVATION_STATUS,
    PATIENT_BIRTH,
)
from fhir_server.resources.registry import registry


def column(resource_type: str, parameter: str, number: int = 0) -> Any:
    source = next(one for one in registry().sources(resource_type) if not one.generic)
    return source.columns[parameter][number]


def said(expression: Any) -> str:
    text = str(expression.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    return "(" + text.replace("%%", "%").replace("fhir_observations.", "").replace("fhir_patients.", "") + ")"


@pytest.mark.parametrize(
    ("indexed", "searched"),
    [
        (OBSERVATION_STATUS, lambda: column("Observation", "status").column),
        (OBSERVATION_LOW, lambda: column("Observation", "value-quantity").low),
        (OBSERVATION_HIGH, lambda: column("Observation", "value-quantity").high),
        (PATIENT_BIRTH, lambda: column("Patient", "birthdate", 1).low),
    ],
    ids=["status", "low", "high", "birth"],
)
def test_what_is_indexed_is_what_is_searched(indexed: str, searched: Any) -> None:
    assert indexed == said(searched())
