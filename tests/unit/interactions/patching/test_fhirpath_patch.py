from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import FhirError, InvalidRequest, Unprocessable
from fhir_server.interactions.patching import fhirpath_patch
from fhir_server.json_text import encode_json, parse_json

Tree = dict[str, Any]
POSITIONS = ("index", "source", "destination")


def operation(kind: str, path: str, **parts: Any) -> Tree:
    """`value` is a part without its name; positions and the name are plain values."""
    stated: list[Tree] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for name, content in parts.items():
        if name == "value":
            stated.append({"name": "value", **content})
        elif name in POSITIONS:
            stated.append({"name": name, "valueInteger": content})
        else:
            stated.append({"name": name, "valueString": content})
    return {"name": "operation", "part": stated}


def patch(tree: Tree, *operations: Tree) -> Tree:
    parameters = {"resourceType": "Parameters", "parameter": list(operations)}
    result: Tree = fhirpath_patch.apply(tree["resourceType"], tree, parameters)
    return result


def patient(**members: Any) -> Tree:
    return {"resourceType": "Patient", "id": "1", **members}


def error(tree: Tree, *operations: Tree) -> FhirError:
    with pytest.raises(FhirError) as caught:
        patch(tree, *operations)
    return caught.value


NAMES = [
    {"use": "official", "family": "Shaw", "given": ["Ann", "Bea"]},
    {"use": "usual", "given": ["Annie"]},
]


def test_no_operations_change_nothing() -> None:
    tree = patient(birthDate="1920-01-01")
    assert fhirpath_patch.apply("Patient", tree, {"resourceType": "Parameters"}) == tree


@pytest.mark.parametrize(
    ("before", "stated", "after"),
    [
        (
            patient(birthDate="1920-01-01"),
            operation("replace", "Patient.birthDate", value={"valueDate": "1930-01-01"}),
            patient(birthDate="1930-01-01"),
        ),
        (patient(birthDate="1920-01-01"), operation("delete", "Patient.birthDate"), patient()),
        (patient(), operation("delete", "Patient.birthDate"), patient()),
        (
            patient(),
            operation("add", "Patient", name="birthDate", value={"valueDate": "1930-01-01"}),
            patient(birthDate="1930-01-01"),
        ),
        (
            patient(contact=[{"name": {"text": "x"}, "gender": "male"}]),
            operation("replace", "Patient.contact[0].name.text", value={"valueString": "y"}),
            patient(contact=[{"name": {"text": "y"}, "gender": "male"}]),
        ),
        (
            patient(contact=[{"name": {"text": "x"}, "gender": "male"}]),
            operation("delete", "Patient.contact[0].name.text"),
            patient(contact=[{"gender": "male"}]),
        ),
        (patient(contact=[{"name": {"text": "x"}}]), operation("delete", "Patient.contact[0].name.text"), patient()),
        (patient(contact=[{"gender": "male"}]), operation("delete", "Patient.contact[0]"), patient()),
        (
            patient(contact=[{"name": {"text": "x"}}]),
            operation("add", "Patient.contact[0]", name="gender", value={"valueCode": "male"}),
            patient(contact=[{"name": {"text": "x"}, "gender": "male"}]),
        ),
        (
            patient(),
            operation("add", "Patient", name="maritalStatus", value={"valueCodeableConcept": {"text": "m"}}),
            patient(maritalStatus={"text": "m"}),
        ),
        (
            patient(maritalStatus={"id": "a", "text": "m"}),
            operation("replace", "Patient.maritalStatus", value={"valueCodeableConcept": {"id": "b", "text": "n"}}),
            patient(maritalStatus={"id": "b", "text": "n"}),
        ),
        (
            patient(identifier=[{"value": "1"}]),
            operation("add", "Patient", name="identifier", value={"valueIdentifier": {"value": "2"}}),
            patient(identifier=[{"value": "1"}, {"value": "2"}]),
        ),
        (
            patient(identifier=[{"value": "1"}, {"value": "2"}]),
            operation("insert", "Patient.identifier", index=1, value={"valueIdentifier": {"value": "3"}}),
            patient(identifier=[{"value": "1"}, {"value": "3"}, {"value": "2"}]),
        ),
        (
            patient(identifier=[{"value": "1"}]),
            operation("insert", "Patient.identifier", index=1, value={"valueIdentifier": {"value": "3"}}),
            patient(identifier=[{"value": "1"}, {"value": "3"}]),
        ),
        (
            patient(),
            operation("insert", "Patient.identifier", index=0, value={"valueIdentifier": {"value": "3"}}),
            patient(identifier=[{"value": "3"}]),
        ),
        (
            patient(identifier=[{"value": "1"}, {"value": "2"}, {"value": "3"}]),
            operation("delete", "Patient.identifier[1]"),
            patient(identifier=[{"value": "1"}, {"value": "3"}]),
        ),
        (
            patient(name=NAMES),
            operation("insert", "Patient.name.where(use = 'official').given", index=1, value={"valueString": "Cleo"}),
            patient(name=[{**NAMES[0], "given": ["Ann", "Cleo", "Bea"]}, NAMES[1]]),
        ),
    ],
)
def test_an_operation_does_what_its_type_says(before: Tree, stated: Tree, after: Tree) -> None:
    assert patch(before, stated) == after


@pytest.mark.parametrize(
    ("source", "destination", "order"),
    [(3, 1, "0312"), (3, 0, "3012"), (3, 2, "0132"), (0, 3, "1230"), (1, 0, "1023"), (2, 2, "0123")],
)
def test_move_takes_an_item_out_and_puts_it_where_it_shall_stand(source: int, destination: int, order: str) -> None:
    tree = patient(identifier=[{"value": number} for number in "0123"])
    moved = patch(tree, operation("move", "Patient.identifier", source=source, destination=destination))
    assert [each["value"] for each in moved["identifier"]] == list(order)


def test_later_operations_see_what_earlier_ones_did() -> None:
    result = patch(
        patient(contact=[{"name": {"text": "x"}}]),
        operation("add", "Patient.contact[0]", name="gender", value={"valueCode": "male"}),
        operation("add", "Patient", name="contact", value={"part": [{"name": "gender", "valueCode": "male"}]}),
        operation("replace", "Patient.contact[1].gender", value={"valueCode": "female"}),
    )
    assert result["contact"] == [{"name": {"text": "x"}, "gender": "male"}, {"gender": "female"}]


def test_an_element_without_a_type_of_its_own_is_given_in_parts() -> None:
    value = {
        "part": [
            {"name": "name", "valueHumanName": {"text": "x"}},
            {"name": "telecom", "valueContactPoint": {"value": "1"}},
            {"name": "telecom", "valueContactPoint": {"value": "2"}},
        ]
    }
    result = patch(patient(), operation("add", "Patient", name="contact", value=value))
    assert result["contact"] == [{"name": {"text": "x"}, "telecom": [{"value": "1"}, {"value": "2"}]}]


def test_parts_may_have_parts_and_choices() -> None:
    tree = {"resourceType": "Observation", "status": "final", "code": {"text": "c"}}
    value = {
        "part": [
            {"name": "code", "valueCodeableConcept": {"text": "d"}},
            {"name": "value", "valueQuantity": {"value": 1}},
            {"name": "referenceRange", "part": [{"name": "text", "valueString": "low"}]},
        ]
    }
    result = patch(tree, operation("add", "Observation", name="component", value=value))
    assert result["component"] == [
        {"code": {"text": "d"}, "valueQuantity": {"value": 1}, "referenceRange": [{"text": "low"}]}
    ]


def test_a_narrative_and_an_extension_can_be_given_in_parts() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'
    result = patch(
        patient(),
        operation(
            "add",
            "Patient",
            name="text",
            value={"part": [{"name": "status", "valueCode": "additional"}, {"name": "div", "valueString": div}]},
        ),
        operation(
            "add",
            "Patient",
            name="extension",
            value={"part": [{"name": "url", "valueUri": "http://x.org/a"}, {"name": "value", "valueBoolean": True}]},
        ),
    )
    assert result["text"] == {"status": "additional", "div": div}
    assert result["extension"] == [{"url": "http://x.org/a", "valueBoolean": True}]


def test_a_contained_resource_can_be_added_and_patched() -> None:
    inner = {"resourceType": "Organization", "id": "o", "name": "Old"}
    result = patch(
        patient(),
        operation("add", "Patient", name="contained", value={"resource": inner}),
        operation("replace", "Patient.contained.where(id = 'o').name", value={"valueString": "New"}),
    )
    assert result["contained"] == [{"resourceType": "Organization", "id": "o", "name": "New"}]
    assert inner["name"] == "Old"


def observation(**members: Any) -> Tree:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "c"}, **members}


def test_a_choice_is_named_by_its_stem_and_typed_by_the_value() -> None:
    added = patch(observation(), operation("add", "Observation", name="value", value={"valueQuantity": {"value": 1}}))
    assert added == observation(valueQuantity={"value": 1})
    replaced = patch(added, operation("replace", "Observation.value", value={"valueString": "many"}))
    assert replaced == observation(valueString="many")
    assert patch(added, operation("delete", "Observation.value")) == observation()
    assert patch(added, operation("delete", "Observation.value.ofType(Quantity)")) == observation()
    assert patch(added, operation("delete", "(Observation.value as string)")) == added
    unit = operation("add", "(Observation.value as Quantity)", name="unit", value={"valueString": "cm"})
    assert patch(added, unit) == observation(valueQuantity={"value": 1, "unit": "cm"})


def test_a_replaced_choice_keeps_its_place_among_the_others() -> None:
    tree = {
        "resourceType": "Observation",
        "status": "final",
        "valueString": "x",
        "_valueString": {"id": "a"},
        "note": [],
    }
    result = patch(tree, operation("replace", "Observation.value", value={"valueBoolean": True}))
    assert list(result.items()) == [
        ("resourceType", "Observation"),
        ("status", "final"),
        ("valueBoolean", True),
        ("note", []),
    ]


def test_a_second_value_of_a_choice_is_refused() -> None:
    stated = operation("add", "Observation", name="value", value={"valueString": "x"})
    assert error(observation(valueQuantity={"value": 1}), stated).status == 422


def test_decimals_keep_their_text() -> None:
    parameters = parse_json(
        b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"add"},'
        b'{"name":"path","valueString":"Observation"},{"name":"name","valueString":"value"},'
        b'{"name":"value","valueQuantity":{"value":1.50}}]}]}'
    )
    assert b'"valueQuantity":{"value":1.50}' in encode_json(
        fhirpath_patch.apply("Observation", observation(), parameters)
    )


BIRTH_TIME: Tree = {"url": "http://x.org/birthTime", "valueDateTime": "1974-12-25T14:35:45-05:00"}


def test_extensions_of_a_primitive_are_reached_beside_its_value() -> None:
    tree = patient(birthDate="1974-12-25", _birthDate={"extension": [BIRTH_TIME]})
    path = "Patient.birthDate.extension('http://x.org/birthTime')"
    changed = patch(tree, operation("replace", path + ".value", value={"valueDateTime": "1974-12-25"}))
    assert changed["_birthDate"] == {"extension": [{"url": "http://x.org/birthTime", "valueDateTime": "1974-12-25"}]}
    assert patch(tree, operation("delete", path)) == patient(birthDate="1974-12-25")
    assert patch(tree, operation("delete", "Patient.birthDate")) == patient()
    assert patch(tree, operation("replace", "Patient.birthDate", value={"valueDate": "1980"})) == patient(
        birthDate="1980"
    )


def test_an_extension_is_added_to_a_primitive_that_has_none() -> None:
    value = {"part": [{"name": "url", "valueUri": "http://x.org/a"}, {"name": "value", "valueString": "v"}]}
    extension = {"extension": [{"url": "http://x.org/a", "valueString": "v"}]}
    tree = patient(birthDate="1974-12-25", name=[{"given": ["Ann", "Bea"]}])
    result = patch(
        tree,
        operation("add", "Patient.birthDate", name="extension", value=value),
        operation("add", "Patient.name[0].given[1]", name="extension", value=value),
    )
    assert result["_birthDate"] == extension
    assert result["name"] == [{"given": ["Ann", "Bea"], "_given": [None, extension]}]


def test_a_value_with_an_extension_brings_both_halves() -> None:
    value = {"valueDate": "1980", "_valueDate": {"id": "a"}}
    assert patch(patient(), operation("add", "Patient", name="birthDate", value=value)) == patient(
        birthDate="1980", _birthDate={"id": "a"}
    )
    result = patch(
        patient(name=[{"given": ["Ann"]}]),
        operation("insert", "Patient.name[0].given", index=0, value={"_valueString": {"id": "a"}}),
    )
    assert result["name"] == [{"given": [None, "Ann"], "_given": [{"id": "a"}, None]}]


def test_the_two_arrays_of_a_repeating_primitive_stay_aligned() -> None:
    tree = patient(name=[{"given": ["Ann", None, "Cleo"], "_given": [None, {"id": "b"}, {"id": "c"}]}])
    assert patch(tree, operation("delete", "Patient.name.given[0]"))["name"] == [
        {"given": [None, "Cleo"], "_given": [{"id": "b"}, {"id": "c"}]}
    ]
    assert patch(tree, operation("move", "Patient.name[0].given", source=2, destination=0))["name"] == [
        {"given": ["Cleo", "Ann", None], "_given": [{"id": "c"}, None, {"id": "b"}]}
    ]
    assert patch(tree, operation("replace", "Patient.name.given[1]", value={"valueString": "Bea"}))["name"] == [
        {"given": ["Ann", "Bea", "Cleo"], "_given": [None, None, {"id": "c"}]}
    ]
    assert patch(tree, operation("delete", "Patient.name.given[1]"), operation("delete", "Patient.name.given[1]"))[
        "name"
    ] == [{"given": ["Ann"]}]


@pytest.mark.parametrize(
    "stated",
    [
        operation("replace", "Patient.birthDate", value={"valueDate": "1930"}),
        operation("replace", "Patient.name", value={"valueHumanName": {"text": "x"}}),
        operation("delete", "Patient.name"),
        operation("delete", "Patient"),
        operation("replace", "Patient", value={"resource": {"resourceType": "Patient"}}),
        operation("add", "Patient.name", name="family", value={"valueString": "x"}),
        operation("add", "Patient.name.where(use = 'old')", name="family", value={"valueString": "x"}),
        operation("add", "Patient", name="gender", value={"valueCode": "male"}),
        operation("add", "Patient", name="colour", value={"valueCode": "blue"}),
        operation("add", "Patient", name="deceased", value={"valueQuantity": {"value": 1}}),
        operation("add", "Patient", name="birthDate", value={"valueBoolean": True}),
        operation("add", "Patient", name="birthDate", value={"valueQuantity": {"value": 1}}),
        operation("add", "Patient", name="birthDate", value={"part": [{"name": "x", "valueString": "y"}]}),
        operation("add", "Patient", name="birthDate", value={"resource": {"resourceType": "Basic"}}),
        operation("add", "Patient", name="contact", value={"valueHumanName": {"text": "x"}}),
        operation("add", "Patient", name="contact", value={"part": [{"name": "colour", "valueString": "y"}]}),
        operation("add", "Patient", name="contained", value={"part": [{"name": "id", "valueString": "y"}]}),
        operation("insert", "Patient.name", index=3, value={"valueHumanName": {"text": "x"}}),
        operation("insert", "Patient.gender", index=0, value={"valueCode": "male"}),
        operation("insert", "Patient.name[0]", index=0, value={"valueHumanName": {"text": "x"}}),
        operation("insert", "Patient.name.given", index=0, value={"valueString": "x"}),
        operation("move", "Patient.name", source=0, destination=2),
        operation("move", "Patient.name", source=2, destination=0),
        operation("move", "Patient.photo", source=0, destination=0),
        operation("delete", "Patient.colour"),
        operation("replace", "Patient.id", value={"valueId": "2"}),
        operation("delete", "Patient.id"),
    ],
)
def test_what_cannot_be_applied_is_422_and_names_the_operation(stated: Tree) -> None:
    tree = patient(gender="female", name=NAMES)
    kept = encode_json(tree)
    failed = error(tree, operation("delete", "Patient.photo"), stated)
    assert isinstance(failed, Unprocessable)
    assert failed.expression in (("Parameters.parameter[1]",), ("Patient.id",))
    assert encode_json(tree) == kept


TYPE: Tree = {"name": "type", "valueCode": "delete"}
PATH: Tree = {"name": "path", "valueString": "Patient.gender"}


@pytest.mark.parametrize(
    "parameter",
    [
        "x",
        {},
        {"name": "operation"},
        {"name": "operation", "part": []},
        {"name": "operation", "part": "x"},
        {"name": "operation", "part": ["x"]},
        {"name": "operation", "part": [{"valueString": "x"}]},
        {"name": "other", "part": [TYPE, PATH]},
        {"name": "operation", "part": [PATH]},
        {"name": "operation", "part": [TYPE]},
        {"name": "operation", "part": [TYPE, TYPE, PATH]},
        {"name": "operation", "part": [{"name": "type", "valueCode": "erase"}, PATH]},
        {"name": "operation", "part": [{"name": "type", "valueInteger": 1}, PATH]},
        {"name": "operation", "part": [TYPE, {"name": "path", "valueInteger": 1}]},
        {"name": "operation", "part": [TYPE, PATH, {"name": "value", "valueString": "x"}]},
        operation("add", "Patient", name="gender"),
        operation("add", "Patient", value={"valueCode": "male"}),
        operation("replace", "Patient.gender", value={}),
        operation("replace", "Patient.gender", value={"valueCode": None}),
        operation("replace", "Patient.gender", value={"valueCode": "male", "valueString": "x"}),
        operation("replace", "Patient.gender", value={"valueCode": "male", "part": []}),
        operation("replace", "Patient.gender", value={"valueColour": "male"}),
        operation("replace", "Patient", name="gender", value={"valueCode": "male"}),
        operation("insert", "Patient.name", index=-1, value={"valueHumanName": {}}),
        operation("insert", "Patient.name", index=True, value={"valueHumanName": {}}),
        operation("move", "Patient.name", source=0),
        operation("delete", "Patient.name["),
    ],
)
def test_what_is_no_fhirpath_patch_is_400_and_names_the_operation(parameter: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        patch(patient(gender="female"), operation("delete", "Patient.photo"), parameter)
    assert caught.value.expression == ("Parameters.parameter[1]",)


@pytest.mark.parametrize(
    "parameters", [[], None, {"resourceType": "Patient"}, {"resourceType": "Parameters", "parameter": {}}]
)
def test_what_is_no_parameters_resource_is_400(parameters: Any) -> None:
    with pytest.raises(InvalidRequest):
        fhirpath_patch.apply("Patient", patient(), parameters)


def test_more_operations_than_allowed_are_400() -> None:
    with pytest.raises(InvalidRequest, match="1000"):
        patch(patient(), *([operation("delete", "Patient.photo")] * 1001))


def test_searching_a_huge_resource_a_thousand_times_is_refused() -> None:
    tree = patient(identifier=[{"value": str(number)} for number in range(5000)])
    with pytest.raises(Unprocessable, match="too many steps"):
        patch(tree, *([operation("delete", "Patient.identifier.where(value = 'x')")] * 1000))


def test_a_contained_resource_with_a_broken_type_is_422() -> None:
    broken = operation("add", "Patient", name="contained", value={"resource": {"resourceType": ["Patient"]}})
    failed = error(patient(), broken, operation("delete", "Patient.contained.name"))
    assert failed.status == 422


def test_the_path_of_a_client_is_not_repeated_in_the_error() -> None:
    failed = error(
        patient(),
        operation("add", "Patient.identifier.where(value = '555-12')", name="value", value={"valueString": "secret"}),
    )
    assert "555" not in failed.diagnostics
    assert "secret" not in failed.diagnostics


def test_version_and_time_in_meta_are_restored() -> None:
    meta = {"versionId": "3", "lastUpdated": "2024-01-01T00:00:00Z"}
    tree = patient(meta=meta)
    assert patch(tree, operation("replace", "Patient.meta.versionId", value={"valueId": "9"})) == tree
    assert patch(tree, operation("delete", "Patient.meta"))["meta"] == meta
