"""Reads the text of a `_filter` into a tree, by hand and with budgets; every fault names its place.

https://hl7.org/fhir/R4/search_filter.html

`and` and `or` have no precedence: they are taken from left to right. A path may name the type that a reference goes to
(`subject:Patient.name`) and may begin with `_has:Type:reference:`, which R4 leaves out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.errors import InvalidRequest

OPERATORS = (
    *("eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb"),
    *("pr", "po", "ss", "sb", "in", "ni", "re"),
)
MAX_LENGTH = 16_384
MAX_DEPTH = 24
"""Parentheses within each other; also how often `and` and `or` may take turns, for each turn is a level of the tree."""
MAX_COMPARISONS = 100

_SPACE = re.compile(r"\s*")
_HAS = re.compile(r"_has:([A-Za-z]{1,64}):([A-Za-z_][A-Za-z0-9_\-]{0,63}):")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_\-]{0,63})(?::([A-Za-z]{1,64}))?")
_WORD = re.compile(r"[^\s()\[\]\"]+")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"')
_TOKEN = re.compile(r"[^\s)\]\"][^\s)\]]*")


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path; `named` is the type that its reference is to go to, `within` what is asked of that end.

    With `source` it is a step back, from resources of that type whose reference `name` is.
    """

    name: str
    named: str | None = None
    within: Filter | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison; `position` counts characters from 1."""

    path: tuple[Step, ...]
    operator: str
    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Combined:
    """Parts joined by `and` or by `or`."""

    word: str
    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """`not (…)`."""

    part: Filter


Filter: TypeAlias = Comparison | Combined | Negated


def read_syntax(text: str) -> Filter:
    """The tree of a filter; raises InvalidRequest for what the grammar or a budget does not allow."""
    if len(text) > MAX_LENGTH:
        raise InvalidRequest(f"The _filter is longer than {MAX_LENGTH} characters.")
    reader = _Reader(text)
    found, _ = reader.filter(0)
    if reader.position < len(text):
        raise reader.fault("expected 'and', 'or' or the end")
    return found


def comparisons(found: Filter) -> Iterator[Comparison]:
    """The comparisons of a filter from left to right, without those in the brackets of their paths."""
    match found:
        case Combined(_, parts):
            for part in parts:
                yield from comparisons(part)
        case Negated(part):
            yield from comparisons(part)
        case Comparison():
            yield found


class _Reader:
    """Recursive descent over one text; each level says how high its tree is."""

    def __init__(self, text: str) -> None:
        self.text, self.position, self.count = text, 0, 0

    def fault(self, what: str, position: int | None = None) -> InvalidRequest:
        """The error for what stands at a position, now where none is given."""
        at = (self.position if position is None else position) + 1
        return InvalidRequest(f"_filter, character {at}: {what}.")

    def filter(self, depth: int) -> tuple[Filter, int]:
        """Terms joined by `and` and `or`, and the height of their tree."""
        found, height = self._term(depth)
        while (word := self._connective()) is not None:
            if not isinstance(found, Combined) or found.word != word:
                found, height = Combined(word, (found,)), height + 1
            other, other_height = self._term(depth)
            found = Combined(word, (*found.parts, other))
            height = self._allowed(max(height, other_height + 1))
        return found, height

    def _allowed(self, height: int) -> int:
        if height > MAX_DEPTH:
            raise self.fault(f"the filter is more than {MAX_DEPTH} levels deep")
        return height

    def _connective(self) -> str | None:
        self._skip()
        found = _WORD.match(self.text, self.position)
        if found is None or found[0] not in ("and", "or"):
            return None
        self.position = found.end()
        return found[0]

    def _term(self, depth: int) -> tuple[Filter, int]:
        self._skip()
        self._allowed(depth + 1)
        negated = self._negation()
        if not negated and not self._is("("):
            return self._test(depth)
        self._expect("(", "after 'not'")
        found, height = self.filter(depth + 1)
        self._expect(")", "to close the parenthesis")
        return (Negated(found), self._allowed(height + 1)) if negated else (found, height)

    def _negation(self) -> bool:
        found = _WORD.match(self.text, self.position)
        if found is None or found[0] != "not":
            return False
        behind = _SPACE.match(self.text, found.end())
        if behind is None or not self.text.startswith("(", behind.end()):
            return False
        self.position = behind.end()
        return True

    def _test(self, depth: int) -> tuple[Comparison, int]:
        start = self.position
        self.count += 1
        if self.count > MAX_COMPARISONS:
            raise self.fault(f"the filter has more than {MAX_COMPARISONS} comparisons")
        steps = tuple(self._path(depth))
        height = self._allowed(len(steps) + max(below for _, below in steps))
        if not self._skip():
            raise self.fault("expected a blank and an operator after the parameter")
        operator = _WORD.match(self.text, self.position)
        if operator is None or operator[0] not in OPERATORS:
            raise self.fault(f"expected an operator: {', '.join(OPERATORS)}")
        self.position = operator.end()
        if not self._skip():
            raise self.fault("expected a blank and a value after the operator")
        return Comparison(tuple(step for step, _ in steps), operator[0], self._value(), start + 1), height

    def _path(self, depth: int) -> Iterator[tuple[Step, int]]:
        """The steps, each with the height of what stands in its brackets."""
        while True:
            back = _HAS.match(self.text, self.position)
            if back is not None:
                self.position = back.end()
                yield Step(back[2], source=back[1]), 0
                continue
            found = _NAME.match(self.text, self.position)
            if found is None:
                raise self.fault("expected a search parameter")
            self.position = found.end()
            within, height = self._within(depth) if self._is("[") else (None, 0)
            yield Step(found[1], found[2], within), height
            if not self._is("."):
                if within is not None:
                    raise self.fault("expected '.' and a parameter after ']'")
                return
            self.position += 1

    def _within(self, depth: int) -> tuple[Filter, int]:
        self.position += 1
        found, height = self.filter(depth + 1)
        self._expect("]", "to close the bracket")
        return found, height

    def _value(self) -> str:
        if self._is('"'):
            found = _STRING.match(self.text, self.position)
            if found is None:
                raise self.fault("expected a JSON string")
            start, self.position = self.position, found.end()
            value: str = json.loads(found[0])
            if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
                raise self.fault("the string holds a character that no text has", start)
            if not value:
                raise self.fault("the string is empty", start)
            return value
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            raise self.fault("expected a value")
        self.position = found.end()
        return found[0]

    def _is(self, character: str) -> bool:
        return self.text.startswith(character, self.position)

    def _expect(self, character: str, why: str) -> None:
        self._skip()
        if not self._is(character):
            raise self.fault(f"expected '{character}' {why}")
        self.position += 1

    def _skip(self) -> bool:
        found = _SPACE.match(self.text, self.position)
        start, self.position = self.position, found.end() if found else self.position
        return self.position > start
