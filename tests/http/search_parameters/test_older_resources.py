"""Resources that are older than a parameter: refused rather than missed, until the index command has been there."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.cli import main
from fhir_server.persistence import building, pending

LENIENT = {"Prefer": "handling=lenient"}


def outcome(answer: Any) -> Any:
    return answer.json()["issue"][0]


def test_a_search_that_would_be_short_is_refused_or_says_so(client: Any, made: Any, dyed: Any, index: Any) -> None:
    client.update(dyed("Patient", "old", "red"))
    client.update(made())
    client.update(dyed("Patient", "new", "red"))
    for query in ("Patient?colour=red", "Patient?_sort=colour", "Observation?subject:Patient.colour=red"):
        answer = client.get(f"/{query}")
        assert (answer.status_code, outcome(answer)["code"]) == (400, "incomplete"), query
        assert "Patient.colour" in outcome(answer)["diagnostics"]
    entries = client.get("/Patient?colour=red", headers=LENIENT).json()["entry"]
    assert [entry["search"]["mode"] for entry in entries] == ["match", "outcome"]
    assert entries[0]["resource"]["id"] == "new"
    assert "matches may be missing" in entries[1]["resource"]["issue"][0]["diagnostics"]
    assert index() == [2]
    assert client.matches("/Patient?colour=red") == ["Patient/new", "Patient/old"]
    assert index() == []


def test_rows_of_the_portal_get_documents_that_can_be_searched(client: Any, made: Any, portal: Any, index: Any) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id, gender, birth_date) VALUES ('x', 'male', '1990-05-05')")
    portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('x', 'Smith')")
    before = client.tree("/Patient/x")
    client.update(made("sex", expression="Patient.gender"))
    index()
    assert client.tree("/Patient/x") == before
    assert client.history("/Patient/x") == [("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    assert client.matches("/Patient?sex=male") == ["Patient/x"]
    # What the portal does afterwards is searched as it is.
    portal.execute("UPDATE fhir_patients SET gender = 'female'")
    assert (client.matches("/Patient?sex=male"), client.matches("/Patient?sex=female")) == ([], ["Patient/x"])
    portal.execute("INSERT INTO fhir_patients (fhir_id, gender) VALUES ('y', 'female')")
    assert client.matches("/Patient?sex=female") == ["Patient/x", "Patient/y"]
    portal.execute("INSERT INTO fhir_patients (fhir_id, gender) VALUES ('z', 'female')")
    assert client.tree("/Patient?sex=female&_summary=count")["total"] == 3
    portal.execute("DELETE FROM fhir_patients WHERE fhir_id = 'y'")
    assert client.matches("/Patient?sex=female") == ["Patient/x", "Patient/z"]


def test_other_searches_of_the_type_do_not_wait_for_the_index(client: Any, made: Any, portal: Any) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id, gender) SELECT 'p' || n, 'male' FROM generate_series(1, 60) n")
    client.update(made())
    assert client.tree("/Patient?_tag=x&_total=accurate")["total"] == 0
    left = portal.execute("SELECT count(*) AS n FROM fhir_patients WHERE document_version IS NULL").fetchone()
    assert left["n"] == 60


def test_a_pass_that_was_broken_off_goes_on_where_it_was(
    client: Any, made: Any, dyed: Any, portal: Any, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "BATCH", 3)
    monkeypatch.setattr(pending, "BATCH", 3)
    for number in range(8):
        client.update(dyed("Account", f"n{number}", "red", status="active"))
    client.update(made(base="Account"))
    index_rows = building.replace_parameter_rows
    calls: list[int] = []

    def breaking(connection: Any, store: Any, rows: Any, numbers: Any) -> None:
        calls.append(len(rows))
        if len(calls) == 3:
            raise KeyboardInterrupt
        index_rows(connection, store, rows, numbers)

    monkeypatch.setattr(building, "replace_parameter_rows", breaking)
    with pytest.raises(KeyboardInterrupt):
        index()
    assert client.get("/Account?colour=red").status_code == 400
    assert index() == [2]
    assert len(client.matches("/Account?colour=red")) == 8
    assert portal.execute("SELECT count(*) AS n FROM phi.token_index WHERE code = 'red'").fetchone()["n"] == 8


def test_two_types_in_several_tables_are_built_together(
    client: Any, made: Any, dyed: Any, portal: Any, index: Any
) -> None:
    portal.execute("INSERT INTO organizations (fhir_id, name) VALUES ('o', 'Acme')")
    portal.execute("INSERT INTO manufacturers (fhir_id, name) VALUES ('m', 'Acme')")
    client.update({"resourceType": "Organization", "id": "c", "name": "Acme"})
    client.update(dyed("Location", "l", "red", name="Acme"))
    expression = "Organization.name | Location.name"
    client.update(made("called", ["Organization", "Location"], type="string", expression=expression))
    index()
    assert client.matches("/Organization?called=acme") == ["Organization/c", "Organization/m", "Organization/o"]
    assert client.matches("/?_type=Organization,Location&called=acme")[0] == "Location/l"


def test_search_parameters_from_before_the_table_are_adopted(
    client: Any, made: Any, dyed: Any, portal: Any, index: Any
) -> None:
    client.update(dyed("Patient", "p", "red"))
    client.update(made())
    portal.execute("DELETE FROM open.search_parameters")
    portal.execute("UPDATE open.search_parameter_changes SET counter = counter + 1")
    assert outcome(client.get("/Patient?colour=red"))["code"] == "not-supported"
    index()
    assert client.matches("/Patient?colour=red") == ["Patient/p"]


def test_the_command_says_what_it_did(
    client: Any, made: Any, dyed: Any, database: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    client.update(dyed("Patient", "p", "red"))
    client.update(made())
    assert main(["index"]) == 0
    assert capsys.readouterr().out == "Done: Patient.colour.\n"
    assert client.matches("/Patient?colour=red") == ["Patient/p"]
    assert main(["index"]) == 0
    assert capsys.readouterr().out == "Nothing to do.\n"
