"""One walk over a resource for all of its search parameters: their paths merged into a tree by shared beginnings.

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeAlias

from fhir_server.definitions import SearchParameter, added, is_primitive, parameter_number, search_parameters
from fhir_server.indexing.converters import CONVERSIONS, Context, Converter
from fhir_server.indexing.converters.reference import CONTAINED
from fhir_server.indexing.converters.token import TEXTS
from fhir_server.indexing.paths import Computed, Item, Path, Property, RefersTo, Step, Where, compile_paths
from fhir_server.indexing.values import (
    DateValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
)

KINDS: dict[str, tuple[int, Callable[..., tuple[Any, ...]]]] = {
    "token": (0, TokenValue),
    "string": (1, StringValue),
    "reference": (2, ReferenceValue),
    "date": (3, DateValue),
    "number": (4, NumberValue),
    "quantity": (5, QuantityValue),
    "uri": (6, UriValue),
}
"""Per table its place in `Found` and in IndexRows, and what makes a row."""

NOT_INDEXED = frozenset({"_id", "_lastUpdated"})
"""Columns of the resource's own row answer these."""

Condition: TypeAlias = Item | Where | Computed
Found: TypeAlias = tuple[dict[tuple[Any, ...], None], ...]
"""Rows per kind in the order they were found; a dict keeps each once."""


@dataclass(slots=True)
class Emission:
    """Makes the rows of a value once and writes them for every parameter that wants them."""

    kind: str
    convert: Converter
    path: str
    numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class PlanNode:
    """A place in the resource: what its values say and where to go on from it."""

    is_object: bool
    emissions: list[Emission] = field(default_factory=list)
    properties: dict[str, PlanNode] = field(default_factory=dict)
    conditions: dict[Condition, PlanNode] = field(default_factory=dict)


def plan(resource_type: str) -> PlanNode:
    """The plan for all parameters of a type that have index rows; it has nothing to do for an unknown type."""
    return _plan(resource_type, added(resource_type))


@lru_cache(maxsize=1024)
def _plan(resource_type: str, more: tuple[SearchParameter, ...]) -> PlanNode:
    return plan_of(resource_type, tuple(search_parameters(resource_type).values()))


@lru_cache(maxsize=1024)
def plan_of(resource_type: str, parameters: tuple[SearchParameter, ...]) -> PlanNode:
    """The plan for these parameters of a type."""
    root = PlanNode(is_object=True)
    for parameter in parameters:
        conversions = CONVERSIONS[parameter.type]
        if parameter.code in NOT_INDEXED or not conversions:
            continue
        for path in compile_paths(parameter.expression, resource_type):
            for conversion in conversions:
                convert = conversion.converters.get(path.type)
                if convert is not None:
                    node = _grown(root, _untyped(path) if conversion.converters is CONTAINED else path)
                    number = parameter_number(f"{resource_type}.{parameter.code}{conversion.suffix}")
                    _add(node, conversion.kind, convert, path.defined, number)
    return root


def _untyped(path: Path) -> Path:
    """The path without a last condition on the type referred to: what is contained tells it, not its reference."""
    match path.steps:
        case (*before, Where(RefersTo())):
            return replace(path, steps=tuple(before))
    return path


def has_texts(resource_type: str, code: str) -> bool:
    """Whether values of a token parameter of a type may have texts, which have rows of their own (`:text`)."""
    return _has_texts(resource_type, search_parameters(resource_type).get(code))


@lru_cache(maxsize=8192)
def _has_texts(resource_type: str, parameter: SearchParameter | None) -> bool:
    if parameter is None or parameter.type != "token":
        return False
    return any(path.type in TEXTS for path in compile_paths(parameter.expression, resource_type))


def collect(node: PlanNode, value: Any, context: Context, found: Found) -> None:
    """Adds the rows of `value` and of all below it to `found`; what is not of the expected JSON type is passed over."""
    if (type(value) is dict) is not node.is_object:
        return
    for emission in node.emissions:
        place, make = KINDS[emission.kind]
        rows = found[place]
        for row in emission.convert(value, emission.path, context):
            for number in emission.numbers:
                rows[make(number, *row)] = None
    if node.properties:
        _collect_properties(node.properties, value, context, found)
    if node.conditions:
        _collect_conditions(node.conditions, value, context, found)


def _collect_properties(properties: dict[str, PlanNode], value: Any, context: Context, found: Found) -> None:
    for name, inner in value.items():
        child = properties.get(name)
        if child is None:
            continue
        if type(inner) is list:
            for item in inner:
                # A null stands for a value that has extensions only.
                if item is not None:
                    collect(child, item, context, found)
        else:
            collect(child, inner, context, found)


def _collect_conditions(conditions: dict[Condition, PlanNode], value: Any, context: Context, found: Found) -> None:
    for condition, child in conditions.items():
        for passed in condition.nodes(value):
            collect(child, passed, context, found)


def _grown(root: PlanNode, path: Path) -> PlanNode:
    """The node at the end of `path`, made with those before it where they are missing."""
    node = root
    for index, step in enumerate(path.steps):
        is_object = index + 1 < len(path.steps) or not is_primitive(path.type)
        node = _next(node, step, is_object)
    return node


def _next(node: PlanNode, step: Step, is_object: bool) -> PlanNode:
    if isinstance(step, Property):
        return node.properties.setdefault(step.name, PlanNode(is_object))
    return node.conditions.setdefault(step, PlanNode(is_object))


def _add(node: PlanNode, kind: str, convert: Converter, path: str, number: int) -> None:
    for emission in node.emissions:
        if (emission.kind, emission.convert, emission.path) == (kind, convert, path):
            emission.numbers.append(number)
            return
    node.emissions.append(Emission(kind, convert, path, [number]))
