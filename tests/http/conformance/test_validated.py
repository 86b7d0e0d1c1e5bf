"""What the server serves keeps its own profiles; its own codes and maps can be asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from business.statuses import status_map, status_map_names
from fhir_server.commands import demo
from fhir_server.conformance.definitions import definitions
from fhir_server.conformance.names import profile_id
from fhir_server.conformance.publishing import publish
from fhir_server.definitions import canonical_base
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.resource import Resource
from fhir_server.persistence.connections import close_thread_connections
from fhir_server.persistence.database import Database
from fhir_server.resources.registry import DECLARED, registry
from fhir_server.settings import Settings

OURS = canonical_base()
Rows = dict[str, list[str]]


@pytest.fixture(scope="module")
def demonstrated(
    postgres: str, migrated_template: str, open_server: Callable[[str], AbstractContextManager[Any]]
) -> Iterator[tuple[Any, Rows]]:
    """A client of a server with the sample data, and the ids of each declared table's rows."""
    name = f"{migrated_template}_demonstrated"
    with psycopg.connect(postgres, autocommit=True) as session:
        session.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_template}"')
        database = make_conninfo(postgres, dbname=name)
        try:
            demo.prepare(Settings.load({"DATABASE_URL": database}))
            publish(Database(database, 30_000), registry(), "http://127.0.0.1:8080/fhir", ZoneInfo("UTC"))
            close_thread_connections()
            with psycopg.connect(database) as portal:
                rows = {one.table.name: ids(portal, one.table.name) for one in DECLARED}
            with open_server(database) as client:
                yield client, rows
        finally:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def ids(portal: psycopg.Connection[Any], table: str) -> list[str]:
    found = portal.execute(f"SELECT fhir_id FROM {table} WHERE deleted_at IS NULL ORDER BY resource_key")  # type: ignore[arg-type]
    return [logical_id(row[0]) for row in found]


@pytest.mark.parametrize("declared", DECLARED, ids=lambda one: one.table.name)
def test_every_row_of_the_sample_keeps_its_profile(demonstrated: tuple[Any, Rows], declared: Resource) -> None:
    client, rows = demonstrated
    profile = f"{OURS}/StructureDefinition/{profile_id(declared)}"
    wanted = rows[declared.table.name]
    assert wanted, f"the sample data has no {declared.table.name}"
    for fhir_id in wanted[:40]:
        answer = client.get(f"/{declared.resource_type}/{fhir_id}/$validate?profile={profile}")
        assert answer.status_code == 200, answer.text
        errors = [one for one in answer.json()["issue"] if one["severity"] in ("error", "fatal")]
        assert errors == [], fhir_id


def test_what_breaks_a_profile_is_told(demonstrated: tuple[Any, Rows]) -> None:
    client, rows = demonstrated
    order = client.tree(f"/Task/{rows['orders'][0]}")
    broken = {
        **order,
        "code": {"text": "something else"},
        "extension": [{"url": f"{OURS}/StructureDefinition/total-amount", "valueString": "much"}],
    }
    answer = client.send_json("POST", f"/Task/$validate?profile={OURS}/StructureDefinition/portal-task-orders", broken)
    told = {(one["severity"], " ".join(one.get("expression", ()))) for one in answer.json()["issue"]}
    assert {("error", "Task.code"), ("error", "Task.extension[0].value")} <= told


def test_a_resource_may_claim_a_profile_and_is_held_against_it(demonstrated: tuple[Any, Rows]) -> None:
    client, rows = demonstrated
    task = {**client.tree(f"/Task/{rows['orders'][0]}"), "intent": "plan"}
    task["meta"] = {"profile": [f"{OURS}/StructureDefinition/portal-task-orders"]}
    issues = client.send_json("POST", "/Task/$validate", task).json()["issue"]
    assert ("error", ["Task.intent"]) in [(one["severity"], one.get("expression")) for one in issues]


def values(answer: Any, name: str) -> list[Any]:
    assert answer.status_code == 200, answer.text
    found = [one for one in answer.json().get("parameter", ()) if one["name"] == name]
    return [next((value for key, value in one.items() if key.startswith("value")), one) for one in found]


@pytest.mark.parametrize("name", status_map_names())
def test_every_text_of_every_status_map_is_translated(demonstrated: tuple[Any, Rows], name: str) -> None:
    client, _ = demonstrated
    for text, code in status_map(name).codes.items():
        asked = f"url={OURS}/ConceptMap/status-{name}&system={OURS}/CodeSystem/portal-{name}&code={text}"
        answer = client.get(f"/ConceptMap/$translate?{asked}")
        assert values(answer, "result") == [True]
        (match,) = (one for one in answer.json()["parameter"] if one["name"] == "match")
        (concept,) = (one["valueCoding"] for one in match["part"] if one["name"] == "concept")
        assert concept["code"] == code


def test_an_unlisted_text_is_translated_to_the_maps_other_code(demonstrated: tuple[Any, Rows]) -> None:
    client, _ = demonstrated
    asked = f"system={OURS}/CodeSystem/portal-product-request&code=awaiting_moon"
    answer = client.get(f"/ConceptMap/status-product-request/$translate?{asked}")
    assert "unknown" in answer.text
    assert values(answer, "result") == [True]


def test_a_code_is_translated_back_to_all_its_texts(demonstrated: tuple[Any, Rows]) -> None:
    client, _ = demonstrated
    asked = "system=http://hl7.org/fhir/task-status&code=accepted&reverse=true"
    answer = client.get(f"/ConceptMap/status-order/$translate?{asked}")
    matches = [one for one in answer.json()["parameter"] if one["name"] == "match"]
    codes = [part["valueCoding"]["code"] for one in matches for part in one["part"] if part["name"] == "concept"]
    assert codes == ["accepted", "confirmed"]


def own(resource_type: str) -> list[dict[str, Any]]:
    return [one for one in definitions(registry()) if one["resourceType"] == resource_type]


@pytest.mark.parametrize("one", own("ValueSet"), ids=lambda one: one["id"])
def test_every_value_set_is_expanded_and_its_codes_are_looked_up(
    demonstrated: tuple[Any, Rows], one: dict[str, Any]
) -> None:
    client, _ = demonstrated
    system = one["compose"]["include"][0]["system"]
    (definition,) = (found for found in own("CodeSystem") if found["url"] == system)
    expanded = client.tree(f"/ValueSet/{one['id']}/$expand")["expansion"]["contains"]
    assert [(found["system"], found["code"], found["display"]) for found in expanded] == [
        (system, concept["code"], concept["display"]) for concept in definition["concept"]
    ]
    for concept in definition["concept"][:5]:
        answer = client.get(f"/CodeSystem/$lookup?system={system}&code={concept['code']}")
        assert values(answer, "display") == [concept["display"]]
        checked = client.get(f"/ValueSet/$validate-code?url={one['url']}&system={system}&code={concept['code']}")
        assert values(checked, "result") == [True]


def test_orders_are_found_by_what_a_value_set_of_ours_lists(demonstrated: tuple[Any, Rows]) -> None:
    client, rows = demonstrated
    found = client.matches(f"/Organization?type:in={OURS}/ValueSet/organization-type")
    assert found == sorted(f"Organization/{one}" for one in rows["manufacturers"])
