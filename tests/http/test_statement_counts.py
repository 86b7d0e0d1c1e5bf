"""How many statements an interaction takes: each is a journey to the database and back."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

LOINC = {"coding": [{"system": "http://loinc.org", "code": "39126-8"}]}
TREES: dict[str, dict[str, Any]] = {
    "Patient": {
        "resourceType": "Patient",
        "id": "x",
        "name": [{"family": "Smith", "given": ["Ann"]}],
        "identifier": [{"system": "urn:m", "value": "1"}],
        "telecom": [{"system": "phone", "value": "1"}],
        "address": [{"city": "Basel"}],
        "contact": [{"name": {"family": "x"}}],
    },
    "Observation": {
        "resourceType": "Observation",
        "id": "x",
        "status": "final",
        "code": LOINC,
        "subject": {"reference": "Patient/p"},
        "valueQuantity": {"value": 1},
    },
    "Condition": {"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/p"}},
    "Location": {"resourceType": "Location", "id": "x", "name": "Clinic"},
    "Endpoint": {
        "resourceType": "Endpoint",
        "id": "x",
        "status": "active",
        "connectionType": {"code": "x"},
        "payloadType": [{"text": "x"}],
        "address": "http://x",
    },
}
KINDS = pytest.mark.parametrize("kind", TREES)


class Counted:
    """A client that counts the statements of each request."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __call__(self, method: str, path: str, tree: Any = None, **headers: str) -> int:
        with count_statements() as count:
            answer = (
                self.client.request(method, path, headers=headers)
                if tree is None
                else self.client.send_json(method, path, tree, **headers)
            )
        assert answer.status_code < 300, answer.text
        return len(count)


@pytest.fixture
def statements(client: Any) -> Counted:
    client.update({"resourceType": "Patient", "id": "p"})
    return Counted(client)


@KINDS
def test_a_read_and_a_search_page_are_one_statement_with_their_audit(statements: Counted, kind: str) -> None:
    statements.client.update(TREES[kind])
    assert statements("GET", f"/{kind}/x") == 1
    assert statements("GET", f"/{kind}?_id=x") == 1
    assert statements("GET", f"/{kind}?_sort=-_lastUpdated&_count=1&_include=*") == 1
    assert statements("GET", f"/{kind}?_id=none") == 1


@KINDS
def test_vread_and_histories_take_two_statements_at_most(statements: Counted, kind: str) -> None:
    statements.client.update(TREES[kind])
    for path in (f"/{kind}/x/_history/1", f"/{kind}/x/_history", f"/{kind}/_history", "/_history"):
        assert statements("GET", path) <= 2


# Of a patient, each of the four kinds of child rows is a statement of its own.
CREATES = {"Patient": 7, "Observation": 4, "Condition": 4, "Location": 3, "Endpoint": 3}
UPDATES = {"Patient": 7, "Observation": 8, "Condition": 7, "Location": 7, "Endpoint": 6}


@KINDS
def test_writes_take_a_handful_of_statements(statements: Counted, kind: str) -> None:
    tree = TREES[kind]
    assert statements("POST", f"/{kind}", tree) <= CREATES[kind]
    statements.client.update(tree)
    assert statements("PUT", f"/{kind}/x", {**tree, "language": "de"}) <= UPDATES[kind]
    assert statements("DELETE", f"/{kind}/x") <= 7


def test_the_metadata_needs_no_database(statements: Counted) -> None:
    assert statements("GET", "/metadata") == 0
