"""Resources held against profiles (https://hl7.org/fhir/R4/profiling.html)."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import OverBudget
from fhir_server.validation.profiles import Library, Report, check, check_profile
from fhir_server.validation.profiles.library import Content, Facts

CORE = "http://hl7.org/fhir/StructureDefinition/"
LOINC = "http://loinc.org"
GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"


class Shelf(Library):
    """Profiles and value sets of a test."""

    def __init__(self, *profiles: dict[str, Any], **codes: Content) -> None:
        self.profiles = {one["url"]: one for one in profiles}
        self.contents = {f"urn:vs:{name}": content for name, content in codes.items()}

    def profile(self, canonical: str) -> Facts | None:
        return self.profiles.get(canonical)

    def codes(self, value_set: str) -> Content | None:
        return self.contents.get(value_set)


def profile(kind: str, *elements: dict[str, Any], url: str = "urn:p", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "type": kind,
        "baseDefinition": CORE + kind,
        "derivation": "constraint",
        "differential": {"element": [{"id": kind, "path": kind}, *elements]},
        **members,
    }


def element(where: str, **facts: Any) -> dict[str, Any]:
    path = ".".join(step.partition(":")[0] for step in where.split("."))
    named = {"sliceName": where.rpartition(":")[2]} if ":" in where.rpartition(".")[2] else {}
    return {"id": where, "path": path, **named, **facts}


def told(tree: dict[str, Any], definition: dict[str, Any], library: Library | None = None) -> list[tuple[str, str]]:
    report = Report()
    check_profile(tree, definition, library or Shelf(), report)
    return [(issue.severity, issue.code + " " + " ".join(issue.expression)) for issue in report.issues]


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def observation(*codes: str, **members: Any) -> dict[str, Any]:
    coding = [{"system": LOINC, "code": code} for code in codes or ("8480-6",)]
    return {"resourceType": "Observation", "status": "final", "code": {"coding": coding}, **members}


SIMPLE: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = [
    (element("Patient.name", min=1), patient(), [("error", "required Patient.name")]),
    (element("Patient.name", min=1), patient(name=[{"text": "x"}]), []),
    (element("Patient.name", max="1"), patient(name=[{"text": "x"}] * 2), [("error", "structure Patient.name")]),
    (element("Patient.photo", max="0"), patient(photo=[{"title": "x"}]), [("error", "structure Patient.photo")]),
    (
        element("Patient.name.family", min=1),
        patient(name=[{"family": "x"}, {"text": "x"}]),
        [("error", "required Patient.name[1].family")],
    ),
    (element("Patient.name.family", min=1), patient(), []),
    (element("Patient.active", fixedBoolean=True), patient(active=True), []),
    (element("Patient.active", fixedBoolean=True), patient(active=False), [("error", "value Patient.active")]),
    (
        element("Patient.maritalStatus", patternCodeableConcept={"coding": [{"code": "M"}]}),
        patient(maritalStatus={"coding": [{"code": "S"}, {"system": "urn:x", "code": "M"}]}),
        [],
    ),
    (
        element("Patient.maritalStatus", patternCodeableConcept={"coding": [{"code": "M"}]}),
        patient(maritalStatus={"text": "M"}),
        [("error", "value Patient.maritalStatus")],
    ),
    (
        element("Patient.deceased[x]", type=[{"code": "boolean"}]),
        patient(deceasedDateTime="2020"),
        [("error", "structure Patient.deceased")],
    ),
    (element("Patient.deceased[x]", type=[{"code": "boolean"}]), patient(deceasedBoolean=True), []),
    (
        element("Patient.deceasedBoolean", min=1),
        patient(deceasedDateTime="2020"),
        [("error", "required Patient.deceasedBoolean")],
    ),
    (
        element("Patient.name.text", maxLength=2),
        patient(name=[{"text": "xyz"}]),
        [("error", "value Patient.name[0].text")],
    ),
    (
        element("Patient.birthDate", minValueDate="2000-01-01"),
        patient(birthDate="1990"),
        [("information", "not-supported Patient.birthDate")],
    ),
    (
        element("Patient.generalPractitioner", type=[{"code": "Reference", "targetProfile": [CORE + "Organization"]}]),
        patient(generalPractitioner=[{"reference": "Organization/1"}, {"reference": "Practitioner/1"}]),
        [("error", "value Patient.generalPractitioner[1]")],
    ),
    (
        element("Patient.generalPractitioner", type=[{"code": "Reference", "targetProfile": ["urn:none"]}]),
        patient(generalPractitioner=[{"reference": "Organization/1"}]),
        [("information", "not-supported Patient.generalPractitioner[0]")],
    ),
    (
        element("Patient.contact", constraint=[{"key": "own-1", "severity": "error", "human": "x"}]),
        patient(contact=[{"name": {"text": "x"}}] * 2),
        [("information", "not-supported Patient.contact[0]")],
    ),
    (
        element("Patient.contact", constraint=[{"key": "pat-1", "severity": "error", "human": "x"}]),
        patient(contact=[{"name": {"text": "x"}}]),
        [],
    ),
]


@pytest.mark.parametrize(("rule", "tree", "expected"), SIMPLE)
def test_one_rule_is_kept_or_broken(
    rule: dict[str, Any], tree: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert told(tree, profile(tree["resourceType"], rule)) == expected


def test_a_snapshot_is_used_in_place_of_the_differential() -> None:
    definition = profile("Patient", element("Patient.photo", min=1))
    definition["snapshot"] = {"element": [{"path": "Patient"}, {"path": "Patient.name", "min": 1}]}
    assert told(patient(), definition) == [("error", "required Patient.name")]


def test_a_profile_is_for_one_type() -> None:
    assert told(patient(), profile("Observation")) == [("error", "structure Patient")]


CODED = element("Patient.maritalStatus", binding={"strength": "required", "valueSet": "urn:vs:states"})


@pytest.mark.parametrize(
    ("said", "content", "expected"),
    [
        ({"coding": [{"system": "urn:s", "code": "M"}]}, {"urn:s": {"M": None}}, []),
        ({"coding": [{"system": "urn:t", "code": "M"}]}, {"urn:s": {"M": None}}, ["error"]),
        ({"text": "married"}, {"urn:s": {"M": None}}, ["error"]),
        ({"coding": [{"system": "urn:s", "code": "M"}]}, {"urn:s": None}, ["information"]),
        ({"coding": [{"system": "urn:t", "code": "M"}]}, {"urn:s": None}, ["error"]),
        ({"coding": [{"system": "urn:s", "code": "M"}]}, None, ["information"]),
    ],
)
def test_codes_are_held_against_required_value_sets(said: Any, content: Any, expected: list[str]) -> None:
    library = Shelf(states=content) if content is not None else Shelf()
    found = told(patient(maritalStatus=said), profile("Patient", CODED), library)
    assert [severity for severity, _ in found] == expected


def test_an_extensible_binding_only_warns() -> None:
    rule = element("Patient.maritalStatus", binding={"strength": "extensible", "valueSet": "urn:vs:states"})
    tree = patient(maritalStatus={"coding": [{"system": "urn:s", "code": "x"}]})
    found = told(tree, profile("Patient", rule), Shelf(states={"urn:s": {"M": None}}))
    assert found == [("warning", "code-invalid Patient.maritalStatus")]


def test_what_r4_binds_itself_is_not_asked_again() -> None:
    rule = element("Patient.gender", binding={"strength": "required", "valueSet": f"{GENDER}|4.0.1"})
    assert told(patient(gender="male"), profile("Patient", rule)) == []


RACE = profile(
    "Extension",
    element("Extension.url", fixedUri="urn:race"),
    element("Extension.value[x]", min=1, type=[{"code": "string"}]),
    url="urn:race",
)
WITH_RACE = profile(
    "Patient",
    element("Patient.extension:race", min=1, max="1", type=[{"code": "Extension", "profile": ["urn:race"]}]),
)


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ([{"url": "urn:race", "valueString": "x"}, {"url": "urn:other", "valueCode": "x"}], []),
        ([{"url": "urn:other", "valueString": "x"}], [("error", "required Patient.extension")]),
        ([{"url": "urn:race", "valueCode": "x"}], [("error", "structure Patient.extension[0].value")]),
        ([{"url": "urn:race", "valueString": "x"}] * 2, [("error", "structure Patient.extension")]),
    ],
)
def test_extensions_are_told_apart_by_their_url(extensions: Any, expected: list[tuple[str, str]]) -> None:
    assert told(patient(extension=extensions), WITH_RACE, Shelf(RACE)) == expected


def test_an_extension_that_is_not_stored_is_not_evaluated() -> None:
    found = told(patient(extension=[{"url": "urn:race", "valueCode": "x"}]), WITH_RACE)
    assert found == [("information", "not-supported Patient.extension[0]")]


def test_extensions_of_primitives_are_looked_at() -> None:
    rule = element("Patient.birthDate.extension:time", min=1, type=[{"code": "Extension", "profile": ["urn:time"]}])
    definition = profile("Patient", rule)
    assert told(patient(birthDate="2000"), definition) == [("error", "required Patient.birthDate.extension")]
    beside = {"extension": [{"url": "urn:time", "valueString": "x"}]}
    assert [one[0] for one in told(patient(birthDate="2000", _birthDate=beside), definition)] == ["information"]


def coded(code: str, **members: Any) -> dict[str, Any]:
    return {"code": {"coding": [{"system": LOINC, "code": code}]}, **members}


SLICING = {"discriminator": [{"type": "pattern", "path": "code"}], "rules": "open"}
PRESSURE = (
    element("Observation.component", slicing=SLICING, min=2),
    element("Observation.component:systolic", min=1, max="1"),
    element("Observation.component:systolic.code", patternCodeableConcept=coded("8480-6")["code"]),
    element("Observation.component:systolic.value[x]", min=1, type=[{"code": "Quantity"}]),
    element("Observation.component:diastolic", min=1, max="1"),
    element("Observation.component:diastolic.code", patternCodeableConcept=coded("8462-4")["code"]),
)
SYSTOLIC, DIASTOLIC = coded("8480-6", valueQuantity={"value": 120}), coded("8462-4")


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([SYSTOLIC, DIASTOLIC], []),
        ([SYSTOLIC, DIASTOLIC, coded("1-8")], []),
        ([SYSTOLIC, coded("1-8")], [("error", "required Observation.component")]),
        ([coded("8480-6"), DIASTOLIC], [("error", "required Observation.component[0].value")]),
        ([SYSTOLIC, SYSTOLIC, DIASTOLIC], [("error", "structure Observation.component")]),
        (
            [{**SYSTOLIC, "valueQuantity": None, "valueString": "x"}, DIASTOLIC],
            [("error", "structure Observation.component[0].value")],
        ),
    ],
)
def test_components_are_told_apart_by_their_codes(components: Any, expected: list[tuple[str, str]]) -> None:
    kept = [{key: value for key, value in one.items() if value is not None} for one in components]
    assert told(observation(component=kept), profile("Observation", *PRESSURE)) == expected


@pytest.mark.parametrize("path", ["code", "code.coding", "code.coding.code"])
def test_the_pattern_may_stand_above_the_discriminator(path: str) -> None:
    slicing = {"discriminator": [{"type": "value", "path": path}], "rules": "open"}
    rules = [{**one, "slicing": slicing} if "slicing" in one else one for one in PRESSURE]
    assert told(observation(component=[SYSTOLIC, DIASTOLIC]), profile("Observation", *rules)) == []
    assert told(observation(component=[SYSTOLIC, SYSTOLIC]), profile("Observation", *rules)) != []


def test_closed_slicing_lets_nothing_else_in() -> None:
    rules = [{**one, "slicing": {**SLICING, "rules": "closed"}} if "slicing" in one else one for one in PRESSURE]
    found = told(observation(component=[SYSTOLIC, DIASTOLIC, coded("1-8")]), profile("Observation", *rules))
    assert found == [("error", "structure Observation.component[2]")]


def test_choices_are_told_apart_by_their_type() -> None:
    rules = (
        element(
            "Observation.value[x]", slicing={"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"}
        ),
        element("Observation.value[x]:valueQuantity", type=[{"code": "Quantity"}]),
        element("Observation.value[x]:valueQuantity.unit", min=1),
    )
    definition = profile("Observation", *rules)
    assert told(observation(valueString="x"), definition) == []
    assert told(observation(valueQuantity={"value": 1, "unit": "x"}), definition) == []
    assert told(observation(valueQuantity={"value": 1}), definition) == [("error", "required Observation.value.unit")]


def test_categories_are_told_apart_by_themselves() -> None:
    rules = (
        element(
            "Observation.category", slicing={"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "open"}
        ),
        element("Observation.category:lab", min=1, patternCodeableConcept={"coding": [{"code": "laboratory"}]}),
    )
    definition = profile("Observation", *rules)
    assert told(observation(category=[{"text": "x"}, {"coding": [{"code": "laboratory"}]}]), definition) == []
    assert told(observation(category=[{"text": "x"}]), definition) == [("error", "required Observation.category")]


@pytest.mark.parametrize(
    "slicing",
    [
        {"discriminator": [{"type": "profile", "path": "$this"}], "rules": "open"},
        {"discriminator": [{"type": "value", "path": "resolve().code"}], "rules": "open"},
    ],
)
def test_slices_that_cannot_be_told_apart_are_said_not_to_be_evaluated(slicing: Any) -> None:
    rules = (element("Patient.link", slicing=slicing), element("Patient.link:one", min=1))
    found = told(patient(link=[{"other": {"reference": "Patient/1"}, "type": "seealso"}]), profile("Patient", *rules))
    assert found == [("information", "not-supported Patient.link")]


def test_the_base_of_a_differential_is_held_against_too() -> None:
    base = profile("Patient", element("Patient.name", min=1), url="urn:base")
    derived = profile("Patient", element("Patient.gender", min=1), baseDefinition="urn:base")
    found = told(patient(), derived, Shelf(base))
    assert found == [("error", "required Patient.gender"), ("error", "required Patient.name")]
    assert told(patient(gender="male"), derived) == [("information", "not-supported Patient")]


def test_profiles_that_lead_to_each_other_come_to_an_end() -> None:
    circle = profile("Patient", element("Patient.name", min=1), baseDefinition="urn:p")
    assert ("error", "required Patient.name") in told(patient(), circle, Shelf(circle))


def test_elements_without_ids_go_by_their_order() -> None:
    definition = profile("Observation", *({**one, "id": None} for one in PRESSURE))
    for one in definition["differential"]["element"]:
        one.pop("id", None)
    assert told(observation(component=[SYSTOLIC, DIASTOLIC]), definition) == []
    assert told(observation(component=[coded("8480-6"), DIASTOLIC]), definition) == [
        ("error", "required Observation.component[0].value")
    ]


def test_profiles_that_lead_to_each_other_many_ways_are_each_looked_at_once() -> None:
    names = [f"urn:p{number}" for number in range(10)]
    root = {"id": "Patient", "path": "Patient", "type": [{"code": "Patient", "profile": names}]}
    many = [profile("Patient", url=name, differential={"element": [root]}) for name in names]
    assert told(patient(), many[0], Shelf(*many)) == []


def test_a_check_that_takes_too_many_steps_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MAX_STEPS", 3)
    with pytest.raises(OverBudget):
        told(patient(name=[{"text": "x"}] * 5), profile("Patient", element("Patient.name", min=1)))


@pytest.mark.parametrize(
    ("said", "expected"), [({"coding": [{"display": "x"}]}, ["error"]), ({"extension": [{"url": "urn:x"}]}, [])]
)
def test_only_an_extension_may_stand_for_a_code(said: Any, expected: list[str]) -> None:
    found = told(patient(maritalStatus=said), profile("Patient", CODED), Shelf(states={"urn:s": {"M": None}}))
    assert [severity for severity, _ in found] == expected


def test_entries_are_told_apart_by_the_type_of_their_resources() -> None:
    slicing = {"discriminator": [{"type": "type", "path": "resource"}], "rules": "closed"}
    rules = (
        element("Bundle.entry", slicing=slicing),
        element("Bundle.entry:patient", max="1"),
        element("Bundle.entry:patient.resource", type=[{"code": "Patient"}]),
    )
    entries = [{"resource": {"resourceType": kind}} for kind in ("Patient", "Patient", "Basic")]
    found = told({"resourceType": "Bundle", "type": "collection", "entry": entries}, profile("Bundle", *rules))
    assert found == [("error", "structure Bundle.entry"), ("error", "structure Bundle.entry[2]")]


def test_slices_are_told_apart_by_what_exists() -> None:
    slicing = {"discriminator": [{"type": "exists", "path": "value"}], "rules": "open"}
    rules = (
        element("Observation.component", slicing=slicing),
        element("Observation.component:measured", max="1"),
        element("Observation.component:measured.value[x]", min=1),
        element("Observation.component:missing", max="1"),
        element("Observation.component:missing.value[x]", max="0"),
        element("Observation.component:missing.dataAbsentReason", min=1),
    )
    definition = profile("Observation", *rules)
    assert told(observation(component=[SYSTOLIC]), definition) == []
    assert told(observation(component=[SYSTOLIC, DIASTOLIC]), definition) == [
        ("error", "required Observation.component[1].dataAbsentReason")
    ]


def test_a_category_may_be_told_by_the_parts_of_its_coding() -> None:
    paths = [{"type": "value", "path": f"coding.{name}"} for name in ("code", "system")]
    rules = (
        element("Observation.category", slicing={"discriminator": paths, "rules": "open"}),
        element("Observation.category:vital", min=1, max="1"),
        element("Observation.category:vital.coding.system", min=1, fixedUri="urn:c"),
        element("Observation.category:vital.coding.code", min=1, fixedCode="vital-signs"),
    )
    definition = profile("Observation", *rules)
    vital = {"coding": [{"system": "urn:c", "code": "vital-signs"}]}
    assert told(observation(category=[{"text": "x"}, vital]), definition) == []
    other = {"coding": [{"system": "urn:d", "code": "vital-signs"}]}
    assert told(observation(category=[other]), definition) == [("error", "required Observation.category")]
