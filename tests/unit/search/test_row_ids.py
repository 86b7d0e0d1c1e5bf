"""M-006: whatever names a resource in a search is looked up, and nothing else is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from fhir_server.mapping.minted import minted_id
from fhir_server.resources.registry import registry
from fhir_server.search import Statements, parse, parse_query
from fhir_server.search.expression import leaves
from fhir_server.search.row_ids import with_row_ids

ROW = "legacy/1"
ID, NOBODY = minted_id(ROW), minted_id("nobody")
ORDINARY = "3f0a1c00-1111-4222-8333-444455556666"


class Rows:
    """Remembers what it was asked for; knows one row."""

    def __init__(self) -> None:
        self.asked: list[Collection[str]] = []

    def __call__(self, ids: Collection[str]) -> Mapping[str, str]:
        self.asked.append(set(ids))
        return {ID: ROW} if ID in ids else {}


def changed(resource_type: str, query: str) -> tuple[str, Rows]:
    rows = Rows()
    found = parse(resource_type, parse_query(query)).criteria
    return " ".join(map(str, with_row_ids(tuple(leaves(found)), rows))), rows


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        ("Patient", f"_id={ID}", f"(token _id {ROW})"),
        ("Observation", f"patient={ID}", f"(reference patient Patient/{ROW})"),
        ("Observation", f"subject=Patient/{ID}/_history/2", f"(versionedreference subject Patient/{ROW}/_history/2)"),
        ("Observation", f"patient._id={ID}", f"(token _id {ROW})"),
        (
            "Patient",
            f"_has:Observation:patient:performer=Practitioner/{ID}",
            f"(reference performer Practitioner/{ROW})",
        ),
        ("Location", f"partof:below=Location/{ID}", f"(hierarchical partof below Location/{ROW})"),
        (
            "DocumentReference",
            f"relationship=DocumentReference/{ID}$replaces",
            f"(composite relationship (reference relatesto DocumentReference/{ROW}) (token relation replaces))",
        ),
    ],
)
def test_m_006_ids_of_rows_take_the_place_of_logical_ids(resource_type: str, query: str, expected: str) -> None:
    said, rows = changed(resource_type, query)
    assert said == expected
    assert rows.asked == [{ID}]


def test_m_006_what_leads_to_no_row_stays_as_it_is() -> None:
    said, rows = changed("Patient", f"_id={NOBODY},{ID},p&organization={NOBODY}")
    assert NOBODY in said
    assert rows.asked == [{ID, NOBODY}]


@pytest.mark.parametrize(
    "query", [f"_id={ORDINARY}", "_id=p", f"identifier={ID}", f"name={ID}", f"organization={ORDINARY}"]
)
def test_m_006_nothing_else_is_looked_up(query: str) -> None:
    said, rows = changed("Patient", query)
    assert rows.asked == []
    assert query.partition("=")[2] in said


def test_m_006_one_statement_serves_logical_ids_of_both_kinds() -> None:
    statements = Statements(registry().sources, Rows())
    minted, other = (statements.page(parse("Observation", parse_query(f"patient={one}"))) for one in (ID, "p"))
    assert minted.sql == other.sql
    assert ROW in minted.parameters.values()


def test_m_006_an_id_that_fhir_forbids_finds_nothing() -> None:
    assert str(parse("Patient", parse_query("_id=legacy/1")).criteria) == "(and (nothing))"
