"""The text of a path, taken apart into its steps; everything but the supported part of FHIRPath is refused.

http://hl7.org/fhirpath/N1/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from fhir_server.interactions.patching.paths import (
    Child,
    Comparison,
    Condition,
    Every,
    Existence,
    Extension,
    Item,
    Last,
    Literal,
    OfType,
    Path,
    Some,
    Step,
    Truth,
    Where,
)
from fhir_server.json_text import DecimalText

MAX_LENGTH = 2000
# Parentheses are tried as a path and then as a condition, so nesting costs twice as much for every level.
MAX_NESTING = 8
MAX_DIGITS = 30


class PathSyntaxError(ValueError):
    """The text is no path of the supported kind; the message repeats nothing of it, since it may hold an identifier."""


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<name>[A-Za-z_][A-Za-z0-9_]{0,63}) |
        `(?P<quoted_name>[A-Za-z_][A-Za-z0-9_]{0,63})` |
        '(?P<string>(?:[^'\\]|\\.)*)' |
        @(?P<date>[0-9TZ:+.-]+) |
        (?P<number>-?[0-9]+(?:\.[0-9]+)?) |
        (?P<this>\$this) |
        (?P<sign>!=|[.()\[\]=])
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_ESCAPED = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_BOOLEANS = {"true": True, "false": False}
_SUBSETTING: dict[str, tuple[Step, ...]] = {"first": (Item(0),), "last": (Last(),), "single": ()}
# How a path in a condition may end: the node, and whether it is negated.
_ENDINGS: dict[str, tuple[type[Existence | Truth], bool]] = {
    "exists": (Existence, False),
    "empty": (Existence, True),
    "not": (Truth, True),
}


def parse_path(text: str, resource_type: str) -> Path:
    """The steps of `text`, from a resource of the type, whose name may stand in front. Raises PathSyntaxError."""
    if len(text) > MAX_LENGTH:
        raise PathSyntaxError(f"it is longer than {MAX_LENGTH} characters")
    parser = _Parser(_tokens(text))
    path = parser.path(frozenset({resource_type, "Resource", "DomainResource"}))
    parser.end()
    return path


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def _tokens(text: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        found = _TOKEN.match(stripped, position)
        if found is None or found.lastgroup is None:
            raise PathSyntaxError(f"it has something unknown at character {position + 1}")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        position = found.end()
    tokens.append(_Token("end", "", len(stripped)))
    return tuple(tokens)


def _unescape(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[2] not in _ESCAPED:
            raise PathSyntaxError("a string in it has an unknown escape")
        return _ESCAPED[found[2]]

    return _ESCAPE.sub(one, text)


class _Parser:
    __slots__ = ("at", "nesting", "tokens")

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self.tokens = tokens
        self.at = 0
        self.nesting = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.next
        self.at += 1
        return token

    def follows(self, text: str, kind: str = "sign") -> bool:
        """Whether the next token is `text`, which is then taken."""
        if self.next.kind == kind and self.next.text == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.follows(text):
            self.refuse(f"'{text}'")

    def end(self) -> None:
        if self.next.kind != "end":
            self.refuse("its end")

    def refuse(self, wanted: str) -> NoReturn:
        raise PathSyntaxError(f"at character {self.next.position + 1} it should have {wanted}")

    def path(self, roots: frozenset[str] = frozenset()) -> Path:
        """A path; a first name that is one of `roots` stands for the start itself."""
        steps = self.start(roots)
        while True:
            if self.follows("."):
                if self.next.kind == "name" and self.next.text in _ENDINGS and self.is_call():
                    self.at -= 1
                    break
                steps.extend(self.step())
            elif self.follows("["):
                steps.append(Item(self.integer()))
                self.expect("]")
            elif self.follows("as", "name"):
                steps.append(OfType(self.type_name()))
            else:
                break
        return Path(tuple(steps))

    def start(self, roots: frozenset[str]) -> list[Step]:
        if self.follows("("):
            self.enter()
            inner = self.path(roots)
            self.leave()
            return list(inner.steps)
        if self.next.kind == "this":
            self.take()
            return []
        if self.next.kind == "name" and self.next.text in roots and not self.is_call():
            self.take()
            return []
        return list(self.step())

    def step(self) -> tuple[Step, ...]:
        if self.next.kind == "quoted_name":
            return (Child(self.take().text),)
        if self.next.kind != "name":
            self.refuse("an element or a function")
        if not self.is_call():
            return (Child(self.take().text),)
        return self.call()

    def is_call(self) -> bool:
        following = self.tokens[self.at + 1]
        return following.kind == "sign" and following.text == "("

    def call(self) -> tuple[Step, ...]:
        name = self.next.text
        if name not in _SUBSETTING and name not in ("where", "extension", "ofType", "as"):
            self.refuse("an element or one of where, first, last, single, extension, ofType, as")
        self.take()
        self.take()
        self.enter()
        steps: tuple[Step, ...] = _SUBSETTING.get(name, ())
        if name == "where":
            steps = (Where(self.condition()),)
        elif name == "extension":
            steps = (Extension(self.string()),)
        elif name in ("ofType", "as"):
            steps = (OfType(self.type_name()),)
        self.leave()
        return steps

    def enter(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise PathSyntaxError(f"it has more than {MAX_NESTING} parentheses inside each other")

    def leave(self) -> None:
        self.expect(")")
        self.nesting -= 1

    def integer(self) -> int:
        if self.next.kind != "number" or not self.next.text.isdigit() or len(self.next.text) > 9:
            self.refuse("a position")
        return int(self.take().text)

    def string(self) -> str:
        if self.next.kind != "string":
            self.refuse("a string in single quotes")
        return _unescape(self.take().text)

    def type_name(self) -> str:
        if self.next.kind not in ("name", "quoted_name"):
            self.refuse("a type")
        name = self.take().text
        if name == "FHIR" and self.follows("."):
            return self.type_name()
        return name

    def condition(self) -> Condition:
        conditions = [self.conjunction()]
        while self.follows("or", "name"):
            conditions.append(self.conjunction())
        return conditions[0] if len(conditions) == 1 else Some(tuple(conditions))

    def conjunction(self) -> Condition:
        conditions = [self.term()]
        while self.follows("and", "name"):
            conditions.append(self.term())
        return conditions[0] if len(conditions) == 1 else Every(tuple(conditions))

    def term(self) -> Condition:
        if self.next.kind == "sign" and self.next.text == "(":
            start, nesting = self.at, self.nesting
            try:
                return self.comparison()
            except PathSyntaxError:
                self.at, self.nesting = start, nesting
            self.take()
            self.enter()
            inner = self.condition()
            self.leave()
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        left = self.operand()
        if isinstance(left, Path) and self.follows("."):
            node, negated = _ENDINGS[self.take().text]
            self.take()
            self.expect(")")
            while self.follows("."):
                if not self.follows("not", "name"):
                    self.refuse("'not()'")
                self.expect("(")
                self.expect(")")
                negated = not negated
            return node(left, negated)
        for sign, negated in (("=", False), ("!=", True)):
            if self.follows(sign):
                return Comparison(left, self.operand(), negated)
        if isinstance(left, Literal):
            self.refuse("'=' or '!='")
        return Truth(left, negated=False)

    def operand(self) -> Path | Literal:
        kind, text = self.next.kind, self.next.text
        if kind == "string":
            return Literal(self.string())
        if kind == "name" and text in _BOOLEANS:
            return Literal(_BOOLEANS[self.take().text])
        if kind == "date":
            return Literal(self.take().text)
        if kind == "number":
            if len(text) > MAX_DIGITS:
                self.refuse("a shorter number")
            return Literal(DecimalText(self.take().text))
        return self.path()
