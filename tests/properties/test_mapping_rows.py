"""Any row is a valid resource, and a resource that comes back unchanged leaves its row as it is."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.json_text import encode_json, parse_json
from fhir_server.mapping.rendering import with_meta
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.trees import plain
from fhir_server.validation import validate
from fhir_server.validation.second_opinion import second_opinion
from tests.properties.strategies.effort import EFFORT
from tests.properties.strategies.rows import DECLARATIONS, rows

EVERY_TABLE = pytest.mark.parametrize("table", DECLARATIONS)


def drawn(data: st.DataObject, table: str) -> tuple[Resource, dict[str, Any]]:
    resource = DECLARATIONS[table]
    return resource, data.draw(rows(resource))


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_any_row_is_a_valid_resource(table: str, data: st.DataObject) -> None:
    resource, row = drawn(data, table)
    tree = plain(resource.compose(row))
    issues = validate(resource.resource_type, tree)
    assert issues == (), [(issue.diagnostics, issue.expression) for issue in issues]


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_the_models_of_fhir_resources_accept_it_too(table: str, data: st.DataObject) -> None:
    resource, row = drawn(data, table)
    assert second_opinion(resource.resource_type, encode_json(resource.compose(row))) == ()


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_a_resource_put_back_unchanged_leaves_its_row_as_it_is(table: str, data: st.DataObject) -> None:
    resource, row = drawn(data, table)
    before = copy.deepcopy(row)
    tree = plain(resource.compose(row))
    held = resource.decompose(tree, row)
    assert held == {name: row[name] for name in resource.columns}
    assert row == before


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_so_does_one_that_went_over_the_wire_with_its_meta(table: str, data: st.DataObject) -> None:
    resource, row = drawn(data, table)
    sent = encode_json(with_meta(resource.compose(row), row["fhir_id"], 3, datetime(2024, 3, 11, tzinfo=UTC)))
    held = resource.decompose(parse_json(sent), row)
    assert held == {name: row[name] for name in resource.columns}


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_composing_changes_nothing(table: str, data: st.DataObject) -> None:
    resource, row = drawn(data, table)
    before = copy.deepcopy(row)
    assert resource.compose(row) == resource.compose(row)
    assert row == before
