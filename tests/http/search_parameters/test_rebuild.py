"""`fhir-server index --rebuild`: index rows of documents made anew are those that the writes had made."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fhir_server.cli import main
from fhir_server.json_text import parse_json
from fhir_server.persistence import building, rebuilding

KINDS = ("token", "string", "reference", "date", "number", "quantity", "uri", "composite", "text")


def rows_of(portal: Any) -> dict[str, Counter[str]]:
    """All index rows by table, each as often as it is there."""
    found = {}
    for schema in ("phi", "open"):
        for kind in KINDS:
            rows = portal.execute(f"SELECT r::text AS row FROM {schema}.{kind}_index AS r")
            found[f"{schema}.{kind}"] = Counter(row["row"] for row in rows)
    return found


def forget(portal: Any) -> None:
    for schema in ("phi", "open"):
        for kind in KINDS:
            portal.execute(f"DELETE FROM {schema}.{kind}_index")


@pytest.fixture
def rebuild(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command; gives its status and what it said."""
    monkeypatch.setenv("DATABASE_URL", database)

    def run(*types: str) -> tuple[int, str]:
        status = main(["index", "--rebuild", *types])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def load(client: Any, portal: Any) -> None:
    """Resources of many types in both stores and in tables, rows of the portal among them."""
    data = Path(__file__).parents[2] / "data" / "examples-inferno.ndjson.gz"
    bundles = [parse_json(line) for line in gzip.decompress(data.read_bytes()).splitlines()]
    bundle = min((one for one in bundles if len(one.get("entry", ())) > 50), key=lambda one: len(one["entry"]))
    assert client.send_json("POST", "", {"resourceType": "Bundle", **bundle}).status_code == 200
    client.update({"resourceType": "Location", "id": "f", "name": "N", "position": {"latitude": 1, "longitude": 2}})
    place = {"reference": "Practitioner/elsewhere", "display": "Dr. Who"}
    client.update(
        {"resourceType": "Location", "id": "nowhere", "managingOrganization": {"reference": "Organization/x"}}
    )
    client.update({"resourceType": "Patient", "id": "p", "name": [{"family": "Smith"}], "generalPractitioner": [place]})
    risk = {"status": "final", "subject": {"reference": "Patient/p"}, "prediction": [{"probabilityDecimal": 0.5}]}
    assert client.update({"resourceType": "RiskAssessment", "id": "r", **risk}).status_code == 201
    client.update({"resourceType": "Patient", "id": "gone", "name": [{"family": "Gone"}]})
    client.delete("/Patient/gone")
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('q')")
    portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, position, family) VALUES ('q', 0, 'Portal')")
    assert client.matches("/Patient?_content=portal") == ["Patient/q"]


def test_rows_made_anew_are_those_of_the_writes(client: Any, portal: Any, rebuild: Any) -> None:
    load(client, portal)
    before = rows_of(portal)
    assert sum(map(len, before.values())) > 500
    assert all(before[f"phi.{kind}"] for kind in KINDS)
    # What is already right stays so, what is wrong and what is missing is put right.
    assert rebuild() == (0, "Done: all types.\n")
    assert rows_of(portal) == before
    words = portal.execute("SELECT * FROM phi.text_index").fetchall()
    forget(portal)
    portal.execute(
        "INSERT INTO phi.token_index (parameter, code, resource_key)"
        " SELECT 1, 'wrong', resource_key FROM fhir_patients WHERE document_version = version_id AND deleted_at IS NULL"
    )
    assert rebuild() == (0, "Done: all types.\n")
    # Words of rows that only the portal wrote are not a document's.
    keys = {row["resource_key"] for row in portal.execute("SELECT resource_key FROM phi.text_index")}
    for row in words:
        if row["resource_key"] not in keys:
            portal.execute("INSERT INTO phi.text_index VALUES (%s, %s)", (row["resource_key"], row["words"]))
    assert len(words) - len(keys) == 1
    assert rows_of(portal) == before
    assert portal.execute("SELECT count(*) AS n FROM open.index_rebuilds").fetchone()["n"] == 0


def test_only_the_named_types_are_rebuilt(client: Any, portal: Any, rebuild: Any) -> None:
    client.update({"resourceType": "Basic", "id": "b", "code": {"text": "Mark"}})
    client.update({"resourceType": "Organization", "id": "o", "name": "Acme", "active": False})
    forget(portal)
    assert rebuild("Organization", "Device") == (0, "Done: all of Device, all of Organization.\n")
    assert client.matches("/Organization?_content=acme") == ["Organization/o"]
    assert client.matches("/Basic?code:text=mark") == []
    assert rebuild("Basic", "Basics") == (2, "fhir-server: Basics: no such resource type\n")
    assert rebuild("Basic") == (0, "Done: all of Basic.\n")
    assert client.matches("/Basic?code:text=mark") == ["Basic/b"]


def test_a_rebuild_that_was_broken_off_goes_on_where_it_was(
    client: Any, portal: Any, rebuild: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (building, rebuilding):
        monkeypatch.setattr(module, "BATCH", 3)
    for number in range(8):
        client.update({"resourceType": "Group", "id": f"n{number}", "type": "person", "actual": True, "name": "Mark"})
    client.update({"resourceType": "Account", "id": "a", "status": "active"})
    before = rows_of(portal)
    forget(portal)
    replace = rebuilding.replace_index_rows
    sizes: list[int] = []

    def breaking(connection: Any, store: Any, rows: Any) -> None:
        sizes.append(len(rows))
        if len(sizes) == 4:
            raise KeyboardInterrupt
        replace(connection, store, rows)

    monkeypatch.setattr(rebuilding, "replace_index_rows", breaking)
    with pytest.raises(KeyboardInterrupt):
        rebuild()
    assert sizes == [1, 3, 3, 2]
    left = portal.execute("SELECT resource_type FROM open.index_rebuilds").fetchall()
    assert {"resource_type": "Account"} not in left
    status, said = rebuild()
    assert (status, "all of Group" in said, "Account" in said) == (0, True, False)
    assert sizes[4:] == [2]
    assert rows_of(portal) == before


def test_a_row_that_the_portal_changed_is_merged_and_not_indexed_as_it_was(
    client: Any, portal: Any, rebuild: Any
) -> None:
    client.update({"resourceType": "Patient", "id": "p", "name": [{"family": "Smith"}], "gender": "male"})
    portal.execute("UPDATE fhir_patient_names SET family = 'Meyer'")
    rebuild("Patient")
    assert client.matches("/Patient?_content=smith") == []
    assert client.matches("/Patient?_content=meyer") == ["Patient/p"]
    assert client.matches("/Patient?phonetic=maier") == ["Patient/p"]
