"""Workers that have not heard of a parameter, and transactions that began before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fhir_server.persistence import building
from fhir_server.persistence.connections import count_statements
from fhir_server.persistence.parameters import KnownParameters


@pytest.fixture
def other(client: Any, database: str, serve: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A second server over the same database; both have looked at the parameters and will not do so by the clock."""
    with serve(database) as opened:
        for one in (client, opened):
            one.tree("/Patient")
        monkeypatch.setattr("fhir_server.persistence.parameters.SECONDS_BETWEEN_LOOKS", 3600.0)
        yield opened


def test_a_worker_that_has_not_heard_indexes_what_it_writes(client: Any, other: Any, made: Any, dyed: Any) -> None:
    client.update(made())
    for method in ("POST", "PUT"):
        tree = dyed("Patient", method.lower(), "red")
        path = "/Patient" if method == "POST" else "/Patient/put"
        assert other.send_json(method, path, tree).status_code == 201
    entry = {"resource": dyed("Patient", "b", "red"), "request": {"method": "PUT", "url": "Patient/b"}}
    assert other.send_json("POST", "/", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}).is_success
    assert len(client.matches("/Patient?colour=red")) == 3


def test_a_worker_that_has_not_heard_answers_a_search(client: Any, other: Any, made: Any, dyed: Any) -> None:
    client.update(made())
    client.update(dyed("Patient", "p", "red"))
    assert other.matches("/Patient?colour=red") == ["Patient/p"]
    client.update(made(status="retired"))
    assert other.get("/Patient?colour=red").status_code == 400
    client.update(made("shade"))
    answer = other.get("/Patient?shade=blue", headers={"Prefer": "handling=lenient"}).json()
    assert [entry["search"]["mode"] for entry in answer["entry"]] == ["outcome"]
    said = answer["entry"][0]["resource"]["issue"][0]["diagnostics"]
    assert "Patient.shade" in said
    assert "matches may be missing" in said


def test_a_worker_that_has_not_heard_of_a_new_meaning_never_answers_by_the_old_one(
    client: Any, other: Any, made: Any, dyed: Any, index: Any
) -> None:
    client.update(made())
    other.update(dyed("Patient", "p", "red", gender="male"))
    assert other.matches("/Patient?colour=red") == ["Patient/p"]
    client.update(made(expression="Patient.gender"))
    assert other.get("/Patient?colour=red").status_code == 400
    tree = dyed("Patient", "q", "red", gender="male")
    other.update(tree)
    index()
    assert other.matches("/Patient?colour=red") == []
    assert other.matches("/Patient?colour=male") == ["Patient/p", "Patient/q"]
    assert other.create(tree, If_None_Exist="colour=male&_id=q").status_code == 200


def test_a_writer_from_before_a_parameter_is_waited_for(
    client: Any, made: Any, database: str, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database) as writer:
        # A writer in the middle of its transaction: it has a number, has asked, and knows of nothing.
        writer.execute(
            "INSERT INTO phi.fhir_resources (resource_type, fhir_id, document_version) VALUES ('Basic', 'early', 1)"
        )
        assert writer.execute("SELECT fhir_require_parameters(0)").fetchone() == (True,)
        document = '{"resourceType":"Basic","id":"early","extension":[{"url":"urn:example:colour","valueCode":"red"}]}'
        writer.execute("INSERT INTO phi.documents VALUES ('Basic', 'early', 1, %s, 'POST')", (document,))
        assert client.create(made(base="Basic")).status_code == 201
        # The type looks empty, and is not.
        assert client.get("/Basic?colour=red").status_code == 400
        waited: list[bool] = []
        await_writers = building.await_writers

        def committing(opened: Any, seconds: float | None = None) -> bool:
            waited.append(await_writers(opened, 0.1))
            writer.commit()
            return await_writers(opened, seconds)

        monkeypatch.setattr(building, "await_writers", committing)
        assert index() == [1]
        assert waited == [False]
    assert client.matches("/Basic?colour=red") == ["Basic/early"]


def test_a_writer_that_asks_after_a_parameter_came_starts_again(client: Any, made: Any, database: str) -> None:
    with psycopg.connect(database) as writer:
        writer.execute("SELECT pg_current_xact_id()")
        client.create(made())
        with pytest.raises(psycopg.errors.SerializationFailure):
            writer.execute("SELECT fhir_require_parameters(0)")


def test_knowing_of_parameters_costs_no_statement(client: Any, made: Any, dyed: Any) -> None:
    client.create(made())
    client.update(dyed("Patient", "p", "red"))

    def counted(method: str, path: str, tree: Any = None) -> int:
        with count_statements() as count:
            answer = client.send_json(method, path, tree) if tree else client.request(method, path)
        assert answer.is_success
        return len(count)

    assert counted("GET", "/Patient/p") == 1
    assert counted("GET", "/Patient?colour=red") == 1
    assert counted("POST", "/Device", dyed("Device", "d", "red")) <= 3


def test_what_is_known_is_the_same_object_until_it_changes(client: Any, made: Any, database: str) -> None:
    known = KnownParameters(database, 1000)
    before = known.current()
    assert known.renew() is before
    client.create(made())
    assert known.current() is before
    after = known.renew()
    assert after is not before
    assert [one.code for one in after.by_type["Patient"]] == ["colour"]
    assert known.renew() is after is known.last


def test_without_a_database_nothing_changes() -> None:
    known = KnownParameters("host=/nonexistent dbname=none", 1000)
    assert known.current().by_type == {}
