"""The generated schemas stand on their own and keep what the definitions say."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from fhir_server.definitions import RESOURCE_TYPES, children
from fhir_server.validation.schema import resource_schema
from fhir_server.validation.shapes import shape


def test_every_resource_type_has_a_schema_that_compiles_and_wants_its_type() -> None:
    for name in RESOURCE_TYPES:
        validator = jsonschema_rs.validator_for(resource_schema(name), offline=True)
        assert not validator.is_valid({"resourceType": "Foo"})
        required = [one.name for one in children(name).values() if one.min > 0 and not one.is_choice]
        assert validator.is_valid({"resourceType": name}) is (not required)


def test_every_object_of_a_schema_is_closed_and_not_empty() -> None:
    for name, definition in resource_schema("Observation")["$defs"].items():
        if definition["type"] == "object" and name != "Resource":
            assert definition["additionalProperties"] is False
            assert definition["minProperties"] == 1


def test_a_content_reference_leads_to_the_children_it_names() -> None:
    members: dict[str, Any] = resource_schema("Observation")["$defs"]["Observation.component"]["properties"]
    assert members["referenceRange"]["items"] == {"$ref": "#/$defs/Observation.referenceRange"}


def test_every_resource_type_has_a_shape_that_visits_its_extensions() -> None:
    for name in RESOURCE_TYPES:
        compiled = shape(name)
        assert compiled.is_resource
        if "extension" in children(name):
            assert compiled.members["extension"].shape is shape("Extension")


def test_a_shape_is_made_once() -> None:
    assert shape("Observation") is shape("Observation")
    assert shape("Patient").members["name"].shape is shape("HumanName")
