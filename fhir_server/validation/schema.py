"""One hardened JSON Schema per resource type, generated from the element definitions.

https://hl7.org/fhir/R4/json.html

The schema decides shape: names, JSON types, cardinality, lexical forms, required codes, nothing empty. It leaves to the
walk what JSON Schema says badly or slowly: the one value of a choice, arrays padded with null, resources in resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.definitions import ElementDefinition, Property, children, is_primitive, properties, required_codes
from fhir_server.validation.primitives import PRIMITIVES

Schema = dict[str, Any]

INNER_RESOURCE = "Resource"
_CODE: Schema = {"type": "string", "minLength": 1}
_STRUCTURAL = frozenset({"BackboneElement", "Element"})


def resource_schema(resource_type: str) -> Schema:
    """The schema of one resource; resources inside it are only known to be objects with a resourceType."""
    definitions: dict[str, Schema] = {}
    wanted = [resource_type]
    while wanted:
        home = wanted.pop()
        if home not in definitions:
            definitions[home] = _define(home, resource_type)
            wanted.extend(name for name in _references(definitions[home]) if name not in definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": _pointer(resource_type),
        "$defs": definitions,
    }


def _define(home: str, resource_type: str) -> Schema:
    if home in PRIMITIVES:
        return dict(PRIMITIVES[home])
    if home == INNER_RESOURCE:
        return {"type": "object", "properties": {"resourceType": {"type": "string"}}, "required": ["resourceType"]}
    if home.startswith("_"):
        # The sibling of a primitive value holds only what the value cannot say itself.
        return _object({"id": _ref("string"), "extension": _array(_ref("Extension"))}, [], [])
    return _complex(home, resource_type)


def _complex(home: str, resource_type: str) -> Schema:
    members: dict[str, Schema] = {}
    required: list[str] = []
    conditions: list[Schema] = []
    if home == resource_type:
        members["resourceType"] = {"const": resource_type}
        required.append("resourceType")
    for name, found in properties(home).items():
        members[name] = _member(home, resource_type, found)
        if is_primitive(found.type):
            members["_" + name] = _sibling(found.element)
    for definition in children(home).values():
        if definition.min < 1 or definition.is_choice:
            continue
        if definition.types and is_primitive(definition.types[0]) and home != "Extension":
            conditions.append({"anyOf": [{"required": [definition.name]}, {"required": ["_" + definition.name]}]})
        else:
            required.append(definition.name)
    return _object(members, required, conditions)


def _member(home: str, resource_type: str, found: Property) -> Schema:
    definition = found.element
    if definition.content_reference is not None:
        single = _ref(definition.content_reference)
    elif found.type in _STRUCTURAL:
        single = _ref(definition.path)
    elif home == resource_type and found.name == "id":
        single = _ref("id")
    elif is_primitive(found.type):
        codes = required_codes(definition.path) if found.type == "code" else None
        return _primitive(found.type, codes, definition.is_list)
    else:
        single = _ref(found.type)
    return _array(single) if definition.is_list else single


def _primitive(type_name: str, codes: frozenset[str] | None, is_list: bool) -> Schema:
    if not is_list:
        return {**_CODE, "enum": sorted(codes)} if codes is not None else _ref(type_name)
    if codes is not None:
        return _array({**_CODE, "type": ["string", "null"], "enum": [*sorted(codes), None]})
    # null stands where only the sibling array has something to say.
    return _array({**PRIMITIVES[type_name], "type": [PRIMITIVES[type_name]["type"], "null"]})


def _sibling(definition: ElementDefinition) -> Schema:
    if not definition.is_list:
        return _ref("_")
    return _array({"if": {"type": "object"}, "then": _ref("_"), "else": {"type": "null"}})


def _object(members: Mapping[str, Schema], required: list[str], conditions: list[Schema]) -> Schema:
    schema: Schema = {
        "type": "object",
        "minProperties": 1,
        "properties": dict(members),
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    if conditions:
        schema["allOf"] = conditions
    return schema


def _array(items: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": items}


def _pointer(home: str) -> str:
    return f"#/$defs/{home}"


def _ref(home: str) -> Schema:
    return {"$ref": _pointer(home)}


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        target = schema.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix("#/$defs/")
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
