"""Conditional reads."""

from __future__ import annotations

import pytest

from fhir_server.http.conditional import is_not_modified

NOW = "Sun, 06 Nov 1994 08:49:37 GMT"
LATER = "Sun, 06 Nov 1994 08:49:38 GMT"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('W/"2"', True),
        ('"2"', True),
        ("*", True),
        ('W/"1", W/"2"', True),
        ('W/"1"', False),
        ("2", False),
        ("W/2", False),
    ],
)
def test_the_version_that_the_client_holds_is_not_sent_again(header: str, expected: bool) -> None:
    assert is_not_modified({"HTTP_IF_NONE_MATCH": header}, 'W/"2"', NOW) is expected


def test_if_none_match_wins_over_if_modified_since() -> None:
    environ = {"HTTP_IF_NONE_MATCH": 'W/"1"', "HTTP_IF_MODIFIED_SINCE": LATER}
    assert not is_not_modified(environ, 'W/"2"', NOW)


@pytest.mark.parametrize(("since", "expected"), [(NOW, True), (LATER, True), ("yesterday", False), ("", False)])
def test_if_modified_since_compares_whole_seconds(since: str, expected: bool) -> None:
    assert is_not_modified({"HTTP_IF_MODIFIED_SINCE": since}, 'W/"2"', NOW) is expected


def test_an_earlier_date_gets_the_resource() -> None:
    assert not is_not_modified({"HTTP_IF_MODIFIED_SINCE": NOW}, 'W/"2"', LATER)


def test_what_has_no_etag_is_always_sent() -> None:
    assert not is_not_modified({"HTTP_IF_NONE_MATCH": "*"}, None, None)
