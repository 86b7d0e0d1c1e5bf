"""Nothing said is lost: published examples come back equal after create, update, patch, in searches and in histories.

Compared as text: `4.00` is not `4.0`, and the order of lists counts. The order of members does not.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_server.json_text import DecimalText, encode_json, parse_json
from fhir_server.validation import validate
from tests.http.conftest import FHIR_JSON

DATA = Path(__file__).parents[1] / "data"
SETS = ("r4", "us-core", "davinci-pas", "inferno", "wound")
_PATIENT = re.compile(r"(?:^|/fhir/)Patient/([A-Za-z0-9.-]{1,64})(?:$|/_history/)")


def examples(name: str) -> Iterator[dict[str, Any]]:
    """The valid ones; those without an id are given one."""
    with gzip.open(DATA / f"examples-{name}.ndjson.gz") as lines:
        for number, line in enumerate(lines):
            tree = {"id": f"example-{number}", **parse_json(line)}
            if not validate(tree["resourceType"], tree):
                yield tree


def written(tree: Any) -> Any:
    """The tree with every number as the text it was written with, so that comparing compares texts."""
    if isinstance(tree, dict):
        return {name: written(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [written(value) for value in tree]
    if isinstance(tree, DecimalText):
        return f"number {tree.text}"
    assert not isinstance(tree, (float, Decimal))
    return tree


def said(tree: dict[str, Any]) -> dict[str, Any]:
    """What the client said: without the version and time that the server puts into meta."""
    told: dict[str, Any] = written(tree)
    meta = {name: value for name, value in told.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    return {name: value for name, value in {**told, "meta": meta}.items() if name != "meta" or meta}


def patients_named_in(tree: Any) -> set[str]:
    if isinstance(tree, list):
        return set().union(*map(patients_named_in, tree)) if tree else set()
    if not isinstance(tree, dict):
        return set()
    found = set().union(*map(patients_named_in, tree.values())) if tree else set()
    reference = tree.get("reference")
    match = _PATIENT.search(reference) if isinstance(reference, str) else None
    return found | ({match[1]} if match else set())


@pytest.mark.parametrize("name", SETS)
def test_every_valid_example_comes_back_as_it_was_said(client: Any, name: str) -> None:
    trees = list(examples(name))
    assert trees
    for identity in set().union(*map(patients_named_in, trees)):
        assert client.update({"resourceType": "Patient", "id": identity}, Prefer="return=minimal").status_code == 201
    lost = {}
    for tree in trees:
        path = f"/{tree['resourceType']}/{tree['id']}"
        answer = client.update(tree)
        if answer.status_code not in (200, 201) or said(parse_json(answer.content)) != said(tree):
            lost[path] = answer.text[:300]
        # Who does not ask for FHIR gets a Binary as the file that it is.
        read = client.get(path, headers={"Accept": FHIR_JSON})
        if read.content != answer.content:
            lost[path] = read.text[:300]
    assert lost == {}


@pytest.mark.parametrize("name", ["us-core", "davinci-pas", "wound"])
def test_examples_survive_updates_patches_searches_and_histories(client: Any, name: str) -> None:
    trees = {(tree["resourceType"], tree["id"]): tree for tree in examples(name)}
    for identity in set().union(*map(patients_named_in, trees.values())):
        client.update({"resourceType": "Patient", "id": identity}, Prefer="return=minimal")
    for (kind, identity), tree in trees.items():
        path = f"/{kind}/{identity}"
        small = {"resourceType": kind, "id": identity}
        client.update(tree)
        if not validate(kind, small):
            client.update(small)
        client.update(tree)
        patched = client.patch_json(path, [{"op": "add", "path": "/language", "value": "x-patched"}])
        assert patched.status_code == 200, patched.text
        now = {**tree, "language": "x-patched"}
        # What was generated from the data goes when the data change.
        if tree.get("text", {}).get("status") in ("generated", "extensions") and tree.get("language") != "x-patched":
            now.pop("text")
        assert said(client.tree(path)) == said(now)
        entries = client.tree(f"{path}/_history")["entry"]
        assert said(entries[0]["resource"]) == said(now)
        assert said(entries[1]["resource"]) == said(tree)
        version = entries[1]["response"]["etag"][3:-1]
        assert said(client.tree(f"{path}/_history/{version}")) == said(tree)
        (entry,) = client.tree(f"/{kind}?_id={identity}")["entry"]
        assert said(entry["resource"]) == said(now)


@pytest.mark.parametrize("name", ["us-core", "r4"])
def test_examples_survive_a_portal_that_touches_their_rows(client: Any, portal: Any, name: str) -> None:
    mapped = ("Patient", "Practitioner", "Organization", "Location", "Observation")
    trees = [tree for tree in examples(name) if tree["resourceType"] in mapped]
    for identity in set().union(*map(patients_named_in, trees)):
        client.update({"resourceType": "Patient", "id": identity}, Prefer="return=minimal")
    for tree in trees:
        assert client.update(tree).status_code in (200, 201)
    for table in ("fhir_patients", "fhir_practitioners", "organizations", "fhir_facilities", "fhir_observations"):
        portal.execute(f"UPDATE {table} SET created_at = created_at - interval '1 day'")
    lost = {}
    for tree in trees:
        path = f"/{tree['resourceType']}/{tree['id']}"
        read = client.get(path)
        if said(parse_json(read.content)) != said(tree):
            lost[path] = read.text
    assert lost == {}


def test_the_comparison_would_notice_a_lost_digit() -> None:
    assert said(parse_json(b'{"a":1.50}')) != said(parse_json(b'{"a":1.5}'))
    assert json.loads(encode_json(parse_json(b'{"a":1.50}'))) == {"a": 1.5}
