"""Small pieces that constraints are put together from: each makes a yes-or-no function of one JSON object.

https://hl7.org/fhir/R4/fhirpath.html

An element exists when it has a value or, for a primitive, at least a `_` sibling with an extension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]
Predicate: TypeAlias = Callable[[Node], bool]

UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant of the specification: `holds` is true for a JSON object that keeps it, `text` says what it asks.

    `explain` may tell more about an object that breaks it, without repeating values.
    """

    key: str
    text: str
    holds: Predicate
    explain: Callable[[Node], str] | None = None


Constraints: TypeAlias = Mapping[str, tuple[Constraint, ...]]
"""Definition path (`Patient`, `Patient.contact`, `Period`) to the constraints of the object that stands there."""


def has(name: str) -> Predicate:
    """The element exists."""
    sibling = "_" + name
    return lambda node: name in node or sibling in node


def has_choice(stem: str) -> Predicate:
    """One of the typed forms of `stem[x]` exists."""
    length = len(stem)

    def exists(node: Node) -> bool:
        for key in node:
            name = key.removeprefix("_")
            if name.startswith(stem) and name[length : length + 1].isupper():
                return True
        return False

    return exists


def lacks(name: str) -> Predicate:
    """The element does not exist."""
    return negated(has(name))


def equals(name: str, *values: object) -> Predicate:
    """The primitive has one of `values`; false without a value."""
    return lambda node: node.get(name) in values


def negated(predicate: Predicate) -> Predicate:
    """The contrary."""
    return lambda node: not predicate(node)


def every(*predicates: Predicate) -> Predicate:
    """All hold."""
    return lambda node: all(predicate(node) for predicate in predicates)


def some(*predicates: Predicate) -> Predicate:
    """At least one holds."""
    return lambda node: any(predicate(node) for predicate in predicates)


def exactly_one(*predicates: Predicate) -> Predicate:
    """One holds and no other."""
    return lambda node: sum(predicate(node) for predicate in predicates) == 1


def at_most_one(*predicates: Predicate) -> Predicate:
    """No two hold together."""
    return lambda node: sum(predicate(node) for predicate in predicates) <= 1


def implies(condition: Predicate, consequence: Predicate) -> Predicate:
    """Where `condition` holds, `consequence` does."""
    return lambda node: not condition(node) or consequence(node)


def needs(name: str, *others: str) -> Predicate:
    """The element exists only together with all of `others`."""
    return implies(has(name), every(*(has(other) for other in others)))


def excludes(name: str, other: str) -> Predicate:
    """The two elements do not both exist."""
    return at_most_one(has(name), has(other))


def same(first: Predicate, second: Predicate) -> Predicate:
    """Both hold or neither does."""
    return lambda node: first(node) == second(node)


def nodes(node: Node, path: str) -> list[Any]:
    """What stands at the dotted JSON path below `node`, lists flattened, without nulls."""
    found: list[Any] = [node]
    for name in path.split("."):
        below: list[Any] = []
        for one in found:
            value = one.get(name) if isinstance(one, dict) else None
            if isinstance(value, list):
                below.extend(item for item in value if item is not None)
            elif value is not None:
                below.append(value)
        found = below
    return found


def each(path: str, predicate: Predicate) -> Predicate:
    """Every object at the path passes."""
    return lambda node: all(predicate(one) for one in nodes(node, path) if isinstance(one, dict))


def count(path: str) -> Callable[[Node], int]:
    """How many values stand at the path."""
    return lambda node: len(nodes(node, path))


def distinct(values: Iterable[Any]) -> bool:
    """No value stands twice; the values may be objects."""
    seen: list[Any] = []
    hashed: set[Any] = set()
    for value in values:
        if isinstance(value, (dict, list)):
            if value in seen:
                return False
            seen.append(value)
        elif value in hashed:
            return False
        else:
            hashed.add(value)
    return True


def distinct_at(path: str) -> Predicate:
    """No value stands twice at the path."""
    return lambda node: distinct(nodes(node, path))


def coded(name: str, system: str, *codes: str) -> Predicate:
    """The CodeableConcept has a coding of `system` with one of `codes`."""
    path = name + ".coding"
    return lambda node: any(
        isinstance(coding, dict) and coding.get("system") == system and coding.get("code") in codes
        for coding in nodes(node, path)
    )


def in_order(earlier: object, later: object) -> bool:
    """Whether a date or dateTime is not after another one, as far as their precision tells; true when a value misses.

    Times with the same zone compare as text, others as instants; a date and a time compare by their written days.
    """
    if not isinstance(earlier, str) or not isinstance(later, str):
        return True
    precision = min(len(earlier), len(later))
    if precision <= 10:
        return earlier[:precision] <= later[:precision]
    if len(earlier) == len(later) and earlier[19:] == later[19:]:
        return earlier[:19] <= later[:19]
    first, second = _instant(earlier), _instant(later)
    return first is None or second is None or first <= second


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # A leap second, which the calendar module does not know; nothing is claimed about it.
        return None


def ordered(earlier: str, later: str) -> Predicate:
    """The date in the one element is not after the date in the other."""
    return lambda node: in_order(node.get(earlier), node.get(later))


def is_ucum(node: Node) -> bool:
    """The Quantity names UCUM as its system, or none."""
    return "system" not in node or node["system"] == UCUM
