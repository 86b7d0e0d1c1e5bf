"""The rules that simplify trees; each has an example in its own docstring."""

from __future__ import annotations

import doctest

import pytest

from fhir_server.search import And, Anything, Not, Nothing, Or, query, rewrite
from fhir_server.search.expression import Expression
from fhir_server.search.types import prefixes
from fhir_server.search.types.reference import Reference
from fhir_server.search.types.token import Token
from fhir_server.search.types.uri import Uri

A, B, C = (Token(code, "any", None, ("1",)) for code in "abc")


@pytest.mark.parametrize("module", [rewrite, query, prefixes])
def test_the_examples_in_docstrings_hold(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (And((And((A, B)), C)), "(and (token a 1) (token b 1) (token c 1))"),
        (And((A, Anything(), A)), "(token a 1)"),
        (And((A, Nothing())), "(nothing)"),
        (Or((A, Nothing())), "(token a 1)"),
        (Or((A, Anything())), "(anything)"),
        (And(()), "(anything)"),
        (Or(()), "(nothing)"),
        (Not(Or((A, B))), "(and (not (token a 1)) (not (token b 1)))"),
        (Not(And((A, Not(B)))), "(or (not (token a 1)) (token b 1))"),
        (Not(Not(A)), "(token a 1)"),
        (
            Or((Reference("s", "Patient", ("1",)), Reference("s", "Group", ("1",)), Reference("s", "Patient", ("2",)))),
            "(or (reference s Patient/1 Patient/2) (reference s Group/1))",
        ),
        (
            Or((Uri("u", "exact", ("x",)), Uri("u", "below", ("x",)), Uri("u", "exact", ("y",)))),
            "(or (uri u exact x y) (uri u below x))",
        ),
        (Or((Token("a", "given", "s", ()), Token("a", "given", "s", ("1",)))), "(or (token a s|) (token a s|1))"),
    ],
)
def test_a_tree_is_rewritten_to(tree: Expression, expected: str) -> None:
    assert str(rewrite.rewrite(tree)) == expected


def test_rewriting_twice_changes_nothing() -> None:
    tree = Not(Or((And((A, Or((B, C)))), Not(And((A, C))))))
    once = rewrite.rewrite(tree)
    assert rewrite.rewrite(once) == once
