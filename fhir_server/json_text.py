"""JSON text to plain trees and back, without losing how a number was written or what an object said twice.

https://hl7.org/fhir/R4/json.html and https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, Self, TypeAlias

import msgspec

from fhir_server.errors import InvalidRequest, Issue

Tree: TypeAlias = Any
"""dict (key order kept), list, str, bool, int, None and DecimalText; dict at the top for a resource."""

MAX_DEPTH = 64
MAX_NUMBER_LENGTH = 128
MAX_EXPONENT = 1000


class DecimalText(Decimal):
    """A number written with `.` or `e`: compares and computes as a Decimal, prints `text` as it was written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Raises decimal.InvalidOperation unless `text` is a number."""
        number = Decimal.__new__(cls, text)
        number.text = text
        return number

    # Decimal copies and pickles through str(), which turns 1e2 into 1E+2.
    def __reduce__(self) -> tuple[type[DecimalText], tuple[str]]:
        return DecimalText, (self.text,)

    def __copy__(self) -> DecimalText:
        return self

    def __deepcopy__(self, memo: Any) -> DecimalText:
        return self


class _NumberOutOfRange(ValueError):
    pass


def _decimal(text: str) -> DecimalText:
    if len(text) > MAX_NUMBER_LENGTH:
        raise _NumberOutOfRange
    try:
        number = DecimalText(text)
    except InvalidOperation:
        raise _NumberOutOfRange from None
    # 1e99999 is five characters here and a hundred thousand digits in a numeric column.
    if not -MAX_EXPONENT <= number.adjusted() <= MAX_EXPONENT:
        raise _NumberOutOfRange
    return number


def _raw(value: object) -> msgspec.Raw:
    if isinstance(value, DecimalText):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} has no JSON form")


_decoder = msgspec.json.Decoder(float_hook=_decimal)
_row_decoder = msgspec.json.Decoder(float_hook=DecimalText)
_encoder = msgspec.json.Encoder(enc_hook=_raw, decimal_format="number")
_LONG_NUMBER = re.compile(rb"[0-9]{%d}" % (MAX_NUMBER_LENGTH + 1))
_TO_BRACES = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_ELEMENT_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


def parse_json(body: bytes) -> Tree:
    """The tree that `body` says.

    Raises InvalidRequest (issue code `structure`) for anything that is not RFC 8259 JSON in UTF-8, for repeated keys,
    more than MAX_DEPTH levels, numbers nobody measures, and U+0000. The size of `body` is the caller's concern.
    """
    try:
        tree = _decoder.decode(body)
    except RecursionError:
        _refuse(f"The JSON is nested deeper than {MAX_DEPTH} levels")
    except UnicodeDecodeError:
        _refuse("The JSON is not encoded in UTF-8")
    except _NumberOutOfRange:
        _refuse("A number has too many digits or too large an exponent")
    except msgspec.ValidationError:
        _refuse("A number has too many digits or too large an exponent")
    except msgspec.DecodeError as error:
        _refuse(_describe(body, str(error)))
    _check(body, tree)
    return tree


def _check(body: bytes, tree: Tree) -> None:
    escapes = body.replace(b"\\\\", b"") if b"\\" in body else b""
    if b"\\u0000" in escapes:
        _refuse("The character U+0000 is not allowed")
    structure = _outside_strings(body)
    if _LONG_NUMBER.search(structure):
        _refuse("A number has too many digits or too large an exponent")
    brackets = structure.translate(_TO_BRACES, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            break
        brackets = brackets.replace(b"{}", b"")
    else:
        if brackets:
            _refuse(f"The JSON is nested deeper than {MAX_DEPTH} levels")
    # The decoder keeps the last of repeated keys: then its tree, written again, has fewer colons than the body, unless
    # a colon in a string was written as an escape, which makes the plain count useless.
    if b"\\u003" in escapes:
        complete = structure.count(b":") == _outside_strings(_encoder.encode(tree)).count(b":")
    else:
        complete = body.count(b":") == _encoder.encode(tree).count(b":")
    if not complete:
        _refuse(_describe_repeated_key(body))


def _outside_strings(text: bytes) -> bytes:
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    # With no escaped quotes left, every second piece between quotes stands outside of strings.
    return b"".join(text.split(b'"')[::2])


def _describe(body: bytes, reason: str) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        return "The JSON starts with a byte order mark"
    if not body.strip():
        return "The body is empty"
    # The decoder's messages name a byte position and never the text that stands there.
    return f"The body is not JSON: {reason.removeprefix('JSON is malformed: ')}"


def _describe_repeated_key(body: bytes) -> str:
    repeated: list[str] = []

    def remember(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                repeated.append(key)
            seen.add(key)

    json.loads(body, object_pairs_hook=remember)
    key = repeated[0] if repeated else ""
    # Only what looks like an element's name is repeated to the caller; a key may hold anything.
    name = f" '{key}'" if _ELEMENT_NAME.fullmatch(key) else ""
    return f"An object has the property{name} more than once"


def _refuse(diagnostics: str) -> NoReturn:
    raise InvalidRequest(diagnostics, issues=(Issue("error", "structure", diagnostics),)) from None


def encode_json(tree: Tree) -> bytes:
    """`tree` as compact UTF-8 JSON: keys in their order, DecimalText as it was written, Decimal as str() has it."""
    return _encoder.encode(tree)


def pretty_json(tree: Tree) -> bytes:
    """`tree` as UTF-8 JSON indented by two blanks, for people."""
    return msgspec.json.format(_encoder.encode(tree), indent=2)


def read_json(body: bytes) -> Tree:
    """The tree of JSON that the database printed: no guards, it was guarded when it came in or is the portal's."""
    return _row_decoder.decode(body)
