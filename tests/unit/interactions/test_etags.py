"""Entity tags in If-Match and If-None-Match."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.etags import EntityTags, entity_tag, parse_entity_tags, required_version


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        ('W/"1"', ("1",)),
        ('"1"', ("1",)),
        ('W/"1", "2" ,W/"a-b.c"', ("1", "2", "a-b.c")),
        (' W/"1" ', ("1",)),
        ('W/"1",', ("1",)),
        ('""', ("",)),
        ('"a,b"', ("a,b",)),
    ],
)
def test_weak_and_strong_tags_are_read(header: str, versions: tuple[str, ...]) -> None:
    assert parse_entity_tags(header) == EntityTags(versions)


def test_a_star_matches_whatever_exists() -> None:
    tags = parse_entity_tags("*")
    assert tags is not None
    assert tags.match("7")
    assert not tags.match(None)


@pytest.mark.parametrize("header", ["", "1", "W/1", 'w/"1"', '"1', '1"', 'W/"1" "2"', '"1";"2"', "*, *", '"a b"', ","])
def test_what_is_no_list_of_quoted_tags_is_not_read(header: str) -> None:
    assert parse_entity_tags(header) is None


def test_a_malformed_guard_is_an_error_and_never_skipped() -> None:
    with pytest.raises(InvalidRequest):
        required_version("3")


@given(st.text(alphabet="abcXYZ019.-", min_size=1, max_size=64))
def test_a_tag_that_was_written_is_read_back(version: str) -> None:
    assert required_version(entity_tag(version)).versions == (version,)


def test_more_tags_than_anybody_needs_are_not_read() -> None:
    assert parse_entity_tags(",".join(['"1"'] * 1000)) is None
