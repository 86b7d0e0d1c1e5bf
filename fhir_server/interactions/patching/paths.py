"""The part of FHIRPath that says where a patch applies, as steps and conditions.

https://hl7.org/fhir/R4/fhirpatch.html and http://hl7.org/fhirpath/N1/

Steps are element names, `[0]`, `where(…)`, `first()`, `last()`, `single()`, `extension('url')`, `ofType(T)` and `as`.
Conditions compare a path with a literal or another path by `=` and `!=`, end a path in `exists()`, `empty()` or
`not()`, and join by `and`, `or` and parentheses. Nothing else is needed to name one place in one resource, and nothing
here can leave it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_server.json_text import Tree


@dataclass(frozen=True, slots=True)
class Child:
    """The elements called `name`; a choice may be called by its stem (`value`) or as in JSON (`valueQuantity`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """The one element at `position`, counted from 0 over all that the path has found so far."""

    position: int


@dataclass(frozen=True, slots=True)
class Last:
    """The last element."""


@dataclass(frozen=True, slots=True)
class Extension:
    """The extensions with this url."""

    url: str


@dataclass(frozen=True, slots=True)
class OfType:
    """The elements that have this type."""

    type_name: str


@dataclass(frozen=True, slots=True)
class Where:
    """The elements for which the condition holds."""

    condition: Condition


Step = Child | Item | Last | Extension | OfType | Where


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the resource, or inside a condition from the element that is judged (no steps: `$this`)."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, boolean, number, or date as its text."""

    value: Tree


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left = right`, or `!=` when negated; neither holds when a side finds nothing, or several elements."""

    left: Path | Literal
    right: Path | Literal
    negated: bool


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether the path finds anything, or nothing when negated."""

    path: Path
    negated: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether the path finds the boolean true, or false when negated."""

    path: Path
    negated: bool


@dataclass(frozen=True, slots=True)
class Every:
    """All of the conditions hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]


Condition = Comparison | Existence | Truth | Every | Some
