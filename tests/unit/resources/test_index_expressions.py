"""An index on an expression answers a search only if both say the same: the tables say what the mapping says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy.dialects import postgresql

from fhir_server.persistence.tables.expressions import (
    OBSERVATION_AMOUNT,
    OBSERVATION_HAS_TEXT,
    OBSERVATION_ODD_AMOUNT,
    OBSERVATION_STATUS,
    OBSERVATION_TEXT,
    PATIENT_BIRTH,
)
from fhir_server.resources.registry import registry
from fhir_server.search.types.string import shortened


def column(resource_type: str, parameter: str, number: int = 0) -> Any:
    source = next(one for one in registry().sources(resource_type) if not one.generic)
    return source.columns[parameter][number]


def texts() -> Any:
    return column("Observation", "value-string")


def said(expression: Any) -> str:
    text = str(expression.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    return "(" + text.replace("%%", "%").replace("fhir_observations.", "").replace("fhir_patients.", "") + ")"


@pytest.mark.parametrize(
    ("indexed", "searched"),
    [
        (OBSERVATION_STATUS, lambda: column("Observation", "status").column),
        (OBSERVATION_AMOUNT, lambda: column("Observation", "value-quantity").indexed),
        (OBSERVATION_ODD_AMOUNT, lambda: column("Observation", "value-quantity").odd),
        (OBSERVATION_TEXT, lambda: shortened(func.fhir_normalize(texts().column).collate("C"))),
        (OBSERVATION_HAS_TEXT, lambda: texts().where),
        (PATIENT_BIRTH, lambda: column("Patient", "birthdate", 1).low),
    ],
    ids=["status", "amount", "odd amount", "text", "has text", "birth"],
)
def test_what_is_indexed_is_what_is_searched(indexed: str, searched: Any) -> None:
    assert indexed == said(searched())
