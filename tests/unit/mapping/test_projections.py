from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import Unprocessable
from fhir_server.mapping.branches import array
from fhir_server.mapping.identifiers import contact_point
from fhir_server.mapping.projections import derived, many, projected
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow
from tests.unit.mapping.columns import c, children, t

ITEMS = many(t.listed, children, {"system": c.kind, "value": c.value})


def taken(items: list[Any], current: Any = None) -> Any:
    row = HeardRow(None if current is None else {"listed": current})
    ITEMS.take(items, row)
    return row["listed"]


def test_child_rows_are_said_in_their_order_and_known_by_key_or_place() -> None:
    said = ITEMS.compose({"listed": [{"id": 7, "value": "a"}, {"value": " "}, {"value": "b"}]})
    assert said == [{"value": "a"}, {"value": "b"}]
    assert said.keys == ("7", "#2")
    assert ITEMS.compose({"listed": None}) is ABSENT


def test_items_become_child_rows_with_all_columns_and_their_position() -> None:
    assert taken([{"value": "a"}, {"other": 1}, {"value": "b", "system": "x"}]) == [
        {"kind": None, "value": "a", "position": 0},
        {"kind": "x", "value": "b", "position": 1},
    ]
    assert taken([]) is None


def test_child_rows_that_still_say_the_same_are_not_written_again() -> None:
    current = [{"value": "a", "id": 7}, {"value": " "}]
    assert taken([{"value": "a"}], current) == current
    assert taken([{"value": "a", "period": {"start": "2020"}}], current) == current


def test_a_new_order_is_written() -> None:
    current = [{"value": "a"}, {"value": "b"}]
    assert [row["value"] for row in taken([{"value": "b"}, {"value": "a"}], current)] == ["b", "a"]


def test_what_goes_on_saying_a_child_row_is_not_for_the_column_beside_it() -> None:
    word = array([contact_point("phone", t.short), ITEMS])
    current = {"short": None, "listed": [{"kind": "phone", "value": "555"}]}
    row = HeardRow(current)
    word.decompose([{"system": "phone", "value": "555", "use": "home"}], row)
    assert row == current


def test_a_primitive_of_another_table_is_read_from_its_copy() -> None:
    word = projected(t.data, "last_name")
    assert word.compose({"data": {"last_name": "Smith"}}) == "Smith"
    assert word.compose({"data": None}) is ABSENT
    assert word.compose({"data": ["odd"]}) is ABSENT


NAME = derived({"family": projected(t.data, "last_name")}, "Practitioner.name")


def test_what_another_record_owns_must_stay_as_it_is() -> None:
    row = HeardRow({"data": {"last_name": "Smith"}})
    NAME.take([{"family": "Smith", "given": ["Ann"]}], row)
    with pytest.raises(Unprocessable) as error:
        NAME.take([{"family": "Jones"}], row)
    assert error.value.expression == ("Practitioner.name",)
    with pytest.raises(Unprocessable):
        NAME.decompose_from({}, "name", row)


def test_what_no_other_record_says_is_the_clients_own() -> None:
    NAME.take([{"family": "Jones"}], HeardRow({"data": None}))
    NAME.take([{"family": "Jones"}], HeardRow())
