"""The status maps, which code, tests and documentation share (M-100 … M-104)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.packaged import packaged
from business.statuses import normal, status_map, status_map_names

NAMES = status_map_names()

# The codes of R4's required value sets, written down here and not taken from the data.
TASK = (
    "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error"
)
LEGAL = {
    "product-request": "draft active on-hold revoked completed entered-in-error unknown",
    "order": TASK,
    "order-line": "draft active suspended cancelled completed entered-in-error unknown",
    "shipment": "in-progress completed abandoned entered-in-error",
    "eligibility": "queued complete error partial",
    "eligibility-record": "active cancelled draft entered-in-error",
    "coverage": "active cancelled draft entered-in-error",
    "prior-authorization-outcome": "queued complete error partial",
    "prior-authorization-status": "active cancelled draft entered-in-error",
    "mac-validation": TASK,
    "ivr-episode": TASK,
    "document": "preliminary final amended entered-in-error",
    "document-reference": "current superseded entered-in-error",
    "commission": "calculated pending approved paid partially-paid disputed adjusted reversed clawback void cancelled",
    "opportunity": TASK,
    "record-active": "true false",
    "priority": "routine urgent asap stat",
}

# One line of the mapping's checklist for each: text → code.
WANTED = {
    "product-request": {
        "Under Review": "active",
        "needs-info": "on-hold",
        "DENIED": "revoked",
        "Delivered": "completed",
        "error": "entered-in-error",
    },
    "order": {
        "pending": "requested",
        "Ready to ship": "ready",
        "out-for-delivery": "in-progress",
        "lost": "failed",
        "returned": "completed",
        "void": "entered-in-error",
    },
    "order-line": {"backordered": "suspended", "shipped": "active", "failed": "cancelled", "delivered": "completed"},
    "shipment": {"label_created": "in-progress", "delivered": "completed", "lost": "abandoned"},
    "eligibility": {"not_found": "complete", "queued": "queued", "needs review": "partial", "timeout": "error"},
    "eligibility-record": {"not found": "active", "Needs Review": "active", "Voided": "entered-in-error"},
    "prior-authorization-outcome": {"appealed": "queued", "denied": "complete", "partially approved": "partial"},
    "prior-authorization-status": {"draft": "draft", "withdrawn": "cancelled", "denied": "active"},
    "mac-validation": {"failed_policy": "completed", "incomplete": "on-hold", "timeout": "failed"},
    "ivr-episode": {"sent": "requested", "opened": "in-progress", "declined": "rejected", "expired": "cancelled"},
    "document": {"re-signed": "amended", "declined": "preliminary", "Signed": "final", "void": "entered-in-error"},
    "document-reference": {"archived": "superseded", "void": "entered-in-error", "expired": "current"},
    "commission": {"partially paid": "partially-paid", "clawback": "clawback"},
    "opportunity": {"snoozed": "on-hold", "converted": "completed", "false positive": "entered-in-error"},
    "record-active": {"active": "true", "prospect": "false"},
    "priority": {"medium": "routine", "rush": "urgent", "same day": "asap", "emergency": "stat"},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_code_of_a_map_is_a_legal_one_of_its_element(name: str) -> None:
    statuses = status_map(name)
    legal = set(LEGAL[name].split())
    assert set(statuses.codes.values()) <= legal
    assert statuses.other is None or statuses.other in legal


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_map_is_listed_twice_and_each_is_in_its_normal_form(name: str) -> None:
    declared: dict[str, Any] = packaged("status_maps.json")["maps"][name]
    counts = Counter(text for texts in declared["codes"].values() for text in texts)
    assert [text for text, count in counts.items() if count > 1 or text != normal(text)] == []
    assert set(declared.get("unwritten", ())) <= set(declared["codes"])


@pytest.mark.parametrize(("name", "text", "code"), [(n, t, c) for n, maps in WANTED.items() for t, c in maps.items()])
def test_a_text_means_what_the_mapping_says(name: str, text: str, code: str) -> None:
    assert status_map(name).code(text) == code


@pytest.mark.parametrize("name", NAMES)
def test_m100_every_text_comes_back_the_same_from_an_unchanged_resource(name: str) -> None:
    statuses = status_map(name)
    for text, code in statuses.codes.items():
        for spelling in (text, text.upper(), text.replace("_", "-"), text.replace("_", "  ")):
            assert statuses.code(spelling) == code
            assert statuses.text(code, stored=spelling) == spelling


@pytest.mark.parametrize("name", NAMES)
def test_m101_the_texts_of_the_codes_are_all_texts_each_once(name: str) -> None:
    statuses = status_map(name)
    found = [text for code in set(statuses.codes.values()) for text in statuses.texts(code)]
    assert sorted(found) == sorted(statuses.codes)


@pytest.mark.parametrize("name", NAMES)
@given(text=st.text() | st.none())
def test_m102_a_text_that_is_not_listed_never_claims_an_outcome(name: str, text: str | None) -> None:
    statuses = status_map(name)
    if not statuses.lists(text):
        assert statuses.code(text) == statuses.other
    assert statuses.other in (None, "unknown")


@pytest.mark.parametrize("name", NAMES)
def test_the_text_written_for_a_code_means_that_code(name: str) -> None:
    statuses = status_map(name)
    for code, text in statuses.canonical.items():
        assert statuses.code(text) == code
        assert statuses.text(code) == text
        assert statuses.text(code, stored="something else") == text


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("eligibility", "complete"),
        ("mac-validation", "completed"),
        ("prior-authorization-outcome", "complete"),
        ("product-request", "unknown"),
        ("order", "revoked"),
    ],
)
def test_no_text_is_written_for_a_code_that_does_not_tell_which(name: str, code: str) -> None:
    assert status_map(name).text(code) is None


def test_an_approval_is_kept_by_a_resource_that_says_complete() -> None:
    assert status_map("prior-authorization-outcome").text("complete", stored="Denied") == "Denied"


def test_a_map_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        status_map("nothing")


def test_a_map_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        status_map("order").codes["pending"] = "completed"  # type: ignore[index]


@given(st.text(alphabet="aB -_\t9"))
def test_the_normal_form_is_stable_and_knows_no_case_and_no_separators(text: str) -> None:
    once = normal(text)
    assert normal(once) == once
    assert re.fullmatch(r"[a-z0-9_]*", once)
    assert normal(text.upper()) == once


def test_every_map_has_its_column_element_and_expected_codes_here() -> None:
    assert set(LEGAL) == set(NAMES)
    for name in NAMES:
        assert status_map(name).column
        assert status_map(name).element
