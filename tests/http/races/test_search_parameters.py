"""A parameter is added while two worker processes write: none of what they write is missed."""

from __future__ import annotations

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.persistence.building import build
from fhir_server.persistence.database import Database
from fhir_server.resources.registry import registry

PARAMETER = {
    "resourceType": "SearchParameter",
    "url": "http://example.org/SearchParameter/colour",
    "name": "Colour",
    "status": "active",
    "description": "A colour.",
    "code": "colour",
    "base": ["Basic"],
    "type": "token",
    "expression": "Basic.extension('urn:example:colour').value",
}
BASIC = {
    "resourceType": "Basic",
    "code": {"text": "x"},
    "extension": [{"url": "urn:example:colour", "valueCode": "red"}],
}


def test_no_resource_is_missed_that_is_written_while_a_parameter_comes(workers: Any, database: str) -> None:
    create = partial(workers.send, "POST", "/Basic", BASIC)
    requests = [create] * 20
    requests.insert(8, partial(workers.send, "POST", "/SearchParameter", PARAMETER))
    answers = workers.all_at_once(requests)
    assert [answer.status_code for answer in answers] == [201] * 21
    more = workers.all_at_once([create] * 8)
    assert all(answer.status_code == 201 for answer in more)
    build(Database(database, 10_000), registry(), base_url=workers.base, zone=ZoneInfo("UTC"))
    for _ in range(6):
        found = workers.send("GET", "/Basic?colour=red&_summary=count")
        assert (found.status_code, found.json().get("total")) == (200, 28)
