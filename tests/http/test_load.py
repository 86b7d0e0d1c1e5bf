"""`fhir-server load` against a real server: what is in the files is stored, and what cannot be is said."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any, Protocol

import pytest

from fhir_server.cli import main

Tree = dict[str, Any]


class Client(Protocol):
    """What the fixture's client does here."""

    base: str

    def tree(self, path: str) -> Any: ...
    def matches(self, search: str) -> list[str]: ...
    def history(self, path: str) -> list[tuple[str, str]]: ...


def patient(number: int, **more: Any) -> Tree:
    return {"resourceType": "Patient", "id": f"p{number}", "name": [{"family": f"Loaded{number}"}], **more}


def observation(number: int, of: str, **more: Any) -> Tree:
    return {
        "resourceType": "Observation", "id": f"o{number}", "status": "final", "code": {"text": "size"},
        "subject": {"reference": f"Patient/{of}"}, **more,
    }  # fmt: skip


def lines(*resources: Tree) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in resources)


def bundle(kind: str, *entries: Tree) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)}).encode()


def total(client: Client, resource_type: str) -> int:
    count: int = client.tree(f"/{resource_type}?_summary=count")["total"]
    return count


def run(client: Client, *paths: Path) -> int:
    return main(["load", *map(str, paths), "--to", client.base])


def test_a_folder_of_every_kind_of_file_is_stored(client: Client, tmp_path: Path) -> None:
    # Named and sorted so that what refers comes before what it refers to.
    observations = lines(observation(1, "p1"), observation(2, "p2"))
    (tmp_path / "a-observations.ndjson.gz").write_bytes(gzip.compress(observations))
    (tmp_path / "b-patients.ndjson").write_bytes(lines(patient(1), patient(2)))
    (tmp_path / "patient.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(patient(3, multipleBirthInteger=2)).encode())
    inner = gzip.compress(json.dumps(patient(4)).encode())
    with tarfile.open(tmp_path / "more.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("deep/er/one.json.gz")
        member.size = len(inner)
        archive.addfile(member, io.BytesIO(inner))
    (tmp_path / "notes.ndjson").write_text('{"this": "is no FHIR"}\n')
    (tmp_path / "readme.txt").write_text("nor is this")
    assert run(client, tmp_path) == 0
    assert client.matches("/Patient") == ["Patient/p1", "Patient/p2", "Patient/p3", "Patient/p4"]
    assert client.matches("/Observation") == ["Observation/o1", "Observation/o2"]


def test_numbers_arrive_with_their_text(client: Client, tmp_path: Path) -> None:
    text = json.dumps(observation(1, "p1", valueQuantity={"value": "HERE"})).replace('"HERE"', "1.500")
    (tmp_path / "all.ndjson").write_bytes(lines(patient(1)) + text.encode() + b"\n")
    assert run(client, tmp_path) == 0
    assert client.tree("/Observation/o1")["valueQuantity"]["value"].text == "1.500"


def test_a_bad_resource_is_reported_and_the_others_of_its_transaction_are_stored(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [patient(number) for number in range(1, 30)]
    bad = patient(99, gender="not-a-gender")
    (tmp_path / "Patient.ndjson").write_bytes(lines(*good[:12], bad, *good[12:]))
    assert run(client, tmp_path) == 1
    assert total(client, "Patient") == 29
    said = capsys.readouterr().out
    assert "Patient.ndjson, line 13: 4" in said
    assert re.search(r"^Patient +29 +1$", said, re.MULTILINE)
    assert "Loaded99" not in said


def test_resources_that_refer_to_what_comes_later_are_tried_again_at_the_end(client: Client, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, content in (("1.ndjson", lines(observation(1, "p1"))), ("2.ndjson", lines(patient(1)))):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert run(client, tmp_path) == 0
    assert client.matches("/Observation") == ["Observation/o1"]


def test_a_resource_that_stays_without_its_patient_fails(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "o.json").write_text(json.dumps(observation(1, "nobody")))
    assert run(client, tmp_path) == 1
    assert "o.json: 422" in capsys.readouterr().out
    assert total(client, "Observation") == 0


def test_loading_again_updates_and_later_lines_win(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.ndjson").write_bytes(lines(patient(1, gender="male"), patient(2), patient(1, gender="female")))
    assert run(client, tmp_path) == 0
    assert client.tree("/Patient/p1")["gender"] == "female"
    assert len(client.history("/Patient/p1")) == 2
    assert run(client, tmp_path) == 0
    assert total(client, "Patient") == 2
    assert "updated" in capsys.readouterr().out


def test_a_transaction_is_sent_as_it_is_and_fails_as_a_whole(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [
        {"resource": {"resourceType": "Patient", **more}, "request": {"method": "POST", "url": "Patient"}}
        for more in ({"name": [{"family": "A"}]}, {"gender": "nonsense"})
    ]
    (tmp_path / "t.json").write_bytes(bundle("transaction", *entries))
    assert run(client, tmp_path) == 1
    assert total(client, "Patient") == 0
    said = capsys.readouterr().out
    assert "t.json, entry 1: 422" in said
    assert re.search(r"^Patient +0 +2$", said, re.MULTILINE)


def test_a_batch_stores_what_it_can_and_finds_what_is_there(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = {"identifier": [{"system": "urn:x", "value": "1"}]}
    once = {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x|1"}
    entries = [
        {"resource": {"resourceType": "Patient", **held}, "request": once},
        {
            "resource": {"resourceType": "Patient", "gender": "nonsense"},
            "request": once | {"ifNoneExist": "identifier=2"},
        },
        {"resource": {"resourceType": "Patient", **held}, "request": once},
    ]
    (tmp_path / "b.json").write_bytes(bundle("batch", *entries))
    assert run(client, tmp_path) == 1
    assert total(client, "Patient") == 1
    said = capsys.readouterr().out
    assert "b.json, entry 1: 4" in said
    assert re.search(r"^Patient +1 +1 +1$", said, re.MULTILINE)


def test_the_resources_of_a_collection_keep_referring_to_each_other(client: Client, tmp_path: Path) -> None:
    name = "urn:uuid:0d3d2b0a-6d4f-4a8e-9d55-3c0f5f1c2d11"
    referring = observation(1, "x") | {"subject": {"reference": name}}
    del referring["id"]
    unnamed = patient(1)
    del unnamed["id"]
    (tmp_path / "c.json").write_bytes(
        bundle("collection", {"resource": referring}, {"fullUrl": name, "resource": unnamed})
    )
    assert run(client, tmp_path) == 0
    assert client.tree("/Observation")["entry"][0]["resource"]["subject"]["reference"] == client.matches("/Patient")[0]


def test_a_document_is_stored_as_a_bundle(client: Client, tmp_path: Path) -> None:
    stored = {"resourceType": "Bundle", "id": "d", "type": "history", "total": 0}
    (tmp_path / "d.json").write_text(json.dumps(stored))
    run(client, tmp_path)
    assert client.tree("/Bundle/d")["type"] == "history"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.json", b'{"resourceType": "Patient", '),
        ("cut.ndjson.gz", gzip.compress(lines(patient(5)) * 500)[:-20]),
        ("none.json", b"[1, 2]"),
        ("empty.json", b""),
    ],
)
def test_a_broken_file_fails_and_the_others_are_loaded(
    client: Client, tmp_path: Path, name: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, good = tmp_path / name, tmp_path / "good.json"
    broken.write_bytes(content)
    good.write_text(json.dumps(patient(1)))
    assert run(client, broken, good) == 1
    assert client.tree("/Patient/p1")["id"] == "p1"
    assert name in capsys.readouterr().out


def test_nothing_begins_without_a_server_or_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.json").write_text(json.dumps(patient(1)))
    assert main(["load", str(tmp_path), "--to", "http://127.0.0.1:9/fhir"]) == 2
    assert "fhir-server serve" in capsys.readouterr().err
    assert main(["load", str(tmp_path / "missing.json"), "--to", "http://127.0.0.1:9/fhir"]) == 2
    assert "does not exist" in capsys.readouterr().err
