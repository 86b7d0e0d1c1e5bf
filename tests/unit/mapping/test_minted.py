"""Logical ids of rows whose own id FHIR does not allow."""

from __future__ import annotations

from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.mapping.minted import (
    is_logical_id,
    is_minted_shape,
    logical_id,
    minted_id,
    resource_name,
    version_name,
)

FORBIDDEN = ("legacy/1", "", " ", "a b", "x" * 65, "x" * 100, "é", "a_b", "a\n", "a'b", "№1")
LEGAL = ("p", "x" * 64, "A-1.b", "-", ".", "3f0a1c00-1111-4222-8333-444455556666")


@pytest.mark.parametrize("row_id", LEGAL)
def test_m_006_a_legal_id_is_the_logical_id(row_id: str) -> None:
    assert is_logical_id(row_id)
    assert logical_id(row_id) == row_id


@pytest.mark.parametrize("row_id", FORBIDDEN)
def test_m_006_any_other_text_is_told_as_a_uuid_of_version_8(row_id: str) -> None:
    assert not is_logical_id(row_id)
    minted = UUID(logical_id(row_id))
    assert (minted.version, minted.variant) == (8, RFC_4122)
    assert is_minted_shape(logical_id(row_id))
    assert is_logical_id(logical_id(row_id))


def test_m_006_the_minted_id_never_changes() -> None:
    assert minted_id("legacy/1") == "933d916b-d063-8365-ba32-9916c96ca3d2"
    assert resource_name("Patient", "legacy/1") == "Patient/933d916b-d063-8365-ba32-9916c96ca3d2"
    assert version_name("Patient", "p", 3) == "Patient/p/_history/3"


@given(st.lists(st.text(max_size=100), unique=True, max_size=20))
def test_m_006_different_rows_have_different_logical_ids(row_ids: list[str]) -> None:
    assert len({logical_id(one) for one in row_ids}) == len(row_ids)


def test_m_006_ids_that_the_server_makes_never_look_minted() -> None:
    assert not any(is_minted_shape(str(uuid4())) for _ in range(1000))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "legacy/1",
        "933d916b-d063-4365-ba32-9916c96ca3d2",
        "933d916b-d063-8365-ca32-9916c96ca3d2",
        "933D916B-D063-8365-BA32-9916C96CA3D2",
        "933d916b-d063-8365-ba32-9916c96ca3d2 ",
        "933d916bxd063-8365-ba32-9916c96ca3d2",
    ],
)
def test_m_006_other_texts_are_never_looked_up(text: str) -> None:
    assert not is_minted_shape(text)
