"""Parses the part of FHIRPath that R4 search parameters are written in.

https://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/searchparameter.html

That part is: paths, `|`, `and`, `=`, `!=`, `as`, `is`, `[n]`, `%resource`, and the functions named in `FUNCTIONS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

FUNCTIONS = frozenset({"as", "ofType", "where", "resolve", "exists", "extension", "hasExtension"})


@dataclass(frozen=True, slots=True)
class Resource:
    """`%resource`."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, boolean or integer."""

    value: str | bool | int


@dataclass(frozen=True, slots=True)
class Member:
    """`base.name`; without a base the name starts a path and may be that of a type."""

    base: Node | None
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`base.name(arguments)`."""

    base: Node | None
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`base[position]`."""

    base: Node
    position: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`left operator right`; the right side of `as` and `is` is a Member that names a type."""

    operator: str
    left: Node
    right: Node


Node: TypeAlias = Resource | Literal | Member | Call | Index | Operation

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|`(?P<quoted>[^`]*)`|'(?P<string>[^'\\]*)'|(?P<number>[0-9]+)"
    r"|(?P<symbol>!=|%resource|[().,\[\]|=]))"
)
# Loosest first; the operators of one row are read from left to right.
_PRECEDENCE = (("and",), ("=", "!="), ("|",), ("as", "is"))
_LITERALS = {"true": True, "false": False}


def parse(expression: str) -> Node:
    """The syntax tree of `expression`; raises ValueError for what lies outside the part described above."""
    reader = _Reader(expression)
    tree = reader.operation(0)
    reader.expect("end", "")
    return tree


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ValueError(f"cannot read FHIRPath {expression!r} at {position}")
        kind = "name" if match.lastgroup == "quoted" else match.lastgroup
        yield kind, match[match.lastgroup]
        position = match.end()
    yield "end", ""


class _Reader:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = tuple(_tokens(expression))
        self.position = 0

    @property
    def next(self) -> tuple[str, str]:
        return self.tokens[self.position]

    def take(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1][1]

    def accept(self, kind: str, text: str) -> bool:
        if self.next == (kind, text):
            self.position += 1
            return True
        return False

    def expect(self, kind: str, text: str | None = None) -> str:
        found_kind, found = self.next
        if found_kind != kind or (text is not None and found != text):
            raise ValueError(f"expected {text or kind} in FHIRPath {self.expression!r}, found {found!r}")
        return self.take() if kind != "end" else ""

    def operation(self, level: int) -> Node:
        if level == len(_PRECEDENCE):
            return self.path()
        left = self.operation(level + 1)
        while self.next[0] in ("name", "symbol") and self.next[1] in _PRECEDENCE[level]:
            operator = self.take()
            left = Operation(operator, left, self.operation(level + 1))
        return left

    def path(self) -> Node:
        node = self.start()
        while True:
            if self.accept("symbol", "."):
                node = self.invocation(node)
            elif self.accept("symbol", "["):
                node = Index(node, int(self.expect("number")))
                self.expect("symbol", "]")
            else:
                return node

    def start(self) -> Node:
        kind, text = self.next
        if kind in ("string", "number"):
            self.take()
            return Literal(int(text) if kind == "number" else text)
        if kind == "name" and text in _LITERALS:
            self.take()
            return Literal(_LITERALS[text])
        if self.accept("symbol", "%resource"):
            return Resource()
        if self.accept("symbol", "("):
            inner = self.operation(0)
            self.expect("symbol", ")")
            return inner
        return self.invocation(None)

    def invocation(self, base: Node | None) -> Node:
        name = self.expect("name")
        if not self.accept("symbol", "("):
            return Member(base, name)
        if name not in FUNCTIONS:
            raise ValueError(f"unknown function {name} in FHIRPath {self.expression!r}")
        arguments: list[Node] = []
        while not self.accept("symbol", ")"):
            arguments.append(self.operation(0))
            self.accept("symbol", ",")
        return Call(base, name, tuple(arguments))
