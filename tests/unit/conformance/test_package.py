"""The package can be read as tools read packages (https://hl7.org/fhir/packages.html)."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhir_server.cli import main
from fhir_server.conformance.definitions import definitions
from fhir_server.conformance.package import package
from fhir_server.json_text import parse_json
from fhir_server.resources.registry import registry
from fhir_server.validation import validate


@cache
def files() -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(package(definitions(registry()))), mode="r:gz") as archive:
        found = {}
        for member in archive.getmembers():
            assert member.isfile(), member.name
            stream = archive.extractfile(member)
            assert stream is not None
            found[member.name] = stream.read()
        return found


def tree(name: str) -> Any:
    return json.loads(files()[f"package/{name}"])


def test_the_manifest_has_what_the_specification_asks_for() -> None:
    manifest = tree("package.json")
    assert re.fullmatch(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+", manifest["name"])
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+(-[A-Za-z0-9-]+)?", manifest["version"])
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["dependencies"] == {"hl7.fhir.r4.core": "4.0.1"}
    assert manifest["type"] == "fhir.ig"
    assert {"canonical", "url", "title", "description", "author"} <= manifest.keys()
    assert re.fullmatch(r"[0-9]{14}", manifest["date"])


def test_the_index_names_every_resource_by_file_type_and_url() -> None:
    index = tree(".index.json")
    assert index["index-version"] == 1
    listed = {one["filename"]: one for one in index["files"]}
    others = {"package/package.json", "package/.index.json"}
    assert {f"package/{name}" for name in listed} == files().keys() - others
    for name, one in listed.items():
        resource = tree(name)
        for key in ("resourceType", "id", "url", "version", "kind"):
            assert one.get(key) == resource.get(key)
        # The type of an OperationDefinition is a boolean and tells whether it is called on types.
        assert one.get("type") == (resource["type"] if isinstance(resource.get("type"), str) else None)


def test_every_file_is_a_valid_resource_and_none_is_missing() -> None:
    made = definitions(registry())
    assert len(files()) == len(made) + 2
    for name, body in files().items():
        if "-" in name:
            resource = parse_json(body)
            assert isinstance(resource, dict)
            assert validate(str(resource["resourceType"]), resource) == ()


def test_every_reference_of_the_guide_leads_to_a_file() -> None:
    guide = tree("ImplementationGuide-wound-care-portal.json")
    assert guide["packageId"] == tree("package.json")["name"]
    for one in guide["definition"]["resource"]:
        assert f"package/{one['reference']['reference'].replace('/', '-')}.json" in files()


def test_every_url_of_ours_that_a_definition_names_is_in_the_package() -> None:
    base = tree("package.json")["canonical"]
    known = {one["url"] for one in tree(".index.json")["files"]}
    named = set()
    for body in files().values():
        named |= set(re.findall(rf'"({re.escape(base)}/[A-Z][A-Za-z]+/[A-Za-z0-9-]+)"', body.decode()))
    assert len(named) > 50
    assert named - known == set()


def test_the_bytes_are_the_same_every_time() -> None:
    first = package(definitions(registry()))
    command = [sys.executable, "-m", "fhir_server.cli", "package", "--out", "-"]
    again = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[3])
    assert again.stdout == first


def test_the_command_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = tmp_path / "x.tgz"
    assert main(["package", "--out", str(where)]) == 0
    assert where.read_bytes() == package(definitions(registry()))
    assert str(where) in capsys.readouterr().out


def test_another_base_is_in_all_urls_of_the_package(tmp_path: Path) -> None:
    where = tmp_path / "other.tgz"
    command = [sys.executable, "-m", "fhir_server.cli", "package", "--canonical-base", "https://fhir.example.org/"]
    subprocess.run([*command, "--out", str(where)], check=True, cwd=Path(__file__).parents[3], capture_output=True)
    with tarfile.open(where) as archive:
        bodies = [archive.extractfile(member).read() for member in archive.getmembers()]  # type: ignore[union-attr]
    assert not any(b"wound-care-portal.example" in body for body in bodies)
    assert b'"url":"https://fhir.example.org/StructureDefinition/order"' in b"".join(bodies)
