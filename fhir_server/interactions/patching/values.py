"""The value of a FHIRPath Patch operation: read from Parameters parts and fitted to the element it is for.

https://hl7.org/fhir/R4/fhirpatch.html and https://hl7.org/fhir/R4/parameters.html

A part holds a data type (`valueHumanName`), a resource, or, for elements whose type has no name of its own
(`Patient.contact`, also Narrative), parts again, one for each child element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_server.definitions import Property, is_a, is_primitive, properties
from fhir_server.definitions.elements import CHOICE, STRUCTURAL_TYPES, capitalized
from fhir_server.interactions.patching.nodes import Elements, named, shape_of
from fhir_server.interactions.patching.trees import PatchProblem, copy_tree
from fhir_server.json_text import Tree

# Primitives that stand in JSON as something else than a string.
JSON_KINDS = {
    "boolean": "boolean",
    "decimal": "number",
    "integer": "number",
    "positiveInt": "number",
    "unsignedInt": "number",
}


class MalformedPart(Exception):
    """A part is not what Parameters may hold there; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of a named data type; `beside` is the `_` sibling of a primitive."""

    type_name: str
    value: Tree
    beside: Tree


@dataclass(frozen=True, slots=True)
class Inner:
    """A whole resource."""

    resource: Tree


@dataclass(frozen=True, slots=True)
class Parts:
    """The children of an element without a data type of its own, by name in their order."""

    children: tuple[tuple[str, Value], ...]


Value = Typed | Inner | Parts


def read_value(part: Mapping[str, Tree]) -> Value:
    """What the part says. Raises MalformedPart unless it is exactly one of value[x], resource and part."""
    known = properties("Parameters.parameter")
    stems = {name.removeprefix("_") for name in part}
    typed = [name for name in stems if name in known and known[name].element.name == "value" + CHOICE]
    said = [*typed, *(stems & {"resource", "part"})]
    if len(said) != 1:
        raise MalformedPart("a value must be exactly one of value[x], resource and part")
    if typed:
        value, beside = part.get(typed[0]), part.get("_" + typed[0])
        if value is None and beside is None:
            raise MalformedPart("a value must not be null")
        return Typed(known[typed[0]].type, value, beside)
    if "resource" in part:
        return Inner(part["resource"])
    return Parts(tuple((name_of(inner), read_value(inner)) for inner in parts_of(part)))


def parts_of(parameter: Mapping[str, Tree]) -> list[dict[str, Tree]]:
    """The parts of a parameter or part. Raises MalformedPart unless they are a list of objects with something in it."""
    parts = parameter.get("part")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise MalformedPart("'part' must be a list of parts")
    return parts


def name_of(part: Mapping[str, Tree]) -> str:
    """The name of a part. Raises MalformedPart when it has none."""
    name = part.get("name")
    if not isinstance(name, str):
        raise MalformedPart("a part has no name")
    return name


def property_for(shape: str, name: str, value: Value) -> Property:
    """The JSON property that takes `value` as element `name`: `value` and a Quantity make `valueQuantity`.

    Raises PatchProblem when there is no such element, or none of its types is the value's.
    """
    possible = named(shape, name)
    if len(possible) == 1:
        return possible[0]
    for candidate in possible:
        if isinstance(value, Typed) and candidate.type == value.type_name:
            return candidate
    raise PatchProblem(f"the value's type is not one that {possible[0].element.path} may have")


def fit(found: Property, value: Value) -> tuple[Tree, Tree]:
    """The JSON value and `_` sibling that `found` gets. Raises PatchProblem when the value is of another type."""
    if isinstance(value, Typed):
        if not _takes(found.type, value.type_name):
            raise PatchProblem(f"{found.element.path} is not a {value.type_name}")
        return copy_tree(value.value), copy_tree(value.beside)
    if isinstance(value, Inner):
        if found.type != "Resource":
            raise PatchProblem(f"{found.element.path} is not a resource")
        return copy_tree(value.resource), None
    if found.type == "Resource" or is_primitive(found.type):
        raise PatchProblem(f"{found.element.path} is not made of parts")
    return _build(shape_of(found), value), None


def put(holder: dict[str, Tree], found: Property, value: Value) -> None:
    """Adds `value` to the object: at the end of a repeating element, or as the only one.

    Raises PatchProblem when the element does not repeat and has a value already.
    """
    fitted = fit(found, value)
    if found.element.is_list:
        elements = Elements(holder, found.name)
        elements.items.append(fitted)
        elements.store()
        return
    for name in _names(found):
        if name in holder or "_" + name in holder:
            raise PatchProblem(f"{found.element.path} does not repeat and has a value already")
    assign(holder, found.name, fitted)


def assign(holder: dict[str, Tree], name: str, fitted: tuple[Tree, Tree]) -> None:
    """Sets a property and its `_` sibling; what is None goes."""
    for key, content in ((name, fitted[0]), ("_" + name, fitted[1])):
        if content is None:
            holder.pop(key, None)
        else:
            holder[key] = content


def _names(found: Property) -> list[str]:
    if not found.element.is_choice:
        return [found.name]
    stem = found.element.name.removesuffix(CHOICE)
    return [stem + capitalized(type_name) for type_name in found.element.types]


def _takes(wanted: str, given: str) -> bool:
    if wanted == given:
        return True
    if is_primitive(wanted) and is_primitive(given):
        # Clients send codes, uris and xhtml as valueString; the validation of the result looks at what it says.
        return JSON_KINDS.get(wanted, "string") == JSON_KINDS.get(given, "string")
    return wanted not in STRUCTURAL_TYPES and wanted != "" and (is_a(given, wanted) or is_a(wanted, given))


def _build(shape: str, parts: Parts) -> dict[str, Tree]:
    built: dict[str, Tree] = {}
    for name, value in parts.children:
        put(built, property_for(shape, name, value), value)
    return built
