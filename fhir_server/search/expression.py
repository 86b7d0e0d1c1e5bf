"""The tree a search is: small frozen nodes that print as s-expressions and know their shape.

https://hl7.org/fhir/R4/search.html

A *leaf* asks one search parameter for something and says nothing about tables. Two trees of equal `shape()` differ
only in values that travel as statement parameters, so one compiled statement serves both; whatever decides about the
SQL text must be part of the shape.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

Shape: TypeAlias = Hashable


class Expression:
    """A node; the subclasses are all there is."""

    __slots__ = ()

    def shape(self) -> Shape:
        """What of this node decides about the SQL text."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Anything(Expression):
    """Every resource."""

    def shape(self) -> Shape:
        return "anything"

    def __str__(self) -> str:
        return "(anything)"


@dataclass(frozen=True, slots=True)
class Nothing(Expression):
    """No resource."""

    def shape(self) -> Shape:
        return "nothing"

    def __str__(self) -> str:
        return "(nothing)"


@dataclass(frozen=True, slots=True)
class And(Expression):
    """All of the parts."""

    parts: tuple[Expression, ...]

    def shape(self) -> Shape:
        return ("and", *(part.shape() for part in self.parts))

    def __str__(self) -> str:
        return _printed("and", self.parts)


@dataclass(frozen=True, slots=True)
class Or(Expression):
    """At least one of the parts."""

    parts: tuple[Expression, ...]

    def shape(self) -> Shape:
        return ("or", *(part.shape() for part in self.parts))

    def __str__(self) -> str:
        return _printed("or", self.parts)


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """Resources that `part` does not match, also those without any value."""

    part: Expression

    def shape(self) -> Shape:
        return ("not", self.part.shape())

    def __str__(self) -> str:
        return _printed("not", (self.part,))


@dataclass(frozen=True, slots=True)
class Link(Expression):
    """Resources that references join with others: theirs under one of `parameters` lead to these, or (reverse) back.

    Each of `alternatives` names types of the others and the condition on them.
    """

    parameters: tuple[str, ...]
    alternatives: tuple[tuple[tuple[str, ...], Expression], ...]
    reverse: bool = False

    def shape(self) -> Shape:
        return ("link", self.parameters, self.reverse, *((types, inner.shape()) for types, inner in self.alternatives))

    def __str__(self) -> str:
        others = (f"({','.join(types)} {inner})" for types, inner in self.alternatives)
        return _printed("has" if self.reverse else "chain", (*self.parameters, *others))

    def mapped(self, change: Callable[[Expression], Expression]) -> Link:
        """The same link with every condition changed."""
        return replace(self, alternatives=tuple((types, change(inner)) for types, inner in self.alternatives))


@dataclass(frozen=True, slots=True)
class Guarded(Expression):
    """What a link asks of the resources at its end, and what is visible of their types.

    Contained resources are seen with their container: of them, only `asked` must hold.
    """

    asked: Expression
    visible: Expression

    def shape(self) -> Shape:
        return ("guarded", self.asked.shape(), self.visible.shape())

    def __str__(self) -> str:
        return _printed("guarded", (self.asked, self.visible))


@dataclass(frozen=True, slots=True)
class Leaf(Expression):
    """What is asked of one search parameter; `table` names the attribute of Store with its index rows."""

    parameter: str
    table: ClassVar[str] = ""
    only_rows: ClassVar[bool] = False
    """Whether columns cannot answer this leaf even where they hold all that the parameter finds."""

    def words(self) -> tuple[object, ...]:
        """What stands after the parameter in the s-expression."""
        raise NotImplementedError

    def parameters(self, resource_type: str) -> tuple[str, ...]:
        """The parameters of a type whose index rows may answer."""
        return (self.parameter,)

    def linked(self) -> tuple[str, ...]:
        """The types of other resources that the leaf looks at."""
        return ()

    def __str__(self) -> str:
        return _printed(type(self).__name__.lower(), (self.parameter, *self.words()))


@dataclass(frozen=True, slots=True)
class Present(Leaf):
    """The parameter finds a value at all; `kind` is the parameter's type."""

    kind: str

    def shape(self) -> Shape:
        return ("present", self.parameter, self.kind)

    def words(self) -> tuple[object, ...]:
        return (self.kind,)


@dataclass(frozen=True, slots=True)
class Numbered(Expression):
    """A leaf with its place in the list that `leaves` yields: later searches of this shape take its values there."""

    number: int
    leaf: Leaf

    def shape(self) -> Shape:
        return self.leaf.shape()

    def __str__(self) -> str:
        return str(self.leaf)


def _printed(name: str, parts: tuple[object, ...]) -> str:
    return f"({' '.join((name, *map(str, parts)))})"


def leaves(expression: Expression) -> Iterator[Leaf]:
    """The leaves from left to right."""
    match expression:
        case Leaf():
            yield expression
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case Link():
            for _, inner in expression.alternatives:
                yield from leaves(inner)


def linked_types(expression: Expression) -> Iterator[str]:
    """The types of all resources that links lead to or come from, however deep."""
    match expression:
        case Leaf():
            yield from expression.linked()
        case And(parts) | Or(parts):
            for part in parts:
                yield from linked_types(part)
        case Not(part):
            yield from linked_types(part)
        case Link():
            for types, inner in expression.alternatives:
                yield from types
                yield from linked_types(inner)


def numbered(expression: Expression, numbers: Iterator[int]) -> Expression:
    """The same tree with every leaf numbered in the order of `leaves`."""
    match expression:
        case Leaf():
            return Numbered(next(numbers), expression)
        case And(parts):
            return And(tuple(numbered(part, numbers) for part in parts))
        case Or(parts):
            return Or(tuple(numbered(part, numbers) for part in parts))
        case Not(part):
            return Not(numbered(part, numbers))
        case Link():
            return expression.mapped(lambda inner: numbered(inner, numbers))
    return expression
