"""Operations show no more than a search does: what a caller may not see is not in any answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from fhir_server.app import build_server
from fhir_server.errors import Gone, NotFound
from fhir_server.interactions.request import FhirRequest
from fhir_server.json_text import encode_json, parse_json
from fhir_server.persistence.connections import close_thread_connections
from fhir_server.search import Anything, Everything, Expression, Not
from fhir_server.search.types.token import Token
from fhir_server.settings import Settings

BASE = "http://127.0.0.1:8080/fhir"
LOINC, CODE = "http://loinc.org", "39126-8"
SUBJECT = {"reference": "Patient/pa"}
HIDING = ("Observation", "Practitioner", "Patient", "Task")


def hidden(*ids: str) -> Expression:
    return Not(Token("_id", "any", None, ids))


@dataclass(frozen=True)
class Partly:
    """Some resources of some types cannot be seen; of Endpoint nobody can tell."""

    def expression(self, resource_type: str) -> Expression | None:
        if resource_type == "Endpoint":
            return None
        return hidden("secret", "hidden") if resource_type in HIDING else Anything()


@pytest.fixture
def server(database: str) -> Iterator[Any]:
    made = build_server(Settings.load({"DATABASE_URL": database}))
    for tree in (
        {"resourceType": "Practitioner", "id": "doc"},
        {"resourceType": "Practitioner", "id": "secret", "meta": {"tag": [{"code": "secret"}]}},
        {"resourceType": "Patient", "id": "pa", "generalPractitioner": [{"reference": "Practitioner/secret"}]},
        {"resourceType": "Patient", "id": "hidden"},
        observation("seen", 1, "2024-01-01"),
        observation("secret", 1000, "2024-02-01"),
    ):
        ask(made, "PUT", f"{tree['resourceType']}/{tree['id']}", tree)
    made.context = replace(made.context, visibility=Partly())
    yield made
    close_thread_connections()


def observation(name: str, value: int, day: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": CODE}]},
        "subject": SUBJECT,
        "effectiveDateTime": day,
        "performer": [{"reference": "Practitioner/doc"}, {"reference": "Practitioner/secret"}],
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "cm"},
    }


def ask(server: Any, method: str, path: str, tree: Any = None) -> Any:
    where, _, query = path.partition("?")
    body = b"" if tree is None else encode_json(tree)
    kind = None if tree is None else "application/fhir+json"
    answer = server.answer(FhirRequest(method, tuple(where.split("/")), query, {}, body, BASE, kind))
    return parse_json(answer.body)


def ids(bundle: Any) -> list[str]:
    return sorted(one["resource"]["id"] for one in bundle["entry"])


def test_x_021_the_record_is_what_a_search_shows(server: Any) -> None:
    assert ids(ask(server, "GET", "Patient/pa/$everything")) == ["doc", "pa", "seen"]
    with pytest.raises((NotFound, Gone)):
        ask(server, "GET", "Patient/hidden/$everything")


def test_x_021_the_newest_is_the_newest_that_may_be_seen(server: Any) -> None:
    assert ids(ask(server, "GET", "Observation/$lastn?patient=pa")) == ["seen"]


def test_x_021_labels_of_what_is_not_seen_are_not_told(server: Any) -> None:
    for path in ("$meta", "Practitioner/$meta", "Endpoint/$meta"):
        assert ask(server, "GET", path) == {"resourceType": "Parameters"}
    with pytest.raises((NotFound, Gone)):
        ask(server, "GET", "Practitioner/secret/$meta")


def test_x_021_statistics_are_of_what_may_be_seen(server: Any) -> None:
    asked = f"Observation/$stats?subject=Patient/pa&system={LOINC}&code={CODE}&statistic=sum,total-count&include=true"
    told, *sources = ask(server, "GET", asked)["parameter"]
    assert [one["valueQuantity"]["value"] for one in told["resource"]["component"]] == [1, 1]
    assert [one["resource"]["id"] for one in sources] == ["seen"]


def test_everything_shows_no_task_that_the_caller_may_not_see(server: Any) -> None:
    partly = server.context.visibility
    server.context = replace(server.context, visibility=Everything())
    for name in ("shown", "hidden"):
        tree = {"resourceType": "Task", "id": name, "status": "ready", "intent": "order", "for": SUBJECT}
        ask(server, "PUT", f"Task/{name}", tree)
    assert ids(ask(server, "GET", "Patient/pa/$everything?_type=Task")) == ["hidden", "shown"]
    server.context = replace(server.context, visibility=partly)
    assert ids(ask(server, "GET", "Patient/pa/$everything?_type=Task")) == ["shown"]
