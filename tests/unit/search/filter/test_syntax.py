"""The grammar of `_filter`: what it allows, where it says that a fault is, and how much it takes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest
from fhir_server.search.filter.syntax import (
    MAX_COMPARISONS,
    MAX_DEPTH,
    OPERATORS,
    Combined,
    Comparison,
    Filter,
    Negated,
    Step,
    read_syntax,
)


def printed(found: Filter) -> str:
    match found:
        case Combined(word, parts):
            return f"({f' {word} '.join(map(printed, parts))})"
        case Negated(part):
            return f"not{printed(part)}"
        case Comparison(path, operator, value):
            return f"{'.'.join(map(step, path))} {operator} {value!r}"


def step(one: Step) -> str:
    within = f"[{printed(one.within)}]" if one.within is not None else ""
    return f"{one.source + '<' if one.source else ''}{one.name}{':' + one.named if one.named else ''}{within}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name co "pet"', "name co 'pet'"),
        ("name   eq\tpet ", "name eq 'pet'"),
        ('given eq "peter" and birthdate ge 2014-10-10', "(given eq 'peter' and birthdate ge '2014-10-10')"),
        ("code eq http://loinc.org|1234-5", "code eq 'http://loinc.org|1234-5'"),
        ("a eq 1 or b eq 2 and c eq 3", "((a eq '1' or b eq '2') and c eq '3')"),
        ("a eq 1 and b eq 2 or c eq 3", "((a eq '1' and b eq '2') or c eq '3')"),
        ("a eq 1 or (b eq 2 and c eq 3)", "(a eq '1' or (b eq '2' and c eq '3'))"),
        ("(a eq 1 and b eq 2) and c eq 3", "(a eq '1' and b eq '2' and c eq '3')"),
        ("not(a eq 1) and not (b eq 2)", "(nota eq '1' and notb eq '2')"),
        ("not(a eq 1 or b eq 2)", "not(a eq '1' or b eq '2')"),
        ("not eq 1", "not eq '1'"),
        ("((a eq 1))", "a eq '1'"),
        ("and eq and and or eq or", "(and eq 'and' and or eq 'or')"),
        (r'a eq "b \"c\" \\ \u00e9 ) ] d"', r"""a eq 'b "c" \\ é ) ] d'"""),
        ("a.b.c eq 1", "a.b.c eq '1'"),
        ("a:Patient.b eq 1", "a:Patient.b eq '1'"),
        ("a[b eq 1 and c[d eq 2].e eq 3].f eq 4", "a[(b eq '1' and c[d eq '2'].e eq '3')].f eq '4'"),
        ("_has:Observation:patient:code eq 1", "Observation<patient.code eq '1'"),
        ("subject._has:A:b:_has:C:d:e eq 1", "subject.A<b.C<d.e eq '1'"),
        *((f"a {operator} 1", f"a {operator} '1'") for operator in OPERATORS),
    ],
)
def test_s_145_the_grammar_is_read(text: str, expected: str) -> None:
    assert printed(read_syntax(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "character 1: expected a search parameter"),
        ("name", "character 5: expected a blank and an operator"),
        ("name.", "character 6: expected a search parameter"),
        ("name xx a", "character 6: expected an operator: eq, ne, co,"),
        ("name EQ a", "character 6: expected an operator"),
        ("name eq", "character 8: expected a blank and a value"),
        ("name eq ", "character 9: expected a value"),
        ('name eq "a', "character 9: expected a JSON string"),
        ('name eq "\\x"', "character 9: expected a JSON string"),
        ('name eq "\\u0000"', "character 9: the string holds a character"),
        ('name eq "\\ud800"', "character 9: the string holds a character"),
        ('name eq ""', "character 9: the string is empty"),
        ("name eq a b", "character 11: expected 'and', 'or' or the end"),
        ("name eq a and", "character 14: expected a search parameter"),
        ("name eq a)", "character 10: expected 'and', 'or' or the end"),
        ("(name eq a", "character 11: expected ')'"),
        ("not name eq a", "character 5: expected an operator"),
        ("a[b eq 1] eq 2", "character 10: expected '.' and a parameter after ']'"),
        ("a[b eq 1.c eq 2", "character 12: expected ']'"),
        ("()", "character 2: expected a search parameter"),
    ],
)
def test_s_145_a_fault_names_its_place(text: str, expected: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_syntax(text)
    assert refused.value.diagnostics.startswith(f"_filter, {expected}")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "a eq 1" + ")" * 5000,
        "(" * 5000,
        "not(" * 4000 + "a eq 1" + ")" * 4000,
        "a[" * 4000 + "b eq 1" + "].c eq 1" * 10,
        " or ".join("a eq 1 and b eq 2" for _ in range(MAX_DEPTH)),
        " or ".join("a eq 1" for _ in range(MAX_COMPARISONS + 1)),
        ".".join("a" for _ in range(MAX_DEPTH + 1)) + " eq 1",
        "a eq " + "1" * 20_000,
    ],
    ids=["closed", "open", "nots", "brackets", "turns", "tests", "path", "length"],
)
def test_s_145_what_is_too_deep_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"levels deep|more than|longer than"):
        read_syntax(text)


def test_what_is_just_not_too_deep_is_read() -> None:
    depth = MAX_DEPTH - 1
    assert printed(read_syntax("(" * depth + "a eq 1" + ")" * depth)) == "a eq '1'"


@given(st.text(alphabet='ab eqnor()[].:_"\\|1-', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        read_syntax(text)
