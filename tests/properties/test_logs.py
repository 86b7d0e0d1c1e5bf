"""Any row of a log is a valid resource, whatever stands in it, and none tells what it must not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.json_text import encode_json
from fhir_server.resources.order_event import SHOWN, redacted
from fhir_server.resources.registry import LOGS
from fhir_server.validation import validate
from fhir_server.validation.second_opinion import second_opinion
from tests.properties.strategies.effort import EFFORT
from tests.properties.strategies.rows import IDS
from tests.properties.strategies.texts import ANY_JSON, TEXTS

NAMES = st.sampled_from(("Patient/p/_history/1", "Task/x/_history/12", "Patient/p", "Foo/1/_history/1", "", "a b"))
WORDS = st.sampled_from(
    (
        "read",
        "vread",
        "search",
        "history",
        "everything",
        "other",
        "create",
        "transaction",
        "Status Changed",
        "a  b",
        " x",
    )
)
ROWS = st.fixed_dictionaries(
    {
        "updated_at": st.datetimes().map(lambda moment: f"{max(moment.year, 1970)}-01-02T03:04:05.123456+00:00"),
        "resource_type": st.sampled_from(("Patient", "Observation", "Resource", "Bundle", "nonsense")),
        "resource_id": st.none() | IDS | TEXTS,
        "operation": WORDS | TEXTS,
        "action": WORDS | TEXTS,
        "user_id": st.none() | st.integers(1, 99),
        "practitioner_fhir_id": st.none() | IDS | TEXTS,
        "ip_address": st.none() | TEXTS,
        "user_agent": st.none() | TEXTS,
        "outcome": st.sampled_from((None, "success", "failure", "odd")),
        "status": st.none() | st.integers(100, 700),
        "entities": st.none() | st.lists(NAMES | TEXTS, max_size=4),
        "request_id": st.none() | TEXTS,
        "old_values": ANY_JSON,
        "new_values": ANY_JSON,
        "order_fhir_id": IDS | TEXTS,
        "patient_fhir_id": st.none() | IDS | TEXTS,
        "target_type": st.sampled_from(("Patient", "Task")),
        "target_id": IDS | TEXTS,
        "target_version": st.integers(1, 2**40),
        "is_deletion": st.booleans(),
    }
)
EVERY_LOG = pytest.mark.parametrize("log", LOGS, ids=lambda log: log.rows.name)


@EVERY_LOG
@EFFORT
@given(row=ROWS)
def test_any_row_is_a_valid_resource(log: Any, row: dict[str, Any]) -> None:
    tree = {"resourceType": log.resource_type, "id": "x", **log.compose(row)}
    assert validate(log.resource_type, tree) == ()
    assert second_opinion(log.resource_type, encode_json(tree)) == ()


@EFFORT
@given(held=ANY_JSON)
def test_values_are_shown_of_known_keys_only(held: Any) -> None:
    shown = redacted({"notes": held, "status": held, "new key": held})
    assert set(shown) == {"notes", "status"}
    assert shown["notes"] == "[redacted]"
    assert all(redacted({key: {"deep": "x"}})[key] == "[redacted]" for key in SHOWN)
