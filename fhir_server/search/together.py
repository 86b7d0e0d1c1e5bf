"""Several conditions on a date that a resource has at most once: one look at its one value answers them all.

https://hl7.org/fhir/R4/search.html#combining

`date=ge2024-03-01&date=lt2024-03-08` are two conditions, and of an element that repeats two values may fulfil one each.
Where there can only be one value, the bounds are the ends of one range of an index instead of two halves of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fhir_server.definitions import ElementDefinition, element, search_parameters
from fhir_server.search.expression import And, Expression, Numbered, Shape
from fhir_server.search.types.date import Date

_NARROWED = re.compile(r"\.(?:as|ofType)\(\w+\)| as \w+|[()]")


@dataclass(frozen=True, slots=True)
class Together(Expression):
    """Leaves of one parameter that finds at most one value: this one must be what all of them ask for."""

    parts: tuple[Numbered, ...]

    def shape(self) -> Shape:
        return ("together", *(part.shape() for part in self.parts))

    def __str__(self) -> str:
        return f"(together {' '.join(map(str, self.parts))})"


def together(wanted: Expression, types: Sequence[str]) -> Expression:
    """The numbered tree with the conditions on one value of these types put together."""
    if not isinstance(wanted, And):
        return wanted
    groups: dict[str, list[Numbered]] = {}
    for part in wanted.parts:
        if isinstance(part, Numbered) and isinstance(part.leaf, Date):
            groups.setdefault(part.leaf.parameter, []).append(part)
    joined = {code: group for code, group in groups.items() if len(group) > 1 and _is_single(types, code)}
    if not joined:
        return wanted
    in_groups = {part.number for group in joined.values() for part in group}
    others = (one for one in wanted.parts if not (isinstance(one, Numbered) and one.number in in_groups))
    parts = (*(Together(tuple(group)) for group in joined.values()), *others)
    return parts[0] if len(parts) == 1 else And(parts)


def _is_single(types: Iterable[str], code: str) -> bool:
    return all(finds_one(resource_type, code) for resource_type in types)


@lru_cache(maxsize=4096)
def finds_one(resource_type: str, code: str) -> bool:
    """Whether a date parameter finds at most one value in a resource of this type.

    Only a path of elements that do not repeat is sure to; the choices of one element are never there together.
    """
    parameter = search_parameters(resource_type).get(code)
    if parameter is None or parameter.type != "date":
        return False
    paths = {_NARROWED.sub("", one).strip() for one in parameter.expression.split("|")}
    return len(paths) == 1 and _never_repeats(paths.pop())


def _never_repeats(path: str) -> bool:
    names = path.split(".")
    found = (_element(".".join(names[:length])) for length in range(2, len(names) + 1))
    return len(names) > 1 and all(one is not None and one.max == 1 for one in found)


def _element(path: str) -> ElementDefinition | None:
    return element(path) or element(f"{path}[x]")
