"""The part of FHIRPath that search parameters use is parsed, the rest refused."""

from __future__ import annotations

import pytest

from fhir_server.definitions import RESOURCE_TYPES, search_parameters
from fhir_server.indexing.fhirpath import Call, Index, Literal, Member, Operation, Resource, parse


def test_a_path_is_a_chain_of_members() -> None:
    assert parse("Patient.name.family") == Member(Member(Member(None, "Patient"), "name"), "family")


def test_as_binds_tighter_than_the_union_and_the_union_tighter_than_comparison() -> None:
    a, b, c = Member(None, "a"), Member(None, "b"), Member(None, "C")
    assert parse("a | b as C") == Operation("|", a, Operation("as", b, c))
    assert parse("a | b != 'x'") == Operation("!=", Operation("|", a, b), Literal("x"))
    assert parse("a.exists() and b != false") == Operation(
        "and", Call(a, "exists", ()), Operation("!=", b, Literal(False))
    )
    assert parse("a | b | c") == Operation("|", Operation("|", a, b), Member(None, "c"))


def test_functions_indexes_and_variables_are_read() -> None:
    assert parse("Bundle.entry[0].resource") == Member(Index(Member(Member(None, "Bundle"), "entry"), 0), "resource")
    assert parse("a.where(resolve() is Patient)") == Call(
        Member(None, "a"), "where", (Operation("is", Call(None, "resolve", ()), Member(None, "Patient")),)
    )
    assert parse("%resource.a") == Member(Resource(), "a")
    assert parse("(a as B).`c`") == Member(Operation("as", Member(None, "a"), Member(None, "B")), "c")


@pytest.mark.parametrize(
    "expression",
    ["", "a.", "a..b", "(a", "a)", "a b", "a + b", "a.all(b)", "a[b]", "a['b']", "'open", "a.where(b", "@2024"],
)
def test_what_lies_outside_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="FHIRPath"):
        parse(expression)


def test_every_published_expression_can_be_parsed() -> None:
    for resource_type in RESOURCE_TYPES:
        for parameter in search_parameters(resource_type).values():
            for expression in (parameter.expression, *(part.expression for part in parameter.components)):
                if expression:
                    parse(expression)
