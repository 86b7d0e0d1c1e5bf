"""Formats: Accept, _format, Content-Type and the fhirVersion parameter."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest, NotAcceptable, UnsupportedMediaType
from fhir_server.http.negotiation import (
    FORM,
    JSON_TYPES,
    allowed_body_types,
    body_type,
    parse_media_range,
    response_type,
    split_outside_quotes,
    take_presentation,
)

FHIR = "application/fhir+json; charset=utf-8"
FHIR_4 = "application/fhir+json; fhirVersion=4.0; charset=utf-8"
PLAIN = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, FHIR),
        ("", FHIR),
        ("*/*", FHIR),
        ("*", FHIR),
        ("application/*", FHIR),
        ("application/fhir+json", FHIR),
        ("APPLICATION/FHIR+JSON", FHIR),
        ("application/fhir+json;fhirVersion=4.0", FHIR_4),
        ('application/fhir+json; FHIRVersion="4.0"', FHIR_4),
        ("application/fhir+json; charset=utf-8", FHIR),
        ("application/json", PLAIN),
        ("application/json, */*", PLAIN),
        ("application/json, application/fhir+json", FHIR),
        ("application/json;q=0.9, application/fhir+json;q=0.5", PLAIN),
        ("application/fhir+json;q=0, */*", PLAIN),
        ("text/json", "text/json; charset=utf-8"),
        ("text/*", "text/json; charset=utf-8"),
        ("application/json+fhir", "application/json+fhir; charset=utf-8"),
        ("text/html, */*;q=0.1", FHIR),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", FHIR),
        ("application/fhir+xml, application/fhir+json;q=0.1", FHIR),
        ("application/fhir+json; fhirVersion=5.0, application/fhir+json; fhirVersion=4.0", FHIR_4),
        ("application/fhir+json; fhirVersion=5.0, application/json", PLAIN),
        (", ,application/fhir+json,", FHIR),
        ('text/x; a="1,2;q=0", application/json', PLAIN),
        ("application/json;q=banana", PLAIN),
    ],
)
def test_accept_chooses_the_content_type(accept: str | None, content_type: str) -> None:
    assert response_type(accept) == content_type


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "image/png",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json; fhirVersion=1.0",
        "application/fhir+json; fhirVersion=4.3",
        "application/fhir+json;q=0",
        "*/*;q=0",
        "nonsense",
        "/",
    ],
)
def test_accept_without_anything_that_can_be_produced_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        response_type(accept)


@pytest.mark.parametrize(
    ("wish", "content_type"),
    [
        ("json", FHIR),
        ("JSON", FHIR),
        ("application/json", PLAIN),
        ("application/fhir+json", FHIR),
        ("application/fhir json", FHIR),
        ("application/fhir+json;fhirVersion=4.0", FHIR_4),
        ("text/json", "text/json; charset=utf-8"),
    ],
)
def test_format_wins_over_accept(wish: str, content_type: str) -> None:
    assert response_type("application/fhir+xml", (wish,)) == content_type


@pytest.mark.parametrize(
    "wish",
    ["xml", "text/xml", "application/xml", "application/fhir+xml", "ttl", "text/turtle", "html", "banana",
     "application/fhir+json; fhirVersion=5.0"],
)  # fmt: skip
def test_a_format_that_cannot_be_produced_is_not_acceptable_whatever_accept_says(wish: str) -> None:
    with pytest.raises(NotAcceptable):
        response_type("application/fhir+json", (wish,))


def test_format_given_twice_is_invalid() -> None:
    with pytest.raises(InvalidRequest):
        response_type(None, ("json", "json"))


@given(st.text(max_size=60))
def test_any_accept_header_is_answered_or_refused(accept: str) -> None:
    with contextlib.suppress(NotAcceptable):
        assert response_type(accept).split(";")[0] in JSON_TYPES


@pytest.mark.parametrize("crafted", ['"' * 50_000, "a/b;" * 20_000, ",;=" * 20_000, 'x/y;a="\\' * 9_000])
def test_a_huge_crafted_accept_header_takes_no_time(crafted: str) -> None:
    start = time.perf_counter()
    with pytest.raises(NotAcceptable):
        response_type(crafted)
    assert time.perf_counter() - start < 1


def test_quotes_and_escapes_protect_separators() -> None:
    assert split_outside_quotes('a,"b,c\\",d",e', ",") == ["a", '"b,c\\",d"', "e"]


def test_a_media_range_keeps_its_parameters_and_quality() -> None:
    parsed = parse_media_range(' Application/FHIR+json ; fhirVersion="4.0"; q=0.25 ')
    assert parsed is not None
    assert parsed.full_type == "application/fhir+json"
    assert parsed.parameters == {"fhirversion": "4.0"}
    assert parsed.quality == 0.25


@pytest.mark.parametrize(
    ("content_type", "bare"),
    [
        ("application/fhir+json", "application/fhir+json"),
        ("application/fhir+json; charset=UTF-8", "application/fhir+json"),
        ("application/fhir+json;fhirVersion=4.0;charset=utf-8", "application/fhir+json"),
        ("application/json", "application/json"),
        ("Text/JSON", "text/json"),
    ],
)
def test_json_bodies_are_read(content_type: str, bare: str) -> None:
    assert body_type(content_type, JSON_TYPES) == bare


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/fhir+xml",
        "multipart/form-data; boundary=x",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json; charset=iso-8859-1",
        "application/fhir+json,application/json",
        "banana",
    ],
)
def test_other_bodies_are_not_supported(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        body_type(content_type, JSON_TYPES)


def test_each_interaction_says_which_bodies_it_reads() -> None:
    assert allowed_body_types("POST", ("Patient", "_search")) == (FORM,)
    assert allowed_body_types("POST", ("Patient",)) == JSON_TYPES
    assert "application/json-patch+json" in (allowed_body_types("PATCH", ("Patient", "1")) or ())
    assert allowed_body_types("POST", ("Binary",)) is None
    assert body_type("image/png", None) == "image/png"


@pytest.mark.parametrize(
    ("query", "left", "formats", "pretty"),
    [
        ("", "", (), False),
        ("name=a+b%2Bc", "name=a+b%2Bc", (), False),
        ("_format=json", "", ("json",), False),
        ("a=1&_format=json&b=2", "a=1&b=2", ("json",), False),
        ("a=1&&b=%", "a=1&&b=%", (), False),
        ("_format=application/fhir+json", "", ("application/fhir json",), False),
        ("_format=application%2Ffhir%2Bjson", "", ("application/fhir+json",), False),
        ("%5Fformat=json&_pretty=true", "", ("json",), True),
        ("_pretty=TRUE", "", (), True),
        ("_pretty=false", "", (), False),
        ("_pretty", "", (), False),
        ("_format=", "", (), False),
        ("x_format=json", "x_format=json", (), False),
        ("_formats=json", "_formats=json", (), False),
    ],
)
def test_format_and_pretty_leave_the_query_and_nothing_else_changes(
    query: str, left: str, formats: tuple[str, ...], pretty: bool
) -> None:
    assert take_presentation(query) == (left, formats, pretty)


def test_pretty_must_be_true_or_false() -> None:
    with pytest.raises(InvalidRequest):
        take_presentation("_pretty=banana")


@given(st.text(alphabet="ab=&%+_2F5", max_size=40))
def test_a_query_without_the_two_parameters_is_never_touched(query: str) -> None:
    assert take_presentation(query).query == query
