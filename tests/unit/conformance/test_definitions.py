"""Whatever a declaration names is defined, in words too; every definition is valid R4."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from business.statuses import status_map, status_map_names
from fhir_server.conformance.definitions import definitions
from fhir_server.conformance.names import declarations, tail
from fhir_server.conformance.structures import own_extensions
from fhir_server.conformance.terminology import used_systems
from fhir_server.conformance.texts import MissingText, Texts, texts
from fhir_server.definitions import canonical_base, element
from fhir_server.definitions.canonical import DEFAULT
from fhir_server.definitions.parameters import own_parameters
from fhir_server.json_text import encode_json, parse_json
from fhir_server.operations import OPERATIONS
from fhir_server.resources.registry import DECLARED, registry
from fhir_server.resources.request_details import PARAMETERS
from fhir_server.validation import second_opinion, validate

ROOT = Path(__file__).parents[3]
PREFIXES = {"EXTENSION": "StructureDefinition", "CODE_SYSTEM": "CodeSystem"}
HOW = "see 'Adding an extension, code system, …' in CONTRIBUTING.md"


@cache
def made() -> tuple[dict[str, Any], ...]:
    return definitions(registry(), strict=True)


def urls(resource_type: str) -> set[str]:
    return {one["url"] for one in made() if one["resourceType"] == resource_type}


def named_in_sources() -> Iterator[tuple[str, str]]:
    """Every f"{EXTENSION}/name" and f"{CODE_SYSTEM}/name" of the declarations, also in words that nobody can walk."""
    for path in sorted((ROOT / "fhir_server" / "resources").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.JoinedStr) or len(node.values) != 2:
                continue
            first, last = node.values
            if isinstance(first, ast.FormattedValue) and isinstance(last, ast.Constant):
                kind = PREFIXES.get(ast.unparse(first.value))
                if kind is not None and str(last.value).startswith("/"):
                    yield kind, f"{canonical_base()}/{kind}{last.value}"


def test_every_definition_has_a_title_and_a_description() -> None:
    assert len(made()) > 90


def test_a_missing_text_is_told_with_the_line_to_add() -> None:
    with pytest.raises(MissingText, match=re.escape("texts.json has no title and description for extensions → x: add")):
        Texts({}, strict=True).of("extensions", "x")
    assert Texts({}).of("extensions", "source-x") == {"title": "Source x", "description": "Source x."}


def test_every_extension_and_code_system_that_a_source_names_is_defined() -> None:
    named = sorted(set(named_in_sources()))
    assert len(named) > 15
    missing = [url for kind, url in named if url not in urls(kind)]
    assert missing == [], HOW


def test_every_extension_and_code_system_that_a_declaration_says_is_defined() -> None:
    assert set(own_extensions(DECLARED)) - urls("StructureDefinition") == set(), HOW
    assert set(used_systems(DECLARED)) - urls("CodeSystem") == set(), HOW


def test_every_extension_has_a_value_type_or_parts() -> None:
    for one in made():
        if one.get("type") == "Extension":
            elements = {element["id"]: element for element in one["differential"]["element"]}
            has_parts = elements["Extension.value[x]"].get("max") == "0"
            assert has_parts or elements["Extension.value[x]"].get("type"), f"{one['id']} needs 'types' in texts.json"
            assert one["context"]


def test_every_declaration_has_a_profile_of_its_own() -> None:
    profiles = [one for one in made() if one.get("kind") == "resource"]
    assert Counter(one["type"] for one in profiles) == Counter(one.resource_type for one in declarations(registry()))
    assert len(declarations(registry())) == len(DECLARED)


def test_every_status_map_is_a_concept_map_with_all_its_texts() -> None:
    maps = {one["id"]: one for one in made() if one["resourceType"] == "ConceptMap"}
    assert set(maps) == {f"status-{name}" for name in status_map_names()}
    for name in status_map_names():
        (group,) = maps[f"status-{name}"]["group"]
        said = {one["code"]: one["target"][0]["code"] for one in group["element"]}
        assert said == dict(status_map(name).codes)
        assert group.get("unmapped", {}).get("code") == status_map(name).other
        assert {group["source"], group["target"]} & urls("CodeSystem")


def test_every_own_parameter_and_operation_is_defined() -> None:
    assert {one.url for one in own_parameters()} <= urls("SearchParameter")
    own = {one.url for one in OPERATIONS if not one.url.startswith("http://hl7.org/")}
    assert own == urls("OperationDefinition")


def test_no_text_is_left_over() -> None:
    sections = texts().sections
    extensions = {tail(url) for url in own_extensions(DECLARED)}
    only_named = {tail(url) for _, url in named_in_sources()}
    assert set(sections["extensions"]) - extensions - only_named == set()
    assert set(sections["profiles"]) == {f"{one.resource_type}/{one.table.name}" for one in DECLARED}
    assert set(sections["status-maps"]) == set(status_map_names())
    assert set(sections["search-parameters"]) == {f"{one.resource_type}.{one.code}" for one in own_parameters()}


def test_ids_urls_and_names_are_unique_within_a_type() -> None:
    for key in ("id", "url", "name"):
        counted = Counter((one["resourceType"], one[key]) for one in made())
        assert [said for said, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("one", made(), ids=lambda one: f"{one['resourceType']}-{one['id']}")
def test_every_definition_is_valid_r4(one: dict[str, Any]) -> None:
    body = encode_json(one)
    issues = validate(one["resourceType"], parse_json(body))
    assert [(issue.diagnostics, issue.expression) for issue in issues] == []
    assert second_opinion(one["resourceType"], body) == ()


@pytest.mark.parametrize("one", [one for one in made() if "snapshot" in one], ids=lambda one: one["id"])
def test_a_snapshot_has_all_that_r4_has_and_all_that_the_differential_says(one: dict[str, Any]) -> None:
    snapshot = {part["id"]: part for part in one["snapshot"]["element"]}
    for part in one["differential"]["element"]:
        assert snapshot[part["id"]].items() >= part.items()
    for part in snapshot.values():
        steps = part["path"].count(".")
        if steps and "sliceName" not in part and ":" not in part["id"]:
            found = element(part["path"])
            assert found is not None, part["path"]
            assert part["min"] >= found.min
    for parent in {identity.rpartition(".")[0] for identity in snapshot} - {""}:
        assert parent in snapshot


def test_the_profile_of_orders_says_what_every_order_says() -> None:
    (order,) = (one for one in made() if one["id"] == "portal-task-orders")
    said = {part["id"]: part for part in order["differential"]["element"]}
    assert said["Task.code"]["patternCodeableConcept"]["coding"][0]["code"] == "fulfill"
    assert said["Task.intent"]["patternCode"] == "order"
    assert said["Task.code"]["min"] == said["Task.intent"]["min"] == 1
    assert said["Task.extension:total-amount"]["type"] == [
        {"code": "Extension", "profile": [f"{canonical_base()}/StructureDefinition/total-amount"]}
    ]
    assert said["Task.identifier:order-number.system"]["fixedUri"] == f"{canonical_base()}/identifier/order-number"
    assert said["Task.focus"]["type"][0]["targetProfile"] == ["http://hl7.org/fhir/StructureDefinition/DeviceRequest"]
    assert said["Task.restriction.period.end"]["mapping"] == [
        {"identity": "portal", "map": "orders.expected_ship_date"}
    ]
    assert "Task.status.extension" not in said  # its text is businessStatus


def test_what_clients_may_take_away_is_in_no_pattern_of_a_profile() -> None:
    (opportunity,) = (one for one in made() if one["id"] == "portal-task-clinical-opportunities")
    said = {part["id"]: part for part in opportunity["differential"]["element"]}
    assert said["Task.meta.tag"] == {"id": "Task.meta.tag", "path": "Task.meta.tag", "mustSupport": True}
    assert said["Task.code"]["min"] == 1


def test_extensions_that_words_say_by_themselves_are_defined_where_they_stand() -> None:
    extensions = {one["id"]: one for one in made() if one.get("type") == "Extension"}
    places = {name: {one["expression"] for one in definition["context"]} for name, definition in extensions.items()}
    assert places["date-meaning"] == {"DocumentReference.date"}
    assert places["risk-scale"] == {"RiskAssessment.prediction"}
    assert places["risk-score"] == {"RiskAssessment.prediction", "Task"}
    assert places["supporting-document"] == {"ClaimResponse"}
    assert "DocumentReference.docStatus" in places["source-status"]
    assert "DocumentReference.status" not in places["source-status"]
    values = {name: definition["differential"]["element"][-1].get("type") for name, definition in extensions.items()}
    core = "http://hl7.org/fhir/StructureDefinition/"
    assert values["supporting-document"] == [{"code": "Reference", "targetProfile": [f"{core}DocumentReference"]}]
    assert values["risk-score"] == [{"code": "decimal"}]


def codes_of(name: str) -> set[str]:
    (system,) = (one for one in made() if (one["resourceType"], one["id"]) == ("CodeSystem", name))
    return {one["code"] for one in system["concept"]}


def test_code_systems_list_the_codes_that_only_functions_know() -> None:
    assert codes_of("clinical-detail") == set(PARAMETERS)
    assert codes_of("task-input") == {"template", "submission", "recommended-action"}
    assert "result" in codes_of("mac-validation-parameter")
    assert codes_of("identifier-type") == {"tracking-number"}


def test_a_slice_of_an_array_has_the_pattern_that_the_declaration_says_always() -> None:
    (maker,) = (one for one in made() if one["id"] == "portal-organization-manufacturers")
    said = {part["id"]: part for part in maker["differential"]["element"]}
    assert said["Organization.type"]["slicing"]["discriminator"] == [{"type": "pattern", "path": "$this"}]
    assert said["Organization.type:manufacturer"]["min"] == 1


def test_no_sql_and_no_declaration_knows_the_base_by_heart() -> None:
    knowing = [
        path.relative_to(ROOT).as_posix()
        for folder in ("fhir_server", "migrations", "business")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql") and DEFAULT in path.read_text()
    ]
    # Where it is the default, and where older databases, which had no other, are upgraded.
    assert sorted(knowing) == [
        "fhir_server/definitions/canonical.py",
        "migrations/sql/0015_parameters.sql",
        "migrations/sql/0021_conformance.sql",
    ]
