"""What interactions answer, without a server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_server.interactions.answers import (
    bundle_bytes,
    entry_bytes,
    preferences,
    preferred_body,
    prefers,
    written_answer,
)
from fhir_server.interactions.request import FhirRequest
from fhir_server.json_text import parse_json
from fhir_server.persistence.writes import Written

WHEN = datetime(2024, 3, 11, 4, 30, tzinfo=UTC)


def request(**headers: str) -> FhirRequest:
    return FhirRequest("GET", (), "", headers, b"", "http://x/fhir")


def written(created: bool) -> Written:
    return Written("Patient", "p", 3, WHEN, b"{}", created)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("return=minimal", {"return": "minimal"}),
        ('Return="minimal"; foo, handling=strict', {"return": "minimal", "foo": "", "handling": "strict"}),
        ("return=minimal, return=representation", {"return": "minimal"}),
        ("", {}),
        (" , ;=", {}),
    ],
)
def test_preferences_are_read_with_their_first_value(header: str, expected: dict[str, str]) -> None:
    assert preferences(header) == expected


def test_a_request_without_prefer_prefers_nothing() -> None:
    assert prefers(request(), "return") is None
    assert prefers(request(prefer="return=minimal"), "return") == "minimal"
    assert prefers(request(prefer="return=minimal"), "handling") is None


def test_only_what_is_new_has_a_location() -> None:
    assert written_answer(request(), written(created=True)).headers["Location"] == "http://x/fhir/Patient/p/_history/3"
    updated = written_answer(request(), written(created=False))
    assert (updated.status, "Location" in updated.headers, updated.headers["ETag"]) == (200, False, 'W/"3"')


@pytest.mark.parametrize(
    ("preference", "body"), [("minimal", None), ("representation", b"{}"), (None, b"{}"), ("x", b"{}")]
)
def test_the_body_is_the_resource_unless_something_else_is_preferred(preference: str | None, body: Any) -> None:
    assert preferred_body(preference, written(created=True)) == body


def test_a_bundle_without_entries_has_no_entry_member() -> None:
    assert parse_json(bundle_bytes({"type": "history"}, [])) == {"resourceType": "Bundle", "type": "history"}
    whole = bundle_bytes(
        {"type": "history"}, [entry_bytes("urn:x", b'{"a":1.50}', search={"mode": "match"}, request=None)]
    )
    assert whole.endswith(b'"entry":[{"fullUrl":"urn:x","resource":{"a":1.50},"search":{"mode":"match"}}]}')
