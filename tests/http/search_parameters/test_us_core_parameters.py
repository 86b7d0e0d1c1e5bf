"""The search parameters that US Core defines: served as R4's are, and built in databases that are older than they."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.cli import main
from fhir_server.definitions import packaged
from fhir_server.persistence import migrate
from fhir_server.persistence.parameters import KnownParameters

ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
SUBJECT = {"subject": {"reference": "Patient/p"}}
RESOURCES: tuple[dict[str, Any], ...] = (
    {"resourceType": "Patient", "id": "p"},
    {"resourceType": "CareTeam", "id": "t", "participant": [{"role": [{"coding": [{"code": "nurse"}]}]}]},
    {"resourceType": "Condition", "id": "c", **SUBJECT, "extension": [{"url": ASSERTED, "valueDateTime": "2024-03"}]},
    {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "hospitalization": {"dischargeDisposition": {"text": "Home"}},
    },
    {
        "resourceType": "Goal",
        "id": "g",
        **SUBJECT,
        "lifecycleStatus": "active",
        "description": {"coding": [{"system": "urn:goals", "code": "heal"}]},
    },
)
SEARCHES = {
    "CareTeam?role=nurse": "CareTeam/t",
    "Condition?asserted-date=ge2024-03-01": "Condition/c",
    "Encounter?discharge-disposition:text=home": "Encounter/e",
    "Goal?description=urn:goals|heal": "Goal/g",
}


@pytest.fixture
def upgraded(database: str, serve: Any) -> Any:
    """A server over a database in which the resources are older than the parameters."""
    with serve(database) as client:
        for one in RESOURCES:
            assert client.update(one).status_code == 201
    migrate.downgrade(database, "0010_identity")
    migrate.upgrade(database)
    with serve(database) as client:
        yield client


def test_a_new_database_serves_them_at_once_and_claims_them(client: Any) -> None:
    for one in RESOURCES:
        client.update(one)
    assert {query: client.matches(f"/{query}") for query in SEARCHES} == {
        query: [found] for query, found in SEARCHES.items()
    }
    claimed = {
        f"{one['type']}.{parameter['name']}": parameter.get("definition")
        for one in client.tree("/metadata")["rest"][0]["resource"]
        for parameter in one["searchParam"]
    }
    assert claimed["Goal.description"] == "http://hl7.org/fhir/us/core/SearchParameter/us-core-goal-description"
    assert claimed["Goal.category"] is None


@pytest.mark.parametrize("query", SEARCHES)
def test_an_older_database_refuses_rather_than_answers_short(upgraded: Any, query: str) -> None:
    answer = upgraded.get(f"/{query}")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, "incomplete")
    lenient = upgraded.get(f"/{query}", headers={"Prefer": "handling=lenient"}).json()
    assert [entry["search"]["mode"] for entry in lenient["entry"]] == ["outcome"]
    chained = upgraded.get("/Encounter?_has:Goal:subject:description=heal&_sort=-date")
    assert chained.status_code == 400


def test_the_index_command_builds_them(
    upgraded: Any, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def claims() -> bool:
        types = upgraded.tree("/metadata")["rest"][0]["resource"]
        return any(one["name"] == "role" for kind in types if kind["type"] == "CareTeam" for one in kind["searchParam"])

    assert not claims()
    monkeypatch.setenv("DATABASE_URL", database)
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out.endswith("Goal.description yet: run `fhir-server index`.\n")
    assert main(["index"]) == 0
    assert capsys.readouterr().out == (
        "Done: CareTeam.role, Condition.asserted-date, Encounter.discharge-disposition, Goal.description.\n"
    )
    for query, found in SEARCHES.items():
        assert upgraded.matches(f"/{query}") == [found]
    assert claims()
    assert main(["index"]) == 0
    assert capsys.readouterr().out == "Nothing to do.\n"


def test_the_last_resource_of_a_type_gone_they_are_complete(upgraded: Any) -> None:
    upgraded.delete("/Goal/g")
    assert upgraded.matches("/Goal?description=heal") == []


def test_a_server_that_could_not_ask_asks_again_before_it_answers(
    upgraded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away at the first look and is back for the search."""
    renew = KnownParameters.renew
    looks: list[None] = []

    def away(self: KnownParameters) -> Any:
        looks.append(None)
        return self.last if len(looks) == 1 else renew(self)

    monkeypatch.setattr(KnownParameters, "renew", away)
    assert upgraded.get("/Goal?description=heal").status_code == 400
    assert len(looks) > 1


def test_one_that_an_administrator_had_added_is_taken_over(
    database: str, serve: Any, portal: Any, made: Any, index: Any
) -> None:
    migrate.downgrade(database, "0010_identity")
    insert = (
        "INSERT INTO open.search_parameters (resource_type, code, fhir_id, type, expression, targets, state)"
        " VALUES ('Goal', 'description', 'mine', 'string', 'Goal.note.text', '{}', 'complete')"
    )
    portal.execute(insert)
    migrate.upgrade(database)
    with serve(database) as client:
        index()
        for one in RESOURCES:
            client.update(one)
        assert client.matches("/Goal?description=heal") == ["Goal/g"]


def test_the_definitions_of_us_core_may_be_stored_and_change_nothing(client: Any, made: Any) -> None:
    url = "http://hl7.org/fhir/us/core/SearchParameter/us-core-goal-description"
    expression = "Goal.description"
    assert client.update(made("x", "Goal", code="description", url=url, expression=expression)).status_code == 201
    other = client.update(made("y", "Goal", code="description", expression=expression))
    assert (other.status_code, other.json()["issue"][0]["expression"]) == (422, ["SearchParameter.code"])
    client.delete("/SearchParameter/x")
    assert client.matches("/Goal?description=heal") == []


def test_the_migration_and_the_published_facts_say_the_same(database: str, portal: Any) -> None:
    for kind in ("CareTeam", "Condition", "Encounter", "Goal"):
        portal.execute(
            "INSERT INTO phi.fhir_resources (resource_type, fhir_id, document_version) VALUES (%s, 'x', 1)", (kind,)
        )
    migrate.downgrade(database, "0010_identity")
    migrate.upgrade(database)
    rows = portal.execute("SELECT resource_type, code, url, type, expression FROM open.search_parameters").fetchall()
    ours = packaged("us-core-search-parameters.json")["params"]
    assert sorted(tuple(row.values()) for row in rows) == sorted(
        (one["base"][0], one["code"], one["url"], one["type"], one["expression"]) for one in ours
    )
    published = packaged("us-core-search.json")["versions"]["8.0.0"]["searchParameters"]
    for one in ours:
        said = published[one["id"]]
        assert {key: one[key] for key in ("code", "type", "base", "expression")} == {
            key: said[key] for key in ("code", "type", "base", "expression")
        }
        assert one["url"].endswith(f"/{one['id']}")
