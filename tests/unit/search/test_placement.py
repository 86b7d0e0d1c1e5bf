"""Where leaves are answered: columns, child rows, index rows, and the form in which these are reached."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import Boolean, Column, DateTime, MetaData, String, Table

from fhir_server.mapping.source import (
    BooleanColumn,
    DateColumn,
    ReferenceColumn,
    Source,
    StringColumn,
    Through,
    TokenColumn,
)
from fhir_server.persistence.tables import PHI
from fhir_server.search import parse, parse_query
from fhir_server.search.expression import numbered
from fhir_server.search.placement import halves, looks_at_rows, place
from fhir_server.search.rewrite import rewrite

metadata = MetaData()
rows = Table(
    "rows",
    metadata,
    *(Column(name, String) for name in ("fhir_id", "patient", "code", "phone")),
    Column("active", Boolean),
    Column("updated_at", DateTime(timezone=True)),
    Column("low", DateTime(timezone=True)),
)
names = Table("names", metadata, *(Column(name, String) for name in ("owner", "kind", "text", "normal")))


def name(kind: str) -> StringColumn:
    return StringColumn(names.c.text, names.c.normal, Through(names, "owner", "fhir_id", {"kind": kind}), complete=True)


SOURCE = Source(
    1,
    "Observation",
    rows,
    rows,
    PHI,
    {
        "patient": (ReferenceColumn(rows.c.patient, "Patient", complete=True),),
        "subject": (ReferenceColumn(rows.c.patient, "Patient"),),
        "code": (TokenColumn(rows.c.code, "urn:a"), TokenColumn(rows.c.code, "urn:b")),
        "status": (BooleanColumn(rows.c.active),),
        "date": (DateColumn(rows.c.low, rows.c.low),),
        "value-string": (name("family"), name("given")),
    },
)
GENERIC = Source(2, "Observation", PHI.resources, PHI.resources, PHI, generic=True)


def placed(query: str, source: Source = SOURCE) -> str:
    criteria = rewrite(parse("Observation", parse_query(query)).criteria)
    return str(place(numbered(criteria, count()), source))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "(anything)"),
        ("_id=a", "(column (token _id a))"),
        ("status=true", "(column (token status true))"),
        ("patient=p", "(column (reference patient Patient/p))"),
        ("method=m", "(rows exists (token method m))"),
        ("code=c", "(or (column (token code c)) (rows array (token code c)))"),
        (
            "code=c,urn:a|d",
            (
                "(or (column (token code c)) (column (token code urn:a|d))"
                " (rows array (token code c) (token code urn:a|d)))"
            ),
        ),
        (
            "patient=p&code=c",
            "(and (column (reference patient Patient/p)) (or (column (token code c)) (rows exists (token code c))))",
        ),
        (
            "subject=Patient/p&code=c",
            (
                "(and (or (column (reference subject Patient/p)) (rows array (reference subject"
                " Patient/p))) (or (column (token code c)) (rows array (token code c))))"
            ),
        ),
        ("code:not=c", "(not (or (column (token code c)) (rows exists (token code c))))"),
        ("method:not=m", "(not (rows exists (token method m)))"),
        ("patient:identifier=u|1", "(rows exists (logicalreference patient u|1))"),
        ("patient=Patient/p/_history/1", "(rows exists (versionedreference patient Patient/p/_history/1))"),
        ("value-string=x", "(column (string value-string starts 'x') exists names)"),
        ("status:missing=true", "(not (column (present status token)))"),
        ("code:text=x", "(rows exists (string code:text starts 'x'))"),
    ],
)
def test_a_leaf_is_answered_where_its_values_are(query: str, expected: str) -> None:
    assert placed(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("patient=p&code=c", "(and (rows exists (reference patient Patient/p)) (rows exists (token code c)))"),
        ("code=a,urn:b|c", "(rows exists (token code a) (token code urn:b|c))"),
        (
            "date=2024,2025",
            (
                "(rows exists (date date eq 2024-01-01T00:00:00+00:00 2025-01-01T00:00:00+00:00)"
                " (date date eq 2025-01-01T00:00:00+00:00 2026-01-01T00:00:00+00:00))"
            ),
        ),
        ("_id=a", "(column (token _id a))"),
    ],
)
def test_a_generic_source_is_asked_by_index_rows_alone(query: str, expected: str) -> None:
    assert placed(query, GENERIC) == expected


def split(query: str, source: Source = SOURCE) -> list[str]:
    criteria = rewrite(parse("Observation", parse_query(query)).criteria)
    return [str(half) for half in halves(numbered(criteria, count()), source)]


def test_a_partly_held_equality_becomes_two_ordered_searches_where_nothing_else_is_selective() -> None:
    assert split("code=c&status=true") == [
        "(and (column (token code c)) (column (token status true)))",
        "(and (rows exists (token code c)) (not (column (token code c))) (column (token status true)))",
    ]


@pytest.mark.parametrize("query", ["code=c&patient=p", "code=c&_id=a", "method=m", "code:not=c", ""])
def test_other_searches_stay_one(query: str) -> None:
    assert split(query) == [placed(query)]


def test_a_date_that_the_columns_partly_hold_is_split_whatever_its_prefix() -> None:
    for prefix in ("", "ge", "gt", "lt", "sa"):
        assert len(split(f"date={prefix}2024")) == 2


def test_an_equality_is_split_before_a_date_and_no_more_than_two_conditions_are() -> None:
    by_code, by_date, by_rows = split("code=c&date=2024")
    assert "(column (token code c))" in by_code
    assert "(column (date" in by_code
    assert "(column (token code c))" in by_date
    assert "(rows exists (date" in by_date
    assert by_rows.startswith("(and (rows exists (token code c)) (not (column (token code c)))")
    assert len(split("code=c&date=ge2023&date=lt2025&date=ne2024-01-01")) == 3


def test_a_generic_search_is_never_split() -> None:
    assert split("code=c", GENERIC) == [placed("code=c", GENERIC)]


@pytest.mark.parametrize(("query", "consults"), [("patient=p", False), ("code=c", True), ("code:not=c", True)])
def test_it_is_known_whether_index_rows_are_consulted(query: str, consults: bool) -> None:
    criteria = rewrite(parse("Observation", parse_query(query)).criteria)
    assert looks_at_rows(place(numbered(criteria, count()), SOURCE)) is consults
