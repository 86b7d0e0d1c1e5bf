"""A resource becomes a row that says nothing which the resource did not say."""

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
from tests.properties.strategies.effort import EFFORT
from tests.properties.strategies.records import record
from tests.properties.strategies.resources import examples, resources, shuffled
from tests.properties.strategies.rows import DECLARATIONS, rows

WRITABLE = pytest.mark.parametrize("table", [name for name, one in DECLARATIONS.items() if one.creatable])
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def drawn(data: st.DataObject, table: str) -> tuple[Resource, dict[str, Any]]:
    """A declaration and a resource that its table takes."""
    resource = DECLARATIONS[table]
    tree = data.draw(resources(resource.resource_type))
    tree = record(data.draw, table, tree)
    assume(resource.accepts(tree))
    return resource, tree


def heard(resource: Resource, tree: dict[str, Any], current: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The row of a resource as the database gives it back; None where the table cannot hold it."""
    try:
        row = resource.decompose(tree, current)
    except CannotHold:
        return None
    except Unprocessable:
        if resource.moves:
            raise
        return None
    stored = {name: shuffled(value, 1) for name, value in row.items()}
    return dict(read_json(encode_json({"fhir_id": tree.get("id", "i"), "document_version": 1, **stored})))


def beyond_defaults(said: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What a row says of a document, without what it says in other words or for want of words."""
    rest = {name: value for name, value in said.items() if name not in ("resourceType", "id")}
    for stem, names in {
        "effective": ("effectiveDateTime", "effectivePeriod"),
        "deceased": ("deceasedBoolean",),
    }.items():
        for name in names:
            # A partial date is held as the interval that it covers, a death at such a date as a death.
            if name in rest and any(key.startswith(stem) for key in document):
                rest.pop(name, None)
    for name in [name for name in rest if name.startswith("_")]:
        kept = [one for one in rest[name]["extension"] if one["url"] != DATA_ABSENT]
        rest.pop(name)
        assert not kept or name in document
    if rest.get("content") == [{"attachment": {"_url": {"extension": [value_absent("temp-unknown")]}}}]:
        rest.pop("content")
    for name in list(rest):
        value = rest[name]
        if value == {"extension": [value_absent()]} or value == [{"extension": [value_absent()]}]:
            rest.pop(name)
    return rest


def value_absent(reason: str = "unknown") -> dict[str, Any]:
    return {"url": DATA_ABSENT, "valueCode": reason}


@pytest.mark.parametrize(
    ("table", "tree"),
    [
        pytest.param(name, tree, id=f"{name}-{tree.get('id')}-{place}")
        for name, one in DECLARATIONS.items()
        if one.creatable
        for place, tree in enumerate(examples(one.resource_type))
        if one.accepts(tree)
    ],
)
def test_the_row_of_an_example_says_nothing_that_the_example_does_not(table: str, tree: dict[str, Any]) -> None:
    resource = DECLARATIONS[table]
    row = heard(resource, tree)
    if row is not None:
        assert contains(tree, beyond_defaults(resource.compose(row), tree))


@WRITABLE
@EFFORT
@given(data=st.data())
def test_the_row_of_any_resource_says_nothing_that_the_resource_does_not(table: str, data: st.DataObject) -> None:
    resource, tree = drawn(data, table)
    before = copy.deepcopy(tree)
    row = heard(resource, tree)
    assert tree == before
    if row is not None:
        assert contains(tree, beyond_defaults(resource.compose(row), tree))


@WRITABLE
@EFFORT
@given(data=st.data())
def test_a_resource_over_any_row_says_nothing_that_the_resource_does_not(table: str, data: st.DataObject) -> None:
    resource, tree = drawn(data, table)
    current = data.draw(rows(resource))
    before = copy.deepcopy(current)
    try:
        row = heard(resource, tree, current)
    except Unprocessable:
        return
    assert current == before
    if row is not None:
        row |= {name: current[name] for name in current if name not in row}
        said = resource.compose(row | {"document_version": 1})
        own = {"_status", "_docStatus", "_active", "_priority"}
        assert contains(tree, beyond_defaults({name: item for name, item in said.items() if name not in own}, tree))


@WRITABLE
@EFFORT
@given(data=st.data())
def test_a_document_put_back_unchanged_leaves_its_row_as_it_is(table: str, data: st.DataObject) -> None:
    resource, tree = drawn(data, table)
    row = heard(resource, tree)
    if row is None:
        return
    again = resource.decompose(plain(tree), row)
    assert unordered(resource, again) == unordered(resource, {name: row[name] for name in resource.columns})


def unordered(resource: Resource, row: dict[str, Any]) -> dict[str, Any]:
    """A row with its child rows in a fixed order: of equal telecoms none is the first."""
    made = dict(row)
    for child in resource.children:
        held = [{**one, "position": None} for one in made[child.projection] or ()]
        made[child.projection] = sorted(held, key=lambda one: repr(sorted(one.items())))
    return made
