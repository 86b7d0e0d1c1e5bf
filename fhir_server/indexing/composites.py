"""Composite parameters: each way to choose one value per component within the same element is one index row.

https://hl7.org/fhir/R4/search.html#composite

A row has columns for every kind of component; `columns_of` says which of them a component fills. Both extraction and
search go by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from typing import Any

from fhir_server.definitions import Component, SearchParameter, is_primitive, search_parameters
from fhir_server.indexing.converters import CONVERSIONS, Context, Converter
from fhir_server.indexing.paths import Path, compile_paths, compile_relative
from fhir_server.indexing.values import CompositeValue

MAX_CHOICES = 10_000
"""So many rows one element gives for one parameter at most: two long lists would multiply beyond any use."""

COLUMNS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "token": (
        {"system": "system", "code": "code"},
        {"system": "value_system", "code": "value_code"},
    ),
    "number": (
        {"low": "low", "high": "high"},
        {"low": "second_low", "high": "second_high"},
    ),
    "quantity": (
        {
            "low": "low",
            "high": "high",
            "system": "value_system",
            "code": "value_code",
            "unit": "unit",
            "canonical_low": "canonical_low",
            "canonical_high": "canonical_high",
            "canonical_unit": "canonical_unit",
        },
    ),
    "date": ({"low": "time_low", "high": "time_high"},),
    "string": ({"value": "value", "normal": "normal"},),
    "reference": (
        {"target_type": "target_type", "target_id": "target_id", "target_version": "target_version", "url": "url"},
    ),
}
"""Per kind of component, for its first and second use in a parameter: the column that stands for each of its own index
table's columns, in the order in which its converter gives them."""

_SWAPPED = frozenset({("DocumentReference", "relationship")})
"""The published definition gives each component the path of the other."""


def components(parameter: SearchParameter) -> tuple[Component, ...]:
    """The components of a composite parameter, with the paths that their parameters can search."""
    if (parameter.resource_type, parameter.code) not in _SWAPPED:
        return parameter.components
    paths = [component.expression for component in reversed(parameter.components)]
    return tuple(Component(component.code, path) for component, path in zip(parameter.components, paths, strict=True))


def kinds(parameter: SearchParameter) -> tuple[str, ...]:
    """The parameter types of the components."""
    known = search_parameters(parameter.resource_type)
    return tuple(known[component.code].type for component in parameter.components)


def columns_of(types: Sequence[str]) -> tuple[Mapping[str, str], ...]:
    """For each component, by its type: the column of composite_index for each column of the type's own index table."""
    used: dict[str, int] = {}
    found = []
    for one in types:
        found.append(COLUMNS[one][used.get(one, 0)])
        used[one] = used.get(one, 0) + 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Part:
    """One component: where its values are, and the places in a row that a converted value fills."""

    paths: tuple[tuple[Path, Converter], ...]
    of_resource: bool
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Element:
    """All composites whose components are found from one element; several have the same component, such as its code.

    Each composite is its number and the places of its components in `parts`.
    """

    path: Path
    parts: tuple[_Part, ...]
    composites: tuple[tuple[int, tuple[int, ...]], ...]


def composite_rows(resource_type: str, tree: Any, context: Context) -> tuple[CompositeValue, ...]:
    """The rows of all composite parameters of a resource, each once; nothing is raised for odd values."""
    found: dict[CompositeValue, None] = {}
    for element in _plan(resource_type):
        for node in element.path.nodes(tree):
            if type(node) is dict:
                _collect(element, node, tree, context, found)
    return tuple(found)


def _collect(element: _Element, node: Any, tree: Any, context: Context, found: dict[CompositeValue, None]) -> None:
    known: dict[int, list[tuple[Any, ...]]] = {}
    for number, places in element.composites:
        # The last component is the value, and of its many types an element has one: most composites end here.
        for place in reversed(places):
            if place not in known:
                part = element.parts[place]
                known[place] = list(_values(part, tree if part.of_resource else node, context))
            if not known[place]:
                break
        else:
            parts = [element.parts[place] for place in places]
            for chosen in islice(product(*(known[place] for place in places)), MAX_CHOICES):
                found[_row(number, parts, chosen)] = None


def _values(part: _Part, node: Any, context: Context) -> Iterator[tuple[Any, ...]]:
    for path, convert in part.paths:
        for value in path.nodes(node):
            if (type(value) is dict) is not is_primitive(path.type):
                yield from convert(value, path.defined, context)


def _row(number: int, parts: Sequence[_Part], chosen: Sequence[tuple[Any, ...]]) -> CompositeValue:
    values: list[Any] = [None] * len(CompositeValue._fields)
    values[0] = number
    for part, row in zip(parts, chosen, strict=True):
        # A reference also has an identifier, which composites do not search.
        for place, value in zip(part.places, row, strict=False):
            values[place] = value
    return CompositeValue(*values)


@cache
def _plan(resource_type: str) -> tuple[_Element, ...]:
    elements: dict[Path, dict[int, tuple[_Part, ...]]] = {}
    for parameter in search_parameters(resource_type).values():
        if parameter.type == "composite":
            for path in compile_paths(parameter.expression, resource_type):
                elements.setdefault(path, {})[parameter.number] = tuple(_parts(parameter, path))
    return tuple(_element(path, composites) for path, composites in elements.items())


def _element(path: Path, composites: Mapping[int, tuple[_Part, ...]]) -> _Element:
    parts = tuple(dict.fromkeys(part for each in composites.values() for part in each))
    placed = ((number, tuple(map(parts.index, each))) for number, each in composites.items())
    return _Element(path, parts, tuple(placed))


def _parts(parameter: SearchParameter, start: Path) -> Iterator[_Part]:
    types = kinds(parameter)
    for component, kind, columns in zip(components(parameter), types, columns_of(types), strict=True):
        converters = CONVERSIONS[kind][0].converters
        paths = compile_relative(component.expression, start, parameter.resource_type)
        yield _Part(
            tuple((path, converters[path.type]) for path in paths if path.type in converters),
            "%resource" in component.expression,
            tuple(CompositeValue._fields.index(column) for column in columns.values()),
        )
