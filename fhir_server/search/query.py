"""A raw query string as names and still escaped values: percent decoding, limits, and splitting on `,` `|` `$`.

https://hl7.org/fhir/R4/search.html#escaping

Percent encoding and the backslash are two levels: `%2C` is a separator like `,`, and `\\,` (also as `%5C%2C`) is a
comma in a value. A `+` means a blank, as in HTML forms; date values repair the offset sign that this takes from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from fhir_server.errors import InvalidRequest

SEPARATORS = ",|$"
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LEGIBLE = "/:|,$!*'();@-._~"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one search may ask for; more is a 400."""

    parameters: int = 200
    values: int = 1000
    value_length: int = 4096
    length: int = 262_144
    sort_keys: int = 10
    default_count: int = 50
    max_count: int = 1000
    chain_depth: int = 5
    links: int = 30


@dataclass(frozen=True, slots=True)
class Item:
    """One `name:modifier=value`; the value is percent decoded, its backslashes are still there."""

    name: str
    modifier: str | None
    value: str

    @property
    def full_name(self) -> str:
        """The name with its modifier, as the client wrote it."""
        return self.name if self.modifier is None else f"{self.name}:{self.modifier}"


@dataclass(frozen=True, slots=True)
class Query:
    """The items of a search in their order; repeated names stay repeated."""

    items: tuple[Item, ...] = ()


def parse_query(*texts: str, limits: Limits | None = None) -> Query:
    """The items of raw query strings and form bodies, one after the other.

    Characters beyond ASCII stand for themselves. Raises InvalidRequest for broken encoding, NUL, and more than
    `limits`.
    """
    limits = limits or Limits()
    if sum(map(len, texts)) > limits.length:
        raise InvalidRequest(f"The query is longer than {limits.length} characters.")
    parts = [part for text in texts for part in text.split("&") if part]
    if len(parts) > limits.parameters:
        raise InvalidRequest(f"The query has more than {limits.parameters} parameters.")
    return Query(tuple(map(_item, parts)))


def _item(part: str) -> Item:
    name, _, value = part.partition("=")
    parameter, colon, modifier = _decode(name, "a parameter name").partition(":")
    return Item(parameter, modifier if colon else None, _decode(value, f"parameter '{printable(parameter)}'"))


def _decode(text: str, where: str) -> str:
    if _BAD_PERCENT.search(text):
        raise InvalidRequest(f"Broken percent encoding in {where}.")
    try:
        decoded = unquote_to_bytes(text.replace("+", " ")).decode()
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise InvalidRequest(f"The percent encoding in {where} is not UTF-8.") from None
    if "\0" in decoded:
        raise InvalidRequest(f"NUL is not allowed in {where}.")
    return decoded


def printable(name: str) -> str:
    """A client's name for something, short and plain enough to stand in a diagnostics text."""
    return "".join(character if character.isprintable() else "?" for character in name[:64])


def encode_query(items: tuple[tuple[str, str], ...]) -> str:
    """The items as a query string that parses to the same items."""
    return "&".join(f"{quote(name, safe=_LEGIBLE)}={quote(value, safe=_LEGIBLE)}" for name, value in items)


def split(text: str, separator: str) -> list[str]:
    """The parts of `text` between separators that have no backslash before them; the parts stay escaped.

    >>> split(r"a,b\\,c", ",")
    ['a', 'b\\\\,c']
    """
    if separator not in text:
        return [text]
    if "\\" not in text:
        return text.split(separator)
    return list(_split_escaped(text, separator))


def _split_escaped(text: str, separator: str) -> Iterator[str]:
    start = position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        if text[position] == separator:
            yield text[start:position]
            start = position + 1
        position += 1
    yield text[start:]


def unescape(text: str) -> str:
    """The value that an escaped text says; raises InvalidRequest for a backslash before anything but `,` `|` `$` `\\`.

    >>> unescape(r"a\\,b")
    'a,b'
    """
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    character = match.group(1)
    if character == "" or character not in SEPARATORS + "\\":
        raise InvalidRequest(r"A backslash in a search value must be followed by one of , | $ \.")
    return character
