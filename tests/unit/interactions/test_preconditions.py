"""If-Match and If-None-Match of writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_server.errors import InvalidRequest, PreconditionFailed
from fhir_server.interactions.preconditions import check
from fhir_server.persistence.states import State

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SOURCE: Any = None
HERE = State(SOURCE, "p", 3, 1, NOW, None, b"{}", None, None)
GONE = State(SOURCE, "p", 3, 1, NOW, NOW, b"{}", None, None)


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "state", "holds"),
    [
        (None, None, HERE, True),
        (None, None, None, True),
        ('W/"3"', None, HERE, True),
        ('W/"2"', None, HERE, False),
        ('W/"2", W/"3"', None, HERE, True),
        ("*", None, HERE, True),
        ("*", None, None, False),
        ("*", None, GONE, False),
        ('W/"3"', None, GONE, False),
        (None, "*", HERE, False),
        (None, "*", None, True),
        (None, "*", GONE, True),
        (None, 'W/"3"', HERE, False),
        (None, 'W/"2"', HERE, True),
        (None, "3", HERE, True),
    ],
)
def test_a_write_goes_on_only_where_its_conditions_hold(
    if_match: str | None, if_none_match: str | None, state: State | None, holds: bool
) -> None:
    if holds:
        check(if_match, if_none_match, state)
    else:
        with pytest.raises(PreconditionFailed):
            check(if_match, if_none_match, state)


@pytest.mark.parametrize("header", ["3", "W/3", "", '"3', '"3" "4"'])
def test_a_guard_that_cannot_be_read_is_never_skipped(header: str) -> None:
    with pytest.raises(InvalidRequest):
        check(header, None, HERE)
