"""Our own definitions are stored once beside those of clients, and nobody but the program changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from fhir_server.conformance import publishing
from fhir_server.conformance.definitions import definitions
from fhir_server.persistence.connections import close_thread_connections, count_statements
from fhir_server.persistence.database import Database
from fhir_server.persistence.own_definitions import OWN_TYPES, WrongBase
from fhir_server.resources.registry import registry

OURS = "https://fhir.wound-care-portal.example"
EXTENSION = f"{OURS}/StructureDefinition/order"
Publish = Callable[[], int]


@pytest.fixture
def publish(database: str) -> Iterator[Publish]:
    """Publishes the definitions as a starting server does."""

    def publishing_once() -> int:
        try:
            known = Database(database, 30_000)
            return publishing.publish(known, registry(), "http://127.0.0.1:8080/fhir", ZoneInfo("UTC"))
        finally:
            close_thread_connections()

    return publishing_once


def without_server_meta(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if key != "meta"}


def refusal(answer: Any) -> tuple[int, str, list[str]]:
    issue = answer.json()["issue"][0]
    return answer.status_code, issue["diagnostics"], issue.get("expression", [])


def test_every_definition_can_be_read_and_found_by_its_url(publish: Publish, client: Any) -> None:
    made = definitions(registry())
    assert publish() == len(made) > 90
    assert {one["resourceType"] for one in made} | {"OperationDefinition"} == OWN_TYPES
    for one in made:
        read = client.tree(f"/{one['resourceType']}/{one['id']}")
        assert without_server_meta(read) == without_server_meta(one)
        assert read["meta"]["tag"] == [{"system": f"{OURS}/CodeSystem/definition-origin", "code": "server"}]
        found = client.matches(f"/{one['resourceType']}?url={one['url']}&_elements=url")
        assert found == [f"{one['resourceType']}/{one['id']}"]


def test_definitions_are_found_by_other_parameters_too(publish: Publish, client: Any) -> None:
    publish()
    assert "StructureDefinition/portal-task-orders" in client.matches(
        "/StructureDefinition?type=Task&derivation=constraint"
    )
    assert client.matches("/StructureDefinition?ext-context=element&_count=2&_sort=name") != []
    assert client.matches("/SearchParameter?code=order&base=SupplyRequest") == ["SearchParameter/supplyrequest-order"]
    tagged = client.tree(f"/CodeSystem?_tag={OURS}/CodeSystem/definition-origin|server&_summary=count")
    assert tagged["total"] == sum(one["resourceType"] == "CodeSystem" for one in definitions(registry()))


def test_a_second_start_stores_nothing_with_one_statement(publish: Publish, client: Any) -> None:
    publish()
    with count_statements() as counted:
        assert publish() == 0
    told = [text for text in counted.statements if "search_parameter_changes" not in text]
    assert len(told) == 1, told
    assert client.tree("/StructureDefinition/order")["meta"]["versionId"] == "1"


def test_only_what_has_changed_gets_a_version_and_what_is_gone_is_retired(
    publish: Publish, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    made = {(one["resourceType"], one["id"]): one for one in definitions(registry())}
    changed = made["StructureDefinition", "order"]
    made["StructureDefinition", "order"] = {**changed, "description": "Another one."}
    del made["ConceptMap", "status-order"]
    monkeypatch.setattr(publishing, "definitions", lambda _: tuple(made.values()))
    assert publish() == 2
    assert client.tree("/StructureDefinition/order")["description"] == "Another one."
    assert client.history("/StructureDefinition/order") == [("PUT", 'W/"2"'), ("PUT", 'W/"1"')]
    assert client.history("/StructureDefinition/logo") == [("PUT", 'W/"1"')]
    retired = client.tree("/ConceptMap/status-order")
    assert (retired["status"], retired["meta"]["versionId"], retired["url"]) == (
        "retired",
        "2",
        f"{OURS}/ConceptMap/status-order",
    )
    assert client.delete("/ConceptMap/status-order").status_code == 422
    assert publish() == 0
    monkeypatch.undo()
    assert publish() == 2
    assert client.tree("/ConceptMap/status-order")["status"] == "active"


def test_processes_that_start_at_once_store_each_definition_once(publish: Publish, client: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = sorted(pool.map(lambda _: publish(), range(8)))
    assert stored == [0] * 7 + [len(definitions(registry()))]
    entries = client.tree("/StructureDefinition/_history?_count=1000")["entry"]
    assert len(entries) == sum(one["resourceType"] == "StructureDefinition" for one in definitions(registry()))
    assert {one["response"]["etag"] for one in entries} == {'W/"1"'}


def test_clients_cannot_change_or_delete_them_in_any_way(publish: Publish, client: Any) -> None:
    publish()
    own = client.tree("/StructureDefinition/order")
    said = "This StructureDefinition is the server's own and changes with the program only"
    meta = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}]}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": own, "request": {"method": "PUT", "url": "StructureDefinition/order"}}],
    }
    for answer in (
        client.update(own),
        client.delete("/StructureDefinition/order"),
        client.delete(f"/StructureDefinition?url={EXTENSION}"),
        client.patch_json("/StructureDefinition/order", [{"op": "replace", "path": "/status", "value": "draft"}]),
        client.send_json("POST", "/StructureDefinition/order/$meta-add", meta),
        client.send_json("PUT", f"/StructureDefinition?url={EXTENSION}", own),
    ):
        assert refusal(answer) == (422, said, ["StructureDefinition"])
    status, told, where = refusal(client.send_json("POST", "/", bundle))
    assert (status, told) == (422, f"Entry 0: {said}")
    assert where == ["Bundle.entry[0]"]
    rehearsed = client.send_json("POST", "/StructureDefinition/order/$validate?mode=update", own).json()
    assert rehearsed["issue"][0]["diagnostics"] == said
    assert client.history("/StructureDefinition/order") == [("PUT", 'W/"1"')]


def test_clients_cannot_store_another_definition_under_the_same_url(publish: Publish, client: Any) -> None:
    publish()
    copy = {**without_server_meta(client.tree("/StructureDefinition/order")), "id": "copy"}
    said = "A StructureDefinition of the server itself has this url"
    assert refusal(client.update(copy)) == (422, said, ["StructureDefinition.url"])
    assert refusal(client.create(copy)) == (422, said, ["StructureDefinition.url"])
    assert client.update({**copy, "url": "urn:example:copy"}).status_code == 201


def test_a_definition_gives_way_to_what_a_client_has_stored_before(publish: Publish, client: Any) -> None:
    older = {"resourceType": "ValueSet", "id": "order-output", "status": "draft", "name": "Mine"}
    assert client.update(older).status_code == 201
    publish()
    assert client.tree("/ValueSet/order-output")["name"] == "Mine"
    assert client.matches(f"/ValueSet?url={OURS}/ValueSet/order-output") == ["ValueSet/server-order-output"]
    assert client.update({**older, "name": "MineStill"}).status_code == 200
    assert client.delete("/ValueSet/server-order-output").status_code == 422


def test_own_search_parameters_are_stored_without_being_taught_again(
    publish: Publish, client: Any, database: str
) -> None:
    publish()
    with psycopg.connect(database) as session:
        assert session.execute("SELECT count(*) FROM open.search_parameters WHERE fhir_id <> ''").fetchone() == (0,)
        assert session.execute("SELECT counter FROM open.search_parameter_changes").fetchone() == (0,)
    assert client.get("/SupplyRequest?order=Task/x").status_code == 200
    listed = next(one for one in client.tree("/metadata")["rest"][0]["resource"] if one["type"] == "SupplyRequest")[
        "searchParam"
    ]
    assert [one["name"] for one in listed].count("order") == 1
    again = {**without_server_meta(client.tree("/SearchParameter/supplyrequest-order")), "id": "again"}
    assert client.update({**again, "url": "urn:example:again"}).status_code == 422


def test_us_cores_own_search_parameters_can_still_be_stored(publish: Publish, client: Any) -> None:
    publish()
    served = client.tree("/SearchParameter/served-us-core-careteam-role")
    stored = {**without_server_meta(served), "id": "us-core-careteam-role"}
    assert client.update(stored).status_code == 201


def test_a_database_stays_with_its_canonical_base(
    publish: Publish, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    monkeypatch.setattr(publishing, "canonical_base", lambda: "https://other.example")
    with pytest.raises(WrongBase, match=f"FHIR_SERVER_CANONICAL_BASE={OURS}"):
        publish()


def test_the_statement_lists_profiles_and_guide_and_all_of_them_are_there(publish: Publish, client: Any) -> None:
    publish()
    statement = client.tree("/metadata")
    (guide,) = statement["implementationGuide"]
    (program,) = statement["instantiates"]
    profiles = [url for one in statement["rest"][0]["resource"] for url in one.get("supportedProfile", ())]
    assert len(profiles) == len(set(profiles)) == len(registry().tables())
    for kind, url in (
        ("ImplementationGuide", guide),
        ("CapabilityStatement", program),
        *(("StructureDefinition", url) for url in profiles),
    ):
        assert len(client.matches(f"/{kind}?url={url}&_elements=url")) == 1, url
    listed = client.tree("/ImplementationGuide/wound-care-portal")["definition"]["resource"]
    assert len(listed) == len(definitions(registry())) - 1
    for one in listed[:: len(listed) // 10]:
        assert client.get(f"/{one['reference']['reference']}").status_code == 200
