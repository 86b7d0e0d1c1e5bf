from __future__ import annotations

from typing import Any

import pytest

from fhir_server.interactions.patching.nodes import Evaluation, root
from fhir_server.interactions.patching.path_parser import PathSyntaxError, parse_path
from fhir_server.interactions.patching.trees import PatchProblem
from fhir_server.json_text import DecimalText

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "active": True,
    "name": [
        {"use": "official", "family": "Shaw", "given": ["Ann", "Bea"], "period": {"start": "2001"}},
        {"use": "usual", "given": ["Annie"]},
    ],
    "identifier": [
        {"system": "http://x.org/a", "value": "it's 1", "type": {"coding": [{"code": "MR"}, {"code": "X"}]}},
        {"system": "http://x.org/b", "value": "2"},
    ],
    "multipleBirthInteger": 2,
    "extension": [
        {"url": "http://x.org/e", "extension": [{"url": "inner", "valueString": "v"}]},
        {"url": "http://x.org/f", "valueDecimal": DecimalText("1.50")},
    ],
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "http://x.org/t", "valueString": "noon"}]},
    "contact": [{"name": {"family": "Du"}, "organization": {"reference": "Organization/1"}}],
}


def find(path: str, tree: dict[str, Any] = PATIENT) -> list[Any]:
    resource_type = tree["resourceType"]
    nodes = Evaluation().find(root(resource_type, tree), parse_path(path, resource_type).steps)
    return [node.value for node in nodes]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("Patient", [PATIENT]),
        ("Patient.active", [True]),
        ("active", [True]),
        ("Patient.name.given", ["Ann", "Bea", "Annie"]),
        ("Patient.name.given[2]", ["Annie"]),
        ("Patient.name[0].given[1]", ["Bea"]),
        ("Patient.name[5]", []),
        ("Patient.name.first().family", ["Shaw"]),
        ("Patient.name.last().given", ["Annie"]),
        ("Patient.name[0].single().family", ["Shaw"]),
        ("Patient.photo", []),
        (" Patient . name [ 0 ] . family ", ["Shaw"]),
        ("Patient.`name`.`given`[0]", ["Ann"]),
        ("Patient.name.where(use = 'official').family", ["Shaw"]),
        ("Patient.name.where(use='official' and family='Shaw').family", ["Shaw"]),
        ("Patient.name.where(use = 'old' or use = 'usual').given", ["Annie"]),
        ("Patient.name.where(use != 'official').given", ["Annie"]),
        ("Patient.name.where((use = 'official' or use = 'usual') and family = 'Shaw').family", ["Shaw"]),
        ("Patient.name.where('official' = use).family", ["Shaw"]),
        ("Patient.name.where(family.exists()).use", ["official"]),
        ("Patient.name.where(family.exists().not()).use", ["usual"]),
        ("Patient.name.where(family.empty()).use", ["usual"]),
        ("Patient.name.where(period.start = @2001).family", ["Shaw"]),
        ("Patient.name.where(given = 'Annie').use", ["usual"]),
        ("Patient.name.where(given = 'Ann').use", []),
        ("Patient.name.where(given.where($this = 'Ann').exists()).use", ["official"]),
        ("Patient.name.given.where($this = 'Bea')", ["Bea"]),
        ("Patient.identifier.where(value = 'it\\'s 1').system", ["http://x.org/a"]),
        ("Patient.identifier.where(type.coding.where(code = 'MR').exists()).system", ["http://x.org/a"]),
        ("Patient.identifier.where(type.coding[1].code = 'X').system", ["http://x.org/a"]),
        ("Patient.where(active).birthDate", ["1974-12-25"]),
        ("Patient.where(active.not()).birthDate", []),
        ("Patient.where(active = true).birthDate", ["1974-12-25"]),
        ("Patient.where(multipleBirth = 2).active", [True]),
        ("Patient.where(multipleBirth = 2.0).active", [True]),
        ("Patient.where(active = 1).birthDate", []),
        ("Patient.multipleBirth", [2]),
        ("Patient.multipleBirthInteger", [2]),
        ("Patient.multipleBirth.ofType(integer)", [2]),
        ("Patient.multipleBirth.ofType(FHIR.boolean)", []),
        ("(Patient.multipleBirth as integer)", [2]),
        ("Patient.multipleBirth as integer", [2]),
        ("Patient.multipleBirth.as(integer)", [2]),
        ("Patient.extension('http://x.org/e').extension('inner').value", ["v"]),
        ("Patient.extension.where(url = 'http://x.org/f').value", [DecimalText("1.50")]),
        ("Patient.extension.where(value = 1.5).url", ["http://x.org/f"]),
        ("Patient.birthDate.extension('http://x.org/t').value", ["noon"]),
        ("Patient.contact.where(organization.reference = 'Organization/1').name.family", ["Du"]),
        ("Patient.ofType(Patient).active", [True]),
    ],
)
def test_a_path_finds_what_fhirpath_says(path: str, values: list[Any]) -> None:
    assert find(path) == values


def test_a_primitive_that_only_has_an_extension_is_found() -> None:
    tree = {"resourceType": "Patient", "_gender": {"extension": [{"url": "u", "valueCode": "unknown"}]}}
    assert find("Patient.gender", tree) == [None]
    assert find("Patient.gender.extension('u').value", tree) == ["unknown"]


def test_content_references_have_the_children_of_what_they_refer_to() -> None:
    tree = {"resourceType": "Observation", "component": [{"referenceRange": [{"text": "low"}]}]}
    assert find("Observation.component.referenceRange.text", tree) == ["low"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "Patient.",
        "Patient..name",
        "Patient.name[",
        "Patient.name[x]",
        "Patient.name[-1]",
        "Patient.name[1.5]",
        "Patient.name[99999999999]",
        "Patient.name.where()",
        "Patient.name.where(use = )",
        "Patient.name.where(use > 'a')",
        "Patient.name.where('x')",
        "Patient.name.where(use = 'a",
        "Patient.name.where(use = 'a\\x')",
        "Patient.name.exists()",
        "Patient.name.resolve()",
        "Patient.name.repeat(given)",
        "Patient.descendants()",
        "Patient.name | Patient.contact",
        "Patient.name given",
        "(Patient.name",
        "Patient.name)",
        "Patient.extension()",
        "Patient.extension(5)",
        "Patient.name.where(exists())",
        "%resource.name",
        "Patient.name; drop table",
        "x" * 2001,
        "(" * 9 + "Patient" + ")" * 9,
        "Patient.name.where(family = " + "9" * 31 + ")",
    ],
)
def test_what_is_not_supported_is_refused(path: str) -> None:
    with pytest.raises(PathSyntaxError):
        parse_path(path, "Patient")


def test_nested_parentheses_end_in_time() -> None:
    with pytest.raises(PathSyntaxError):
        parse_path("Patient.where(" + " or ".join(["((((((a = 'b' and" for _ in range(50)]), "Patient")


@pytest.mark.parametrize(
    "path", ["Patient.colour", "Patient.name.colour", "Observation.code", "Patient.birthDate.name"]
)
def test_an_element_that_r4_does_not_have_is_named(path: str) -> None:
    with pytest.raises(PatchProblem, match="R4 has no element"):
        find(path)
