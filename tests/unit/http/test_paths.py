"""Paths below the base."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import FhirError, InvalidRequest, NotFound
from fhir_server.http.paths import path_segments, refuse_hidden_slash


@pytest.mark.parametrize(
    ("below", "segments"),
    [
        ("", ()),
        ("/", ()),
        ("/metadata", ("metadata",)),
        ("/Patient/a-1.b/_history/2", ("Patient", "a-1.b", "_history", "2")),
        ("/Patient/1/$everything", ("Patient", "1", "$everything")),
        ("/Patient/1/*", ("Patient", "1", "*")),
        ("/Patient/.a", ("Patient", ".a")),
        ("/.well-known/smart-configuration", (".well-known", "smart-configuration")),
    ],
)
def test_a_path_is_split_into_segments(below: str, segments: tuple[str, ...]) -> None:
    assert path_segments(below) == segments


@pytest.mark.parametrize(
    "below",
    ["//", "/Patient/", "//Patient", "/Patient//1", "/Patient/..", "/./Patient", "/Patient/../metadata",
     "/Patient/a b", "/Patient/é", "/Patient/a%2Fb", "/Patient/a\\b", "/Patient/a;b", "/a" * 13, "Patient"],
)  # fmt: skip
def test_what_is_no_fhir_path_is_not_found(below: str) -> None:
    with pytest.raises(NotFound):
        path_segments(below)


@pytest.mark.parametrize("below", ["/Patient/\0", "/Patient/a\nb", "/\x7f", "/Patient/1\n"])
def test_control_characters_are_invalid(below: str) -> None:
    with pytest.raises(InvalidRequest):
        path_segments(below)


def test_the_error_does_not_repeat_the_path() -> None:
    with pytest.raises(NotFound) as caught:
        path_segments("/Patient/<script>secret")
    assert "secret" not in caught.value.diagnostics


@given(st.text(max_size=30))
def test_every_path_is_split_or_refused(text: str) -> None:
    with contextlib.suppress(NotFound, InvalidRequest):
        assert "/" + "/".join(path_segments("/" + text)) == "/" + text


@pytest.mark.parametrize(
    ("raw", "error"), [("/fhir/Patient/a%2Fb", NotFound), ("/fhir/a%2fb?x", NotFound), ("/fhir/%ff", InvalidRequest)]
)
def test_an_encoded_slash_is_seen_where_the_raw_path_is_known(raw: str, error: type[FhirError]) -> None:
    with pytest.raises(error):
        refuse_hidden_slash({"RAW_URI": raw})


@pytest.mark.parametrize("raw", ["/fhir/Patient/%61", "/fhir/Patient?url=http:%2F%2Fx", "/fhir/%C3%A9"])
def test_other_encodings_pass(raw: str) -> None:
    refuse_hidden_slash({"REQUEST_URI": raw})
