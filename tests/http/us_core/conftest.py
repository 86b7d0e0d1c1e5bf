"""A real server with the patients that Inferno made for the US Core tests, and an oracle that knows them too."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fhir_server.json_text import parse_json

TESTS = Path(__file__).parents[2]
# Test files are not packages (importlib mode); the oracle is one.
sys.path.insert(0, str(TESTS / "oracle"))
sys.path.insert(0, str(TESTS / "http"))

from search_oracle.evaluation import World  # noqa: E402


@dataclass(slots=True)
class Inferno:
    """A client of the server and all that the server holds, read one by one."""

    client: Any
    world: World
    pages: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def search(self, resource_type: str, query: str) -> dict[str, list[str]]:
        """`Type/id` of all entries of a search by their mode; GET and POST must say the same."""
        path = f"/{resource_type}?{query}&_count=1000"
        if path not in self.pages:
            got = self.client.get(path)
            assert got.status_code == 200, (path, got.text)
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            posted = self.client.post(f"/{resource_type}/_search", content=path.partition("?")[2], headers=headers)
            assert posted.status_code == 200, (path, posted.text)
            assert _entries(got) == _entries(posted), path
            self.pages[path] = _entries(got)
        return self.pages[path]


def _entries(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"match": [], "include": []}
    for entry in parse_json(answer.content).get("entry", ()):
        resource = entry["resource"]
        found[entry["search"]["mode"]].append(f"{resource['resourceType']}/{resource['id']}")
    return found


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """What the servers of four versions of US Core must and should search."""
    found: dict[str, Any] = json.loads((TESTS / "data" / "us-core-search.json").read_text())["versions"]
    return found


@pytest.fixture(scope="session")
def inferno(postgres: str, migrated_template: str, open_server: Any) -> Iterator[Inferno]:
    """The server with Inferno's patients."""
    name = f"{migrated_template}_us_core"
    with psycopg.connect(postgres, autocommit=True) as session:
        session.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_template}"')
        try:
            with open_server(make_conninfo(postgres, dbname=name)) as client:
                yield Inferno(client, World(client.base, _load(client)))
        finally:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _load(client: Any) -> list[dict[str, Any]]:
    """Stores all bundles and gives what was stored, as it reads."""
    places: dict[str, None] = {}
    for line in gzip.decompress((TESTS / "data" / "examples-inferno.ndjson.gz").read_bytes()).splitlines():
        tree = parse_json(line)
        if tree.get("type") != "transaction":
            # A member of the group is in none of the published files.
            tree["member"] = [one for one in tree["member"] if one["entity"]["reference"] in places]
            answer = client.update(tree)
            assert answer.status_code == 201, answer.text
            places[f"{tree['resourceType']}/{tree['id']}"] = None
            continue
        answer = client.send_json("POST", "", {"resourceType": "Bundle", **tree})
        assert answer.status_code == 200, answer.text
        for entry in parse_json(answer.content)["entry"]:
            location = entry["response"]["location"].removeprefix(f"{client.base}/")
            places[location.partition("/_history")[0]] = None
    return [client.tree(f"/{place}") for place in places]
