"""`_text`, `_content`, `near` and `phonetic` over HTTP, with a portal that writes in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from fhir_server.persistence import migrate
from fhir_server.persistence.database import Database
from fhir_server.persistence.upkeep import read_all_words
from fhir_server.resources.registry import registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.http.conftest import Fhir, Session

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Venous ulcer</div>'


def condition(logical_id: str, **more: object) -> dict[str, object]:
    subject = {"reference": "Patient/p"}
    return {"resourceType": "Condition", "id": logical_id, "subject": subject, **more}


@pytest.fixture
def patient(client: Fhir) -> None:
    client.update({"resourceType": "Patient", "id": "p", "name": [{"family": "Smith"}]})


def test_s_145_words_are_found_as_long_as_a_resource_says_them(client: Fhir, patient: None) -> None:
    client.update(condition("c", text={"status": "generated", "div": DIV}, note=[{"text": "Left heel"}]))
    assert client.matches("/Condition?_text=venous") == ["Condition/c"]
    assert client.matches('/Condition?_content="left heel"') == ["Condition/c"]
    assert client.matches("/Condition?_text=heel") == []
    assert client.matches("/Condition?patient._content=smith&_content=heel -toe") == ["Condition/c"]
    assert client.matches("/?_content=heel") == ["Condition/c"]
    assert client.matches("/Condition?_filter=_content eq heel") == ["Condition/c"]
    client.update(condition("c", note=[{"text": "Left toe"}]))
    assert client.matches("/Condition?_text=venous") == []
    assert client.matches("/Condition?_content=toe") == ["Condition/c"]
    client.delete("/Condition/c")
    assert client.matches("/Condition?_content=toe") == []


def test_s_145_words_of_the_portal_are_found_in_the_next_search(client: Fhir, portal: Session, patient: None) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('q')")
    portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, position, family) VALUES ('q', 0, 'Portal')")
    assert client.matches("/Patient?_content=portal") == ["Patient/q"]
    portal.execute("UPDATE fhir_patient_names SET family = 'Changed'")
    assert client.matches("/Patient?_content=changed") == ["Patient/p", "Patient/q"]
    assert client.matches("/Patient?_content=smith,portal") == []
    assert client.tree("/Patient?_content=changed&_summary=count")["total"] == 2


def test_s_145_a_portal_row_that_a_client_then_writes_has_the_words_of_the_client(
    client: Fhir, portal: Session
) -> None:
    portal.execute("INSERT INTO fhir_facilities (fhir_id, name) VALUES ('f', 'Old')")
    assert client.matches("/Location?_content=old") == ["Location/f"]
    client.update({"resourceType": "Location", "id": "f", "name": "New", "description": "By the sea"})
    assert client.matches("/Location?_content=old") == []
    assert client.matches("/Location?_content=new sea") == ["Location/f"]


def test_s_145_a_position_is_near_until_it_moves(client: Fhir) -> None:
    place = {"resourceType": "Location", "id": "f", "name": "Clinic"}
    client.update({**place, "position": {"latitude": 42.2565, "longitude": -83.69481}})
    assert client.matches("/Location?near=42.3|-83.7|5|km") == ["Location/f"]
    assert client.matches("/Location?near=42.3|-83.7") == ["Location/f"]
    assert client.matches("/Location?near=42.3|-83.7|4") == []
    assert client.matches("/Location?near=42.3|-83.7|4|[mi_i]") == ["Location/f"]
    client.update({**place, "position": {"latitude": -42.2565, "longitude": -83.69481}})
    assert client.matches("/Location?near=42.3|-83.7|5|km") == []


def test_s_145_phonetic_hears_what_clients_and_the_portal_wrote(client: Fhir, portal: Session, patient: None) -> None:
    person = {"resourceType": "Person", "id": "n", "name": [{"text": "Ms Schmidt"}]}
    client.update(person)
    assert client.matches("/Patient?phonetic=Smyth") == ["Patient/p"]
    assert client.matches("/Person?phonetic=Schmitt") == ["Person/n"]
    portal.execute("UPDATE fhir_patient_names SET family = 'Meyer'")
    assert client.matches("/Patient?phonetic=Smyth") == []
    assert client.matches("/Patient?phonetic=Maier") == ["Patient/p"]


def test_older_documents_are_found_after_the_migration(
    database: str, serve: Callable[[str], AbstractContextManager[Fhir]]
) -> None:
    with serve(database) as client:
        client.update({"resourceType": "Patient", "id": "p", "name": [{"family": "Smith"}]})
        client.update(condition("c", note=[{"text": "heel"}]))
        client.update({"resourceType": "Location", "id": "f", "name": "N", "position": {"latitude": 1, "longitude": 2}})
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("DELETE FROM fhir_patient_names")
    migrate.downgrade(database, "0006_composites")
    migrate.upgrade(database)
    with psycopg.connect(database) as session:
        queued = session.execute("SELECT count(*) FROM phi.text_queue").fetchone()
        assert queued == (2,)
    with serve(database) as client:
        assert client.matches("/Location?near=1|2") == ["Location/f"]
        assert client.matches("/Condition?_content=heel") == ["Condition/c"]
        assert client.matches("/?_content=n") == ["Location/f"]


def test_upkeep_reads_the_words_of_all_that_waits(database: str, portal: Session) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) SELECT 'p' || n FROM generate_series(1, 10) AS n")
    portal.execute("INSERT INTO organizations (fhir_id, name) VALUES ('o', 'Acme')")
    assert read_all_words(Database(database, 10_000), registry()) == 11
    assert read_all_words(Database(database, 10_000), registry()) == 0
    (row,) = portal.execute("SELECT words::text FROM open.text_index").fetchall()
    assert "'acme':2" in row["words"]
