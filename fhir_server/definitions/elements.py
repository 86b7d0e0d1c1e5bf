"""The elements of R4 types: cardinality, types, reference targets, flags; found by path, also through data types.

https://hl7.org/fhir/R4/elementdefinition.html

A path begins with a type and may cross data types and content references: `Patient.name.family`,
`Observation.component.referenceRange.low`. A choice is found under three kinds of name: `Observation.value[x]` (the
definition), `Observation.value` (FHIRPath) and `Observation.valueQuantity` (JSON).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from fhir_server.definitions.packaged import packaged

CHOICE = "[x]"
STRUCTURAL_TYPES = frozenset({"BackboneElement", "Element"})


@dataclass(frozen=True, slots=True)
class ElementDefinition:
    """One element. `path` is where it is defined (`HumanName.family`), `max` None is `*`, `targets` may be ("Any",).

    `content_reference` is the path whose children this element has; then `types` is empty.
    """

    path: str
    name: str
    min: int
    max: int | None
    types: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    content_reference: str | None = None
    is_summary: bool = False
    is_modifier: bool = False
    binding_strength: str | None = None
    value_set: str | None = None

    @property
    def is_list(self) -> bool:
        """Whether JSON holds an array here."""
        return self.max is None or self.max > 1

    @property
    def is_choice(self) -> bool:
        """Whether JSON names the type in the property: value[x]."""
        return self.name.endswith(CHOICE)


@dataclass(frozen=True, slots=True)
class Property:
    """A property as JSON names it: `valueQuantity` is the element `value[x]` with type `Quantity`.

    `type` is "" where the element takes its children from elsewhere (`element.content_reference`).
    """

    name: str
    element: ElementDefinition
    type: str


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """A resource or data type. `kind` is resource, complex-type or primitive-type."""

    name: str
    kind: str
    base: str | None
    abstract: bool
    regex: str | None = None


def capitalized(type_name: str) -> str:
    """The type as it stands in the JSON name of a choice: `dateTime` becomes `DateTime`."""
    return type_name[:1].upper() + type_name[1:]


@cache
def type_definition(name: str) -> TypeDefinition | None:
    """The resource or data type `name`, or None."""
    found = _type_facts(name)
    if found is None:
        return None
    return TypeDefinition(name, found["kind"], found["base"], found["abstract"], found.get("regex"))


def is_primitive(type_name: str) -> bool:
    """Whether values of the type are a JSON string, number or boolean with an optional `_` sibling."""
    found = type_definition(type_name)
    return found is not None and found.kind == "primitive-type"


def is_a(type_name: str, ancestor: str) -> bool:
    """Whether the type is `ancestor` or derived from it: Age is a Quantity."""
    found: TypeDefinition | None
    name: str | None = type_name
    while name is not None:
        if name == ancestor:
            return True
        found = type_definition(name)
        name = found.base if found else None
    return False


def element(path: str) -> ElementDefinition | None:
    """The element at `path`, or None when R4 has no such element; a bare type name has none."""
    found = _find(path)
    return found[0] if found else None


def children(path: str) -> Mapping[str, ElementDefinition]:
    """The child elements of a type or an element by their defined names (`value[x]` stays one), in their order.

    Empty for primitives, for inner resources and for what does not exist. A choice has children only under its typed
    name (`Observation.valueQuantity`).
    """
    return _children_at(_home_of_children(path))


def properties(path: str) -> Mapping[str, Property]:
    """The child elements of a type or an element by their JSON names, without the `_` siblings of primitives."""
    return _properties_at(_home_of_children(path))


def is_list(path: str) -> bool:
    """Whether JSON holds an array at `path`; False for what does not exist."""
    found = element(path)
    return found is not None and found.is_list


def reference_targets(path: str) -> tuple[str, ...] | None:
    """The resource types that a Reference or canonical at `path` may point to; ("Any",), or None for other elements."""
    found = element(path)
    if found is None or not ("Reference" in found.types or "canonical" in found.types):
        return None
    return found.targets or ("Any",)


def summary_elements(resource_type: str) -> frozenset[str]:
    """JSON names of the top-level elements that belong to the summary."""
    return frozenset(name for name, found in properties(resource_type).items() if found.element.is_summary)


def mandatory_elements(resource_type: str) -> frozenset[str]:
    """JSON names of the top-level elements that a resource must have; a mandatory choice gives all its names."""
    return frozenset(name for name, found in properties(resource_type).items() if found.element.min > 0)


def modifier_elements(resource_type: str) -> frozenset[str]:
    """JSON names of the top-level elements that may change the meaning of the resource."""
    return frozenset(name for name, found in properties(resource_type).items() if found.element.is_modifier)


def _type_facts(name: str) -> dict[str, Any] | None:
    facts: dict[str, Any] | None = packaged("elements-resources.json")["resources"].get(name)
    if facts is None:
        facts = packaged("elements-datatypes.json")["datatypes"].get(name)
    return facts


def _read(facts: Mapping[str, Any]) -> ElementDefinition:
    strength, value_set = facts.get("binding", (None, None))
    return ElementDefinition(
        path=facts["path"],
        name=facts["path"].rpartition(".")[2],
        min=facts["min"],
        max=None if facts["max"] == "*" else int(facts["max"]),
        types=tuple(facts.get("types", ())),
        targets=tuple(facts.get("targets", ())),
        content_reference=facts.get("contentReference"),
        is_summary=facts.get("isSummary", False),
        is_modifier=facts.get("isModifier", False),
        binding_strength=strength,
        value_set=value_set,
    )


@cache
def _elements_by_parent(type_name: str) -> Mapping[str, Mapping[str, ElementDefinition]]:
    by_parent: dict[str, dict[str, ElementDefinition]] = {}
    facts = _type_facts(type_name)
    for line in facts["elements"] if facts else ():
        found = _read(line)
        if found.max != 0:
            by_parent.setdefault(found.path.rpartition(".")[0], {})[found.name] = found
    return by_parent


@cache
def _children_at(home: str) -> Mapping[str, ElementDefinition]:
    type_name = home.partition(".")[0]
    own = dict(_elements_by_parent(type_name).get(home, {}))
    if "." in home and own:
        # The files leave out what every backbone element inherits.
        inherited = "BackboneElement" if "BackboneElement" in _defined(home).types else "Element"
        own = {**_elements_by_parent(inherited)[inherited], **own}
    return MappingProxyType(own)


@cache
def _properties_at(home: str) -> Mapping[str, Property]:
    found: dict[str, Property] = {}
    for definition in _children_at(home).values():
        if definition.is_choice:
            stem = definition.name.removesuffix(CHOICE)
            for choice in definition.types:
                found[stem + capitalized(choice)] = Property(stem + capitalized(choice), definition, choice)
        else:
            only = definition.types[0] if definition.types else ""
            found[definition.name] = Property(definition.name, definition, only)
    return MappingProxyType(found)


def _defined(home: str) -> ElementDefinition:
    parent, _, name = home.rpartition(".")
    return _elements_by_parent(home.partition(".")[0])[parent][name]


@cache
def _find(path: str) -> tuple[ElementDefinition, str] | None:
    """The element at `path` and the one type that the path says it has ("" for a choice that is left open)."""
    parent, _, name = path.rpartition(".")
    if not parent:
        return None
    home = _home_of_children(parent)
    named = _properties_at(home).get(name)
    if named is not None:
        return named.element, named.type
    definition = _children_at(home).get(name if name.endswith(CHOICE) else name + CHOICE)
    if definition is None:
        return None
    return definition, definition.types[0] if len(definition.types) == 1 else ""


@cache
def _home_of_children(path: str) -> str:
    """The path under which the children of `path` are defined: a type, a backbone element, or "" for none."""
    if "." not in path:
        return path
    found = _find(path)
    if found is None:
        return ""
    definition, type_name = found
    if definition.content_reference is not None:
        return definition.content_reference
    if type_name in STRUCTURAL_TYPES:
        return definition.path
    inner = type_definition(type_name)
    # An inner resource has its own type, which only the data can tell.
    return type_name if inner is not None and inner.kind == "complex-type" else ""
