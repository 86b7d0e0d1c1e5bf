"""Bodies that lenient servers take: each is refused with the right code, status and element."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.json_text import parse_json
from fhir_server.validation import raise_if_invalid, status_of, validate

HTML = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'
UCUM = "http://unitsofmeasure.org"


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}} | elements


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient"} | elements


def condition(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "subject": {"reference": "Patient/1"}} | elements


def number(text: str) -> Any:
    return parse_json(text.encode())


def narrative(content: str) -> dict[str, Any]:
    return {"status": "generated", "div": HTML % content}


def extension(**value: Any) -> dict[str, Any]:
    return {"url": "http://example.org/x"} | value


STRUCTURE = {
    "no object": ([], "Patient"),
    "an empty object": ({}, "Patient"),
    "another resource type": (observation(), "Patient.resourceType"),
    "no resource type": ({"active": True}, "Patient"),
    "an unknown element": (patient(foo=1), "Patient.foo"),
    "an unknown element deep inside": (patient(contact=[{"name": {"famly": "a"}}]), "Patient.contact[0].name.famly"),
    "an unknown element with an odd name": (patient(**{"<b>": 1}), "Patient"),
    "comments of DSTU2": (patient(fhir_comments=["x"]), "Patient.fhir_comments"),
    "a boolean as a string": (patient(active="true"), "Patient.active"),
    "a number as a string": (observation(valueQuantity={"value": "5.0"}), "Observation.value.value"),
    "a string as a number": (patient(birthDate=1980), "Patient.birthDate"),
    "a code as a number": (patient(gender=5), "Patient.gender"),
    "an integer with a fraction": (patient(multipleBirthInteger=number("1.0")), "Patient.multipleBirth"),
    "an integer with an exponent": (patient(multipleBirthInteger=number("1e0")), "Patient.multipleBirth"),
    "a boolean for a decimal": (observation(valueQuantity={"value": True}), "Observation.value.value"),
    "an array where one belongs": (patient(birthDate=["1980"]), "Patient.birthDate"),
    "one where an array belongs": (patient(name={"family": "a"}), "Patient.name"),
    "an object for a string": (patient(language={"a": 1}), "Patient.language"),
    "an array for the siblings of one": (patient(birthDate="1980", _birthDate=[{"id": "a"}]), "Patient.birthDate"),
    "an object for the siblings of many": (
        patient(name=[{"given": ["a"], "_given": {"id": "b"}}]),
        "Patient.name[0].given",
    ),
    "an empty array": (patient(name=[]), "Patient.name"),
    "an empty object inside": (patient(name=[{}]), "Patient.name[0]"),
    "an empty string": (patient(name=[{"family": ""}]), "Patient.name[0].family"),
    "an empty code": (patient(gender=""), "Patient.gender"),
    "an empty sibling": (patient(birthDate="1980", _birthDate={}), "Patient.birthDate"),
    "null": (patient(birthDate=None), "Patient.birthDate"),
    "null among objects": (patient(name=[None]), "Patient.name[0]"),
    "null without an extension": (patient(name=[{"given": ["a", None]}]), "Patient.name[0].given[1]"),
    "null on both sides": (
        patient(name=[{"given": [None, "a"], "_given": [None, {"id": "b"}]}]),
        "Patient.name[0].given[0]",
    ),
    "siblings that are padded on their own": (patient(name=[{"_given": [None]}]), "Patient.name[0].given[0]"),
    "siblings of another length": (
        patient(name=[{"given": ["a", "b"], "_given": [{"id": "b"}]}]),
        "Patient.name[0].given",
    ),
    "an unknown element in a sibling": (patient(_birthDate={"value": "1"}), "Patient.birthDate.value"),
    "two types of value": (observation(valueString="a", valueInteger=1), "Observation.value"),
    "two types of value, one only an extension": (
        observation(valueString="a", _valueInteger={"extension": [extension(valueCode="b")]}),
        "Observation.value",
    ),
    "two types of value in an extension": (
        patient(extension=[extension(valueString="a", valueCode="b")]),
        "Patient.extension[0].value",
    ),
    "a value of a type that is not allowed": (observation(valueAddress={"city": "x"}), "Observation.valueAddress"),
    "a sibling of what is no primitive": (patient(_name=[{"id": "a"}]), "Patient._name"),
    "a contained text": (patient(contained=["x"]), "Patient.contained[0]"),
    "a contained resource without a type": (patient(contained=[{"id": "a"}]), "Patient.contained[0]"),
    "a contained resource of an unknown type": (
        patient(contained=[{"resourceType": "Foo", "id": "a"}], link=[{"other": {"reference": "#a"}, "type": "refer"}]),
        "Patient.contained[0]",
    ),
    "an unknown element in a contained resource": (
        patient(
            contained=[{"resourceType": "Organization", "id": "a", "name": "x", "foo": 1}],
            managingOrganization={"reference": "#a"},
        ),
        "Patient.contained[0].foo",
    ),
}

RULES = {
    "a status outside of its binding": (observation(status="banana"), "code-invalid", "Observation.status"),
    "a gender outside of its binding": (patient(gender="banana"), "code-invalid", "Patient.gender"),
    "a code of another case": (patient(gender="Male"), "code-invalid", "Patient.gender"),
    "a concept outside of its binding": (
        condition(clinicalStatus={"coding": [{"system": "http://example.org", "code": "active"}]}),
        "code-invalid",
        "Condition.clinicalStatus",
    ),
    "a concept of only text where codes are required": (
        condition(clinicalStatus={"text": "active"}),
        "code-invalid",
        "Condition.clinicalStatus",
    ),
    "no status": ({"resourceType": "Observation", "code": {"text": "x"}}, "required", "Observation.status"),
    "no code": ({"resourceType": "Observation", "status": "final"}, "required", "Observation.code"),
    "no required choice": (
        {
            "resourceType": "DeviceRequest",
            "intent": "order",
            "subject": {"reference": "Patient/1"},
        },
        "required",
        "DeviceRequest.code",
    ),
    "no type of a link": (patient(link=[{"other": {"reference": "Patient/2"}}]), "required", "Patient.link[0].type"),
    "an extension without a url": (patient(extension=[{"valueCode": "a"}]), "required", "Patient.extension[0].url"),
    "an id of 65 characters": (patient(id="x" * 65), "value", "Patient.id"),
    "an id with a blank": (patient(id="a b"), "value", "Patient.id"),
    "an id with a line break at its end": (patient(id="a\n"), "value", "Patient.id"),
    "a code with two blanks": (patient(language="de  CH"), "value", "Patient.language"),
    "a uri with a blank": (patient(implicitRules="http://a b"), "value", "Patient.implicitRules"),
    "a 29 February of a common year": (patient(birthDate="2023-02-29"), "value", "Patient.birthDate"),
    "a month 13": (patient(birthDate="2023-13"), "value", "Patient.birthDate"),
    "a date with a time": (patient(birthDate="2023-01-01T00:00:00Z"), "value", "Patient.birthDate"),
    "a time without a zone": (observation(effectiveDateTime="2023-01-01T10:00:00"), "value", "Observation.effective"),
    "a time without seconds": (observation(effectiveDateTime="2023-01-01T10:00Z"), "value", "Observation.effective"),
    "an hour 24": (observation(effectiveDateTime="2023-01-01T24:00:00Z"), "value", "Observation.effective"),
    "an instant without a time": (observation(issued="2023-01-01"), "value", "Observation.issued"),
    "an integer of 33 bits": (patient(multipleBirthInteger=2**31), "value", "Patient.multipleBirth"),
    "a rank of 0": (patient(telecom=[{"rank": 0}]), "value", "Patient.telecom[0].rank"),
    "text that is not base64": (
        patient(photo=[{"contentType": "a/b", "data": "AAA"}]),
        "value",
        "Patient.photo[0].data",
    ),
    "a reference to a type that is not allowed": (
        observation(subject={"reference": "Medication/1"}),
        "value",
        "Observation.subject",
    ),
    "a subsetted resource": (
        patient(
            meta={
                "tag": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"},
                ]
            }
        ),
        "value",
        "Patient.meta.tag[0]",
    ),
    "an extension with a value and children": (
        patient(extension=[extension(valueCode="a", extension=[extension(valueCode="b")])]),
        "invariant",
        "Patient.extension[0]",
    ),
    "an extension with neither": (patient(extension=[extension()]), "invariant", "Patient.extension[0]"),
    "an element of only an id": (patient(name=[{"id": "a"}]), "invariant", "Patient.name[0]"),
    "a primitive of only an id": (patient(_birthDate={"id": "a"}), "invariant", "Patient.birthDate"),
    "a value and a reason for its absence": (
        observation(valueString="a", dataAbsentReason={"text": "b"}),
        "invariant",
        "Observation",
    ),
    "a contained resource in a contained one": (
        observation(
            subject={"reference": "#a"},
            contained=[
                {
                    "resourceType": "Patient",
                    "id": "a",
                    "contained": [{"resourceType": "Organization", "id": "b", "name": "x"}],
                }
            ],
        ),
        "invariant",
        "Observation.contained[0]",
    ),
    "a script in the narrative": (patient(text=narrative("<script>x()</script>")), "invariant", "Patient.text"),
    "a fault in an entry of a bundle": (
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient(gender="x")}]},
        "code-invalid",
        "Bundle.entry[0].resource.gender",
    ),
    "a fault in a parameter": (
        {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": patient(gender="x")}]},
        "code-invalid",
        "Parameters.parameter[0].resource.gender",
    ),
    "a fault in a contained resource": (
        observation(subject={"reference": "#a"}, contained=[{"resourceType": "Patient", "id": "a", "gender": "x"}]),
        "code-invalid",
        "Observation.contained[0].gender",
    ),
}

SOUND = {
    "nothing but a type": patient(),
    "29 February of a leap year": patient(birthDate="2024-02-29"),
    "29 February of 2000": patient(birthDate="2000-02-29"),
    "a year": patient(birthDate="1980"),
    "a leap second": observation(effectiveDateTime="2016-12-31T23:59:60Z"),
    "a far zone": observation(effectiveDateTime="2016-12-31T23:59:59.123456789+14:00"),
    "a decimal written as a whole number": observation(valueQuantity={"value": 5}),
    "a decimal of many digits": observation(valueQuantity={"value": number("12345678901234567890.123456789")}),
    "a decimal with an exponent": observation(valueQuantity={"value": number("1e2")}),
    "a no-break space": patient(name=[{"family": "\u00a0a\u00a0"}]),
    "nothing but a no-break space": patient(name=[{"family": "\u00a0"}]),
    "a tab and a line break": patient(name=[{"text": "a\tb\r\n"}]),
    "letters of the whole world": patient(name=[{"family": "Ωمحمد中😀"}]),
    "base64 with white space": patient(photo=[{"contentType": "a/b", "data": "AA AA\r\nAA=="}]),
    "a required primitive with only an extension": {
        "resourceType": "Observation",
        "_status": {"extension": [extension(valueCode="unknown")]},
        "code": {"text": "x"},
    },
    "a required choice with only an extension": {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "medicationCodeableConcept": {"extension": [extension(valueCode="unknown")]},
    },
    "arrays padded with null": patient(
        name=[{"given": ["a", None], "_given": [None, {"extension": [extension(valueCode="masked")]}]}]
    ),
    "only siblings of an array": patient(name=[{"_given": [{"extension": [extension(valueCode="masked")]}]}]),
    "an id of 64 characters": patient(id="x" * 64),
    "a value set of only an extension": condition(clinicalStatus={"extension": [extension(valueCode="unknown")]}),
    "an unknown modifier extension": patient(modifierExtension=[extension(valueBoolean=True)]),
    "a contained patient": observation(subject={"reference": "#a"}, contained=[{"resourceType": "Patient", "id": "a"}]),
    "a patient of another server": observation(subject={"reference": "http://example.org/fhir/Patient/1"}),
    "an entry of a transaction": observation(subject={"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}),
}


@pytest.mark.parametrize(("body", "place"), STRUCTURE.values(), ids=STRUCTURE)
def test_what_is_not_fhir_is_a_400_that_names_the_element(body: Any, place: str) -> None:
    issues = validate("Patient" if place.startswith("Patient") else "Observation", body)
    assert [(issue.code, issue.expression) for issue in issues] == [("structure", (place,))]
    assert status_of(issues) == 400


@pytest.mark.parametrize(("body", "code", "place"), RULES.values(), ids=RULES)
def test_what_breaks_a_rule_is_a_422_that_names_the_element(body: Any, code: str, place: str) -> None:
    issues = validate(body["resourceType"], body)
    assert [(issue.code, issue.expression) for issue in issues] == [(code, (place,))]
    assert status_of(issues) == 422


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_what_looks_odd_and_is_fhir_is_accepted(body: Any) -> None:
    assert validate(body["resourceType"], body) == ()


def test_what_is_not_fhir_is_raised_as_an_invalid_request() -> None:
    with pytest.raises(InvalidRequest) as caught:
        raise_if_invalid("Patient", patient(gender="banana", active="true"))
    assert caught.value.expression == ("Patient.active",)
    assert {issue.code for issue in caught.value.issues} == {"structure", "code-invalid"}


def test_a_broken_rule_is_raised_as_unprocessable() -> None:
    with pytest.raises(Unprocessable) as caught:
        raise_if_invalid("Patient", patient(gender="banana"))
    assert caught.value.to_outcome()["issue"] == [
        {
            "severity": "error",
            "code": "code-invalid",
            "diagnostics": "Patient.gender must be one of: female, male, other, unknown",
            "expression": ["Patient.gender"],
        }
    ]


def test_a_sound_resource_raises_nothing() -> None:
    raise_if_invalid("Patient", patient(gender="female"))


def test_a_type_that_r4_does_not_have_is_refused() -> None:
    assert [issue.code for issue in validate("Foo", {"resourceType": "Foo"})] == ["structure"]


@pytest.mark.parametrize("name", ["Resource", "DomainResource", "Element", "HumanName", "_", ""])
def test_what_cannot_be_stored_is_no_resource_type(name: str) -> None:
    assert [issue.code for issue in validate(name, {"resourceType": name, "id": "a"})] == ["structure"]


def test_no_more_than_20_issues_are_told() -> None:
    assert len(validate("Patient", patient(name=[{"family": 1}] * 50))) == 20


def test_a_huge_body_that_is_wrong_everywhere_is_refused_with_its_first_fault() -> None:
    issues = validate("Patient", patient(name=[{"family": 1}] * 20_000))
    assert [issue.expression for issue in issues] == [("Patient.name[0].family",)]
