"""Which resources a caller may learn of, as one more expression that is part of every condition.

https://hl7.org/fhir/R4/security.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fhir_server.search.expression import Anything, Expression, Nothing, Shape
from fhir_server.search.rewrite import rewrite


class Visibility(Protocol):
    """What a caller sees of a type; None means that it cannot be told, and then nothing is seen."""

    def expression(self, resource_type: str) -> Expression | None:
        """The condition on resources of this type."""
        ...


@dataclass(frozen=True, slots=True)
class Everything:
    """A caller who sees all."""

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        return Anything()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a caller sees of some types: the different conditions, and which of them each type has."""

    conditions: tuple[Expression, ...]
    condition_of: Mapping[str, int]

    def shape(self) -> Shape:
        """Types that share a condition may share SQL, so the sharing is part of the shape."""
        return (*self.condition_of.items(), *(condition.shape() for condition in self.conditions))


def seen(types: Iterable[str], visibility: Visibility) -> Seen:
    """The caller's conditions on `types`; closed where one cannot be told."""
    conditions: dict[Expression, int] = {}
    condition_of: dict[str, int] = {}
    for resource_type in sorted(set(types)):
        expression = visibility.expression(resource_type)
        condition = Nothing() if expression is None else rewrite(expression)
        condition_of[resource_type] = conditions.setdefault(condition, len(conditions))
    return Seen(tuple(conditions), condition_of)
