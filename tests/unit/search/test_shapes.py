"""Shapes: equal ones share SQL, so nothing but shape may decide about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.resources.registry import registry
from fhir_server.search import Reading, Statements, parse, parse_query
from fhir_server.search.expression import leaves
from fhir_server.search.rewrite import rewrite

READING = Reading("http://server.example/fhir", now=datetime(2024, 4, 1, tzinfo=UTC))

word = st.text("abcxyz019", min_size=1, max_size=6)
day = st.dates().map(str)
number = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999).map(str)
criterion = st.one_of(
    st.builds("patient={}".format, word),
    st.builds("subject=Patient/{},Patient/{}".format, word, word),
    st.builds("code={}".format, word),
    st.builds("code=http://loinc.org|{}".format, word),
    st.builds("code={}|{}".format, word, word),
    st.builds("code:not={},{}".format, word, word),
    st.builds("status={}".format, st.sampled_from(["final", "amended", "x"])),
    st.builds("date={}{}".format, st.sampled_from(["", "ne", "gt", "le", "ap"]), day),
    st.builds("value-quantity={}{}".format, st.sampled_from(["", "lt", "sa"]), number),
    st.builds("value-quantity={}||{}".format, number, word),
    st.builds("value-string{}={}".format, st.sampled_from(["", ":exact", ":contains"]), word),
    st.builds("_tag={}|".format, word),
    st.builds("_profile=http://{}/{}".format, word, word),
    st.builds("_id={}".format, word),
    st.builds("_lastUpdated=ge{}".format, day),
    st.builds("subject:identifier={}|{}".format, word, word),
    st.builds("has-member=http://{}/x".format, word),
)
queries = st.lists(criterion, min_size=1, max_size=3).map("&".join)

shared = Statements(registry().sources)


@settings(deadline=None)
@given(queries, st.sampled_from(["", "&_sort=-date", "&_sort=code,_id"]))
def test_a_statement_from_the_cache_equals_one_compiled_for_the_search_itself(query: str, sort: str) -> None:
    search = parse("Observation", parse_query(query + sort), reading=READING)
    cached, fresh = shared.page(search), Statements(registry().sources).page(search)
    assert cached == fresh


def test_searches_of_one_shape_share_their_text_and_differ_in_values() -> None:
    first = shared.page(parse("Observation", parse_query("patient=a&code=x&date=ge2024")))
    second = shared.page(parse("Observation", parse_query("patient=b&code=y&date=ge2023-05")))
    assert first.sql is second.sql
    assert set(first.parameters) == set(second.parameters)
    assert {"a", "x"} <= set(first.parameters.values())
    assert {"b", "y"} <= set(second.parameters.values())


def test_equal_values_in_one_search_do_not_become_one_parameter_for_the_next() -> None:
    same = Statements(registry().sources)
    for query in ("given=Anna&family=Anna", "given=Anna&family=Bob"):
        search = parse("Patient", parse_query(query))
        assert same.page(search) == Statements(registry().sources).page(search)


def test_one_value_and_several_are_different_texts_that_live_side_by_side() -> None:
    made = Statements(registry().sources)

    def sql(query: str) -> str:
        return made.page(parse("Observation", parse_query(query))).sql

    one, two = sql("code=39126-8"), sql("code=39126-8,39125-0")
    assert one != two
    assert sql("code=8480-6") is one
    assert sql("code=a,b,c") == sql("code=a,b")
    assert sql("code=39127-6") is one


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("name=a", "name=b", True),
        ("name=a", "name=%25", False),
        ("name=a", "name=" + "a" * 300, False),
        ("name=a", "name:exact=a", False),
        ("birthdate=2020", "birthdate=2021-01", True),
        ("birthdate=2020", "birthdate=gt2020", False),
        ("identifier=a", "identifier=|a", False),
        ("identifier=a|b", "identifier=c|d", True),
        ("identifier=a|b", "identifier=a|", False),
        ("organization=a", "organization=b", True),
        ("organization=a", "organization=http://x/Organization/a", False),
        ("gender:not=a", "gender=a", False),
    ],
)
def test_a_shape_tells_what_decides_about_sql_and_nothing_else(one: str, other: str, same: bool) -> None:
    shapes = [rewrite(parse("Patient", parse_query(query)).criteria).shape() for query in (one, other)]
    assert (shapes[0] == shapes[1]) is same


@settings(deadline=None)
@given(queries)
def test_no_value_of_a_search_stands_in_its_sql(query: str) -> None:
    secret = "zzsecretzz"
    search = parse("Observation", parse_query(f"{query}&value-string={secret}&code={secret}|{secret}"), reading=READING)
    statement = shared.page(search)
    assert secret not in statement.sql
    assert any(secret in str(value) for value in statement.parameters.values())


def test_every_leaf_prints_its_parameter() -> None:
    search: Any = parse("Observation", parse_query("patient=a&code=x&date=ge2024&value-quantity=5||cm&_tag=u|"))
    for leaf in leaves(search.criteria):
        assert str(leaf).split()[1].rstrip(")") == leaf.parameter
