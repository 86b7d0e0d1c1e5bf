"""How many of a search's criteria may become joins."""

from __future__ import annotations

import pytest

from fhir_server.search.expression import And, Expression, Not, Numbered, Or
from fhir_server.search.fences import MAX_JOINS, fenced
from fhir_server.search.placement import ARRAY, OnRows
from fhir_server.search.types.token import Token


def rows(form: str = "exists") -> OnRows:
    return OnRows((Numbered(0, Token("_tag", "any", None, ("a",))),), form)


@pytest.mark.parametrize("part", [rows(), Not(rows()), Not(Or((rows(), rows())))])
def test_a_fence_stands_around_every_join_after_the_first_few(part: Expression) -> None:
    placed = And((part,) * (MAX_JOINS + 3))
    found = fenced(placed)
    assert isinstance(found, And)
    assert found.parts[:MAX_JOINS] == placed.parts[:MAX_JOINS]
    assert all(str(one) == str(part).replace("exists", "fenced") for one in found.parts[MAX_JOINS:])


def test_what_is_no_join_needs_no_fence() -> None:
    placed = And((rows(), *(Or((rows(ARRAY), rows(ARRAY))) for _ in range(30)), *(rows() for _ in range(7))))
    assert fenced(placed) is placed
    assert fenced(rows()) == rows()
