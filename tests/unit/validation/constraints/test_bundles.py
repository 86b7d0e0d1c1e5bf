"""The constraints of `fhir_server.validation.constraints.bundles`: each broken once and kept once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.validation.constraints.samples import (
    COMPOSITION,
    DOCUMENT,
    REQUEST,
    Case,
    assert_refused_and_kept,
    bundle,
    entry,
    request,
    resource,
    task,
)

CASES: list[Case] = [
    (
        "inv-1",
        "Task",
        task(authoredOn="2024-01-02T00:00:00Z", lastModified="2024-01-01T00:00:00Z"),
        task(authoredOn="2024-01-01T00:00:00Z", lastModified="2024-01-01T00:00:00.5Z"),
    ),
    ("bdl-1", "Bundle", bundle("collection", total=0), bundle("searchset", total=0)),
    (
        "bdl-2",
        "Bundle",
        bundle("collection", entry(search={"mode": "match"})),
        bundle("searchset", entry(search={"mode": "match"})),
    ),
    ("bdl-3", "Bundle", bundle("batch", entry()), bundle("batch", entry(request=request("PUT")))),
    ("bdl-3", "Bundle", bundle("searchset", entry(request=REQUEST)), bundle("searchset", entry())),
    (
        "bdl-4",
        "Bundle",
        bundle("collection", entry(response={"status": "200"})),
        bundle("batch-response", entry(response={"status": "200"})),
    ),
    (
        "bdl-5",
        "Bundle.entry[0]",
        bundle("collection", {"fullUrl": "urn:uuid:1"}),
        bundle("collection", entry(fullUrl="urn:uuid:1")),
    ),
    (
        "bdl-7",
        "Bundle",
        bundle("collection", entry(fullUrl="urn:uuid:1"), entry(fullUrl="urn:uuid:1")),
        bundle(
            "collection",
            entry(fullUrl="http://example.org/Patient/1", resource=resource("Patient", meta={"versionId": "1"})),
            entry(fullUrl="http://example.org/Patient/1", resource=resource("Patient", meta={"versionId": "2"})),
        ),
    ),
    (
        "bdl-8",
        "Bundle.entry[0]",
        bundle("collection", entry(fullUrl="http://example.org/Patient/1/_history/2")),
        bundle("collection", entry(fullUrl="http://example.org/Patient/1")),
    ),
    (
        "bdl-9",
        "Bundle",
        bundle("document", {"resource": COMPOSITION}, timestamp="2024-01-01T00:00:00Z"),
        bundle("document", {"resource": COMPOSITION}, **DOCUMENT),
    ),
    (
        "bdl-10",
        "Bundle",
        bundle("document", {"resource": COMPOSITION}, identifier=DOCUMENT["identifier"]),
        bundle("document", {"resource": COMPOSITION}, **DOCUMENT),
    ),
    (
        "bdl-11",
        "Bundle",
        bundle("document", entry(), {"resource": COMPOSITION}, **DOCUMENT),
        bundle("document", {"resource": COMPOSITION}, entry(), **DOCUMENT),
    ),
    ("bdl-12", "Bundle", bundle("message", entry()), bundle("collection", entry())),
    (
        "inv-1",
        "Parameters.parameter[0]",
        resource("Parameters", parameter=[{"name": "a"}]),
        resource("Parameters", parameter=[{"name": "a", "part": [{"name": "b", "valueCode": "c"}]}]),
    ),
    (
        "inv-1",
        "Parameters.parameter[0]",
        resource("Parameters", parameter=[{"name": "a", "valueCode": "c", "resource": resource("Patient")}]),
        resource("Parameters", parameter=[{"name": "a", "resource": resource("Patient")}]),
    ),
]


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES, ids=[case[0] for case in CASES])
def test_what_breaks_a_constraint_is_refused_and_what_keeps_it_is_not(
    key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert_refused_and_kept(key, place, broken, kept)
