from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.branches import build, object_
from fhir_server.mapping.primitives import URL
from fhir_server.mapping.source import BooleanColumn, DateColumn, StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Atomic, Defaulted
from fhir_server.mapping.word import HeardRow
from fhir_server.mapping.words import always, by_default, code_of, period, positive, value
from tests.unit.mapping.columns import t


def heard(word: Any, said: Any, current: dict[str, Any] | None = None) -> dict[str, Any] | None:
    row = HeardRow(current)
    return dict(row) if word.decompose(said, row) else None


@pytest.mark.parametrize(
    ("column", "held", "said"),
    [
        (t.text, "a", "a"),
        (t.text, " ", ABSENT),
        (t.flag, False, False),
        (t.flag, None, ABSENT),
        (t.day, "2024-03-11", "2024-03-11"),
        (t.start, "2024-03-11T04:30:00+00:00", "2024-03-11T04:30:00Z"),
        (t.number, 5, 5),
        (t.amount, 12, 12),
        (t.amount, "NaN", ABSENT),
    ],
)
def test_a_column_says_its_value_as_the_primitive_of_its_type(column: Any, held: Any, said: Any) -> None:
    assert build(column).compose({column.name: held}) == said


def test_a_text_that_is_too_long_for_its_column_is_not_held() -> None:
    assert heard(value(t.short), "12345") == {"short": "12345"}
    assert heard(value(t.short), "123456") is None


def test_a_url_with_a_blank_is_not_said() -> None:
    assert value(t.text, URL).compose({"text": "https://x.example/a b"}) is ABSENT


def test_a_value_is_searched_by_the_kind_of_the_parameter() -> None:
    assert isinstance(value(t.flag).search_columns("token")[0], BooleanColumn)
    assert isinstance(value(t.text).search_columns("string")[0], StringColumn)
    assert isinstance(value(t.start).search_columns("date")[0], DateColumn)
    assert value(t.text).search_columns("reference") == ()


def test_only_what_every_resource_has_can_be_complete() -> None:
    assert value(t.name).search_columns("string")[0].complete
    assert not value(t.text).search_columns("string")[0].complete
    assert value(t.flag).search_columns("token")[0].complete


def test_a_code_outside_of_its_value_set_is_not_said_and_not_found() -> None:
    word = code_of(t.text, "Address.use")
    assert word.compose({"text": "home"}) == "home"
    assert word.compose({"text": "Home"}) is ABSENT
    found = word.search_columns("token")[0]
    assert isinstance(found, TokenColumn)
    assert found.stored("home") == ("home",)
    assert found.stored("Home") == ()


def test_another_code_is_said_where_fhir_demands_one_beside_a_value() -> None:
    word = code_of(t.text, "ContactPoint.system", otherwise="other", needs=t.name)
    assert word.compose({"text": "Phone", "name": "555"}) == "other"
    assert word.compose({"text": None, "name": "555"}) == "other"
    assert word.compose({"text": "Phone", "name": " "}) is ABSENT
    assert word.compose({"text": "fax", "name": None}) == "fax"


@pytest.mark.parametrize(("held", "said"), [(1, 1), (0, ABSENT), (-1, ABSENT), (None, ABSENT)])
def test_a_rank_below_one_is_not_said(held: Any, said: Any) -> None:
    assert positive(t.number).compose({"number": held}) == said


PERIOD = period(t.start, t.end)


def test_a_period_is_one_thing_that_is_never_half_replaced() -> None:
    said = PERIOD.compose({"start": "2024-03-11T04:30:00+00:00", "end": None})
    assert said == {"start": "2024-03-11T04:30:00Z"}
    assert isinstance(said, Atomic)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2024-03-11T04:30:00+00:00", "2024-03-11T04:30:00.5+00:00", True),
        ("2024-03-11T04:30:00+00:00", "2024-03-11T04:30:00+00:00", True),
        ("2024-03-11T04:30:00.5+00:00", "2024-03-11T04:30:00+00:00", False),
        ("2024-03-12T00:00:00+00:00", "2024-03-11T00:00:00+00:00", False),
        ("2024-03-12T00:00:00+00:00", "infinity", True),
    ],
)
def test_a_period_that_ends_before_it_starts_is_not_said(start: str, end: str, said: bool) -> None:
    assert (PERIOD.compose({"start": start, "end": end}) is not ABSENT) is said


def test_a_bound_of_a_period_that_is_no_instant_is_only_in_the_document() -> None:
    assert heard(PERIOD, {"start": "2020", "end": "2024-01-01T00:00:00Z"}) == {"end": "2024-01-01T00:00:00+00:00"}
    assert heard(PERIOD, {"start": "2020"}) is None


def test_a_constant_alone_makes_no_object() -> None:
    word = object_({"system": "phone", "value": t.text})
    assert word.compose({"text": None}) is ABSENT
    assert word.compose({"text": "5"}) == {"system": "phone", "value": "5"}


def test_an_object_with_another_constant_is_another_object() -> None:
    word = object_({"system": "phone", "value": t.text})
    assert heard(word, {"system": "fax", "value": "5"}) is None
    assert heard(word, {"value": "5"}) is None


def test_a_default_is_said_alone_but_need_not_be_repeated() -> None:
    word = object_({"value": t.text, "preferred": by_default(True)})
    said = word.compose({"text": "en"})
    assert said == {"value": "en", "preferred": True}
    assert isinstance(said, Defaulted)
    assert heard(word, {"value": "en"}) == {"text": "en"}
    assert heard(word, {"value": "en", "preferred": False}) is None


def test_what_every_row_is_can_be_searched_like_a_column() -> None:
    word = always({"coding": [{"system": "urn:kinds", "code": "maker"}]})
    assert word.compose({}) == {"coding": [{"system": "urn:kinds", "code": "maker"}]}
    assert [column.system for column in word.search_columns("token")] == ["urn:kinds"]
    assert heard(word, {"coding": [{"system": "urn:kinds", "code": "maker", "display": "Maker"}]}) == {}
    assert heard(word, {"coding": []}) is None
