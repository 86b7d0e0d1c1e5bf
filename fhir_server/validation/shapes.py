"""What a walk must look at in each kind of object, compiled once from the definitions.

https://hl7.org/fhir/R4/formats.html

Only members that need a visit are kept: most primitives are already decided by the JSON Schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from fhir_server.definitions import RESOURCE_TYPES, Property, children, is_primitive, packaged, properties
from fhir_server.validation.constraints import CONSTRAINTS, Constraint
from fhir_server.validation.gate import home_of

SIBLING = "_"
"""The shape of what stands beside a primitive value under its name with `_`."""


@dataclass(slots=True)
class Member:
    """A JSON property that is looked at. `name` is its FHIRPath name, `chosen` the typed name where it is a choice.

    `is_special`: the value itself, beyond what stands in it, has to be looked at.
    """

    name: str
    is_list: bool
    chosen: str | None = None
    shape: Shape | None = None
    is_sibling: bool = False
    is_resource: bool = False
    is_reference: bool = False
    targets: frozenset[str] | None = None
    concepts: frozenset[tuple[str, str]] | None = None
    is_special: bool = False


@dataclass(slots=True)
class Shape:
    """One kind of object: a resource, a data type, or the place of a backbone element."""

    home: str
    is_resource: bool
    members: dict[str, Member] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
    required_choices: tuple[str, ...] = ()


_shapes: dict[str, Shape] = {}
_lock = Lock()


def shape(home: str) -> Shape:
    """The shape of a resource type, data type or backbone path."""
    found = _shapes.get(home)
    if found is None:
        with _lock:
            # Shapes refer to each other in circles: they are shown to other threads only when all are filled.
            fresh: dict[str, Shape] = {}
            found = _compile(home, fresh)
            _shapes.update(fresh)
    return found


def _compile(home: str, fresh: dict[str, Shape]) -> Shape:
    found = _shapes.get(home) or fresh.get(home)
    if found is not None:
        return found
    found = fresh[home] = Shape(home, home in RESOURCE_TYPES, constraints=CONSTRAINTS.get(home, ()))
    if home == SIBLING:
        found.members["extension"] = Member("extension", True, shape=_compile("Extension", fresh))
        return found
    for name, described in properties(home).items():
        member = _member(described, fresh)
        if member is not None:
            found.members[name] = member
        if is_primitive(described.type):
            found.members["_" + name] = Member(
                described.element.name.removesuffix("[x]"),
                described.element.is_list,
                name if described.element.is_choice else None,
                _compile(SIBLING, fresh),
                is_sibling=True,
                is_special=True,
            )
    found.required_choices = tuple(
        one.name.removesuffix("[x]") for one in children(home).values() if one.is_choice and one.min > 0
    )
    return found


def _member(described: Property, fresh: dict[str, Shape]) -> Member | None:
    definition = described.element
    member = Member(
        definition.name.removesuffix("[x]"), definition.is_list, described.name if definition.is_choice else None
    )
    if described.type == "Resource":
        member.is_resource = True
    elif described.type and is_primitive(described.type):
        if not definition.is_list and member.chosen is None:
            return None
    else:
        member.shape = _compile(home_of(described), fresh)
        member.is_reference = described.type == "Reference"
        if member.is_reference and definition.targets and "Any" not in definition.targets:
            member.targets = frozenset(definition.targets)
        if described.type == "CodeableConcept" and definition.binding_strength == "required":
            member.concepts = _concepts(definition.value_set)
        member.is_special = member.is_reference or member.concepts is not None
    return member


def _concepts(value_set: str | None) -> frozenset[tuple[str, str]] | None:
    listed = packaged("required-bindings.json")["valueSets"].get(value_set)
    if listed is None:
        return None
    return frozenset((system, code) for system, codes in listed.items() for code in codes)
