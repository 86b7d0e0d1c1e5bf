"""JSON text to trees and back keeps numbers, order and text, and refuses what is not JSON."""

from __future__ import annotations

import contextlib
import copy
import pickle
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest
from fhir_server.json_text import MAX_DEPTH, DecimalText, Tree, encode_json, parse_json, pretty_json, read_json

NUMBERS = ["1.50", "100.00", "1e2", "1E+2", "-0.0", "0.10", "12345678901234567890.123456789", "1e-7", "7", "-12"]

_numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=5).map(
        lambda number: DecimalText(f"{number:f}")
    ),
)
_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
_trees: st.SearchStrategy[Tree] = st.recursive(
    st.one_of(st.none(), st.booleans(), _texts, _numbers),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(_texts, inner, max_size=5)),
    max_leaves=30,
)


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_printed_as_they_were_written(text: str) -> None:
    assert encode_json(parse_json(text.encode())) == text.encode()


@pytest.mark.parametrize("text", ["1.50", "1e2", "1.0", "0.1"])
def test_a_number_with_a_fraction_or_exponent_is_a_decimal_with_its_text(text: str) -> None:
    number = parse_json(text.encode())
    assert isinstance(number, DecimalText)
    assert number == Decimal(text)
    assert number.text == text


def test_a_whole_number_is_an_int() -> None:
    assert type(parse_json(b"100")) is int


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copied_decimal_keeps_its_text(duplicate: Any) -> None:
    copied = duplicate(DecimalText("1e2"))
    assert isinstance(copied, DecimalText)
    assert copied.text == "1e2"


def test_a_decimal_text_equals_a_decimal_of_the_same_value_and_hashes_alike() -> None:
    assert DecimalText("1.50") == Decimal("1.5")
    assert hash(DecimalText("1.50")) == hash(Decimal("1.5"))


def test_a_text_that_is_no_number_makes_no_decimal() -> None:
    with pytest.raises(InvalidOperation):
        DecimalText("one")


@given(_trees)
def test_what_is_encoded_parses_to_an_equal_tree(tree: Tree) -> None:
    assert parse_json(encode_json(tree)) == tree


@given(_trees)
def test_pretty_text_says_the_same(tree: Tree) -> None:
    assert parse_json(pretty_json(tree)) == tree


def test_the_order_of_keys_is_kept() -> None:
    assert encode_json(parse_json(b'{"z": 1, "a": 2, "m": {"y": 1, "b": 2}}')) == b'{"z":1,"a":2,"m":{"y":1,"b":2}}'


def test_text_outside_of_ascii_is_written_as_utf_8() -> None:
    assert encode_json(parse_json(b'"M\\u00fcller \\ud83d\\ude00"')) == '"Müller 😀"'.encode()


def test_pretty_json_keeps_number_text_and_indents() -> None:
    assert pretty_json(parse_json(b'{"a":[1.50]}')) == b'{\n  "a": [\n    1.50\n  ]\n}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is empty"),
        (b" \n ", "The body is empty"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"{} x", "trailing"),
        (b'{"a":1,}', "comma"),
        (b"{'a':1}", "not JSON"),
        (b"NaN", "not JSON"),
        (b"[Infinity]", "not JSON"),
        (b"[-Infinity]", "not JSON"),
        (b"01", "not JSON"),
        (b".5", "not JSON"),
        (b"+1", "not JSON"),
        (b"/* x */ 1", "not JSON"),
        (b'"\\ud800"', "not JSON"),
        (b'"\\udc00x"', "not JSON"),
        (b'"\\ud800\\u0041"', "not JSON"),
        (b'"a\x00b"', "not JSON"),
        (b'"a\nb"', "not JSON"),
        (b'"\\u0000"', "U+0000"),
        (b'{"a\\u0000":1}', "U+0000"),
        (b'"\\\\\\u0000"', "U+0000"),
        (b'"\xff"', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        (b"{\x00}", "not JSON"),
        ('{"a":1}'.encode("utf-16"), "not JSON"),
        (b'{"a":1,"a":1}', "property 'a' more than once"),
        (b'{"b":{"a" : 1, "a":2}}', "property 'a' more than once"),
        (b'{"a":"x\\u003ay","a" :2}', "property 'a' more than once"),
        (b'{"a":1,"\\u0061":2}', "property 'a' more than once"),
        (b'{"secret text":1,"secret text":2}', "has the property more than once"),
        (b"9" * 5000, "too many digits"),
        (b"9" * 129, "too many digits"),
        (b"1." + b"9" * 5000, "too many digits"),
        (b"1e1001", "too large an exponent"),
        (b"1e-1001", "too large an exponent"),
        (b"1e999999999999999999999", "too large an exponent"),
        (b"[" * 65 + b"]" * 65, "nested deeper"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested deeper"),
        (b'[{"a":' * 33 + b"1" + b"}]" * 33, "nested deeper"),
    ],
)
def test_what_is_not_json_is_refused_with_a_reason(body: bytes, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_json(body)
    assert said in caught.value.diagnostics
    assert caught.value.status == 400
    assert [issue.code for issue in caught.value.issues] == ["structure"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"x:y","b":"{[{["}',
        b'{"a":"\\\\","b":"\\":\\""}',
        b'{"a\\"b":1,"a":2}',
        b'"\\\\u0000"',
        b'{"a":"\\u003a\\u003A","b":1}',
        b'{"a":{"b":1},"b":{"a":1}}',
        b'["\\ud83d\\ude00"]',
        b'"\\\\\\\\"',
        b'{"":1}',
    ],
)
def test_marks_inside_of_strings_do_not_confuse_the_guards(body: bytes) -> None:
    assert parse_json(encode_json(parse_json(body))) == parse_json(body)


def test_the_deepest_allowed_nesting_is_read() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_a_refusal_repeats_nothing_of_the_body() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_json(b'{"family":"Musterfrau" oops}')
    assert "Musterfrau" not in str(caught.value.to_outcome())


def test_digits_in_a_string_are_no_number() -> None:
    assert parse_json(b'"' + b"9" * 5000 + b'"') == "9" * 5000


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        assert parse_json(encode_json(parse_json(body))) == parse_json(body)


@given(st.text('{}[]":,\\u0123456789abe. -', max_size=40))
def test_any_text_of_json_marks_is_read_or_refused(text: str) -> None:
    try:
        tree = parse_json(text.encode())
    except InvalidRequest:
        return
    assert parse_json(encode_json(tree)) == tree


def test_what_the_database_printed_is_read_with_its_number_text() -> None:
    assert encode_json(read_json(b'{"a": 1.50}')) == b'{"a":1.50}'
