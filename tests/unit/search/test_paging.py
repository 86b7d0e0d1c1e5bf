"""Sealed paging tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import Gone, InvalidRequest, NotFound
from fhir_server.search.paging import Continuation, PageTokens

KEY = b"0123456789abcdef"
HERE = Continuation("alice", "Patient", "family=M%C3%BCller", ("mueller", "pa"), strict=False)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2024, 4, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


def test_a_token_opens_to_what_was_sealed() -> None:
    tokens = PageTokens(KEY)
    assert tokens.open(tokens.seal(HERE), "alice") == HERE
    assert PageTokens(KEY).open(tokens.seal(HERE), "alice") == HERE


def test_a_token_says_nothing_and_is_fit_for_a_url() -> None:
    token = PageTokens(KEY).seal(HERE)
    assert all(character.isalnum() or character in "-_" for character in token)
    assert "ller" not in token
    assert token != PageTokens(KEY).seal(HERE)


def test_a_token_of_somebody_else_is_not_found() -> None:
    tokens = PageTokens(KEY)
    with pytest.raises(NotFound):
        tokens.open(tokens.seal(HERE), "bob")


def test_a_token_expires() -> None:
    clock = Clock()
    tokens = PageTokens(KEY, lifetime=timedelta(minutes=5), now=clock)
    token = tokens.seal(HERE)
    clock.time += timedelta(minutes=4, seconds=59)
    assert tokens.open(token, "alice") == HERE
    clock.time += timedelta(seconds=1)
    with pytest.raises(Gone):
        tokens.open(token, "alice")


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_a_changed_token_is_refused(place: int) -> None:
    token = PageTokens(KEY).seal(HERE)
    place %= len(token) - 1
    changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    with pytest.raises(InvalidRequest):
        PageTokens(KEY).open(changed, "alice")


def test_a_token_of_another_key_is_refused_and_a_short_key_too() -> None:
    with pytest.raises(InvalidRequest):
        PageTokens(KEY + b"!").open(PageTokens(KEY).seal(HERE), "alice")
    with pytest.raises(ValueError, match="16 bytes"):
        PageTokens(b"short")


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        PageTokens(KEY).open(text, "alice")


def test_a_huge_text_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        PageTokens(KEY).open("A" * 1_000_000, "alice")
