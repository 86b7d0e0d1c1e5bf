"""What the portal changes and what a client said beside it are both in the merged resource."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fhir_server.errors import Unprocessable
from fhir_server.json_text import encode_json, read_json
from fhir_server.mapping.resource import CannotHold, Resource
from fhir_server.mapping.trees import contains, plain
from fhir_server.validation import validate
from tests.properties.strategies.effort import EFFORT
from tests.properties.strategies.portal import changed_rows, writable
from tests.properties.strategies.records import record
from tests.properties.strategies.resources import resources, shuffled
from tests.properties.strategies.rows import DECLARATIONS, rows

EVERY_TABLE = pytest.mark.parametrize("table", DECLARATIONS)
WRITABLE = pytest.mark.parametrize("table", [name for name, one in DECLARATIONS.items() if one.creatable])
Tree = dict[str, Any]


def written(data: st.DataObject, table: str) -> tuple[Resource, Tree, Tree]:
    """A resource that a client wrote, and its row."""
    resource = DECLARATIONS[table]
    ours = data.draw(resources(resource.resource_type))
    ours = record(data.draw, table, ours)
    assume(resource.accepts(ours))
    try:
        row = resource.decompose(ours)
    except (CannotHold, Unprocessable):
        assume(False)
    stored = {name: shuffled(value, 1) for name, value in row.items()}
    whole = {"fhir_id": "i", "document_version": 1, **stored}
    return resource, ours, dict(read_json(encode_json(whole)))


def is_plain(tree: Any) -> bool:
    """Whether a tree has no marks: extraction passes over what is no plain dict or list."""
    if isinstance(tree, dict):
        return type(tree) is dict and all(map(is_plain, tree.values()))
    return not isinstance(tree, list) or (type(tree) is list and all(map(is_plain, tree)))


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_without_a_change_of_the_portal_the_document_stays_as_it_is(table: str, data: st.DataObject) -> None:
    resource = DECLARATIONS[table]
    row, ours = data.draw(rows(resource)), data.draw(resources(resource.resource_type))
    assert encode_json(resource.merge(row, copy.deepcopy(row), ours)) == encode_json(ours)


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_a_document_that_says_what_the_row_said_becomes_what_the_row_says(table: str, data: st.DataObject) -> None:
    resource = DECLARATIONS[table]
    base = data.draw(rows(resource))
    theirs = data.draw(changed_rows(resource, base) if writable(resource) else rows(resource))
    merged = resource.merge(base, theirs, plain(resource.compose(base)))
    assert {**merged, "id": "i"} == {**plain(resource.compose(theirs)), "id": "i"}


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_so_does_one_of_a_row_that_changed_altogether(table: str, data: st.DataObject) -> None:
    resource = DECLARATIONS[table]
    base, theirs = data.draw(rows(resource)), data.draw(rows(resource))
    merged = resource.merge(base, theirs, plain(resource.compose(base)))
    assert {**merged, "id": "i"} == {**plain(resource.compose(theirs)), "id": "i"}


@WRITABLE
@EFFORT
@given(data=st.data())
def test_a_merged_resource_is_valid_and_says_what_the_portal_changed(table: str, data: st.DataObject) -> None:
    resource, ours, base = written(data, table)
    theirs = data.draw(changed_rows(resource, base))
    before = copy.deepcopy((base, theirs, ours))
    merged = resource.merge(base, theirs, ours)
    assert (base, theirs, ours) == before
    assert is_plain(merged)
    old, new = resource.compose(base), resource.compose(theirs)
    for name in {*old, *new}:
        if old.get(name) != new.get(name):
            assert name not in new or contains(merged[name], new[name])
            assert name in new or not contains(merged.get(name, []), old[name])
        elif name not in ("id", "resourceType"):
            assert merged.get(name) == ours.get(name)
    own_code = (
        {(one.get("system"), one.get("code")) for one in merged.get("code", {}).get("coding", ())}
        if table == "fhir_observations"
        else set()
    )
    # A component may have the code that the portal gives to the whole; nobody can say which of the two values is wrong.
    assume(
        not any(
            (one.get("system"), one.get("code")) in own_code
            for part in merged.get("component", ())
            for one in part["code"].get("coding", ())
        )
    )
    assert validate(resource.resource_type, merged) == ()


@WRITABLE
@EFFORT
@given(data=st.data())
def test_a_merged_resource_put_back_unchanged_takes_nothing_from_its_row(table: str, data: st.DataObject) -> None:
    resource, ours, base = written(data, table)
    theirs = data.draw(changed_rows(resource, base))
    merged = plain(resource.merge(base, theirs, ours))
    again = resource.decompose(merged, theirs)
    # A column that the portal emptied may take up what the client has said beside it all along.
    said, before = resource.compose({**theirs, **again}), resource.compose(theirs)
    assert contains(said, {name: item for name, item in before.items() if name != "_gender"})


@WRITABLE
@EFFORT
@given(data=st.data())
def test_two_changes_of_different_elements_can_be_merged_in_one_step_or_two(table: str, data: st.DataObject) -> None:
    resource, ours, base = written(data, table)
    elements = [word for word in resource.elements.values() if set(word.columns) & set(writable(resource))]
    one, other = data.draw(st.permutations(elements))[:2]
    assume(not set(one.columns) & set(other.columns))
    first = data.draw(changed_rows(resource, base, [name for name in one.columns if name in writable(resource)]))
    both = data.draw(changed_rows(resource, first, [name for name in other.columns if name in writable(resource)]))
    in_steps = resource.merge(first, both, resource.merge(base, first, ours))
    assert in_steps == resource.merge(base, both, ours)
