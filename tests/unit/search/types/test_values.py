"""What values of each parameter type are read as, and which are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.persistence.tables import INDEXED_TEXT as STORED_LENGTH
from fhir_server.search import Reading, parse, parse_query
from fhir_server.search.rewrite import rewrite
from fhir_server.search.types.binding import INDEXED_TEXT

NOW = datetime(2024, 4, 1, tzinfo=UTC)
READING = Reading("http://server.example/fhir", timezone(timedelta(hours=-5)), NOW)


def tree(resource_type: str, query: str) -> str:
    return str(rewrite(parse(resource_type, parse_query(query), reading=READING).criteria))


@pytest.mark.parametrize(
    ("resource_type", "query", "expected"),
    [
        # a time without a zone is one of the clinic
        ("Condition", "onset-date=2024-03-10", "eq 2024-03-10T05:00:00+00:00 2024-03-11T05:00:00+00:00"),
        ("Condition", "onset-date=gt2024-03-10T10:00", "gt 2024-03-10T15:00:00+00:00 2024-03-10T15:01:00+00:00"),
        ("Condition", "onset-date=2024-03-10T10:00:00Z", "eq 2024-03-10T10:00:00+00:00 2024-03-10T10:00:01+00:00"),
        ("Condition", "onset-date=2024-03-10T10:00:00+05:30", "eq 2024-03-10T04:30:00+00:00 2024-03-10T04:30:01+00:00"),
        ("Condition", "onset-date=sa9999", "sa 9999-01-01T05:00:00+00:00 infinity"),
        (
            "Condition",
            "onset-date=ap2024-03-01T00:00:00Z",
            "ap 2024-02-26T21:36:00.100000+00:00 2024-03-04T02:24:00.900000+00:00",
        ),
    ],
)
def test_a_date_is_an_interval(resource_type: str, query: str, expected: str) -> None:
    assert tree(resource_type, query) == f"(date onset-date {expected})"


def test_approximately_is_wide_by_the_distance_to_now_and_narrow_at_now() -> None:
    def bounds(query: str) -> tuple[datetime, datetime]:
        leaf = parse("Condition", parse_query(query), reading=READING).criteria.parts[0]  # type: ignore[attr-defined]
        return leaf.low, leaf.high

    assert bounds("onset-date=ap2024-04-01T00:00:00Z") == (NOW, NOW + timedelta(seconds=1))
    low, high = bounds("onset-date=ap2023-04-01T00:00:00Z")
    assert (NOW - low) - (NOW - datetime(2023, 4, 1, tzinfo=UTC)) == (high - datetime(2023, 4, 1, 0, 0, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("probability=100", "eq 99.5 100.5"),
        ("probability=100.00", "eq 99.995 100.005"),
        ("probability=ne5.4", "ne 5.35 5.45"),
        ("probability=gt60", "gt 60 60"),
        ("probability=ap100", "ap 90 110"),
        ("probability=-5", "eq -5.5 -4.5"),
        ("probability=1e2", "eq 50 150"),
        ("probability=lt1e-300", "lt 1E-300 1E-300"),
        ("probability=.5", "eq 0.45 0.55"),
    ],
)
def test_a_number_has_the_precision_it_is_written_with(query: str, expected: str) -> None:
    found = tree("RiskAssessment", query)
    assert found == f"(number probability {expected})" or [float(part) for part in found.rstrip(")").split()[3:]] == [
        float(part) for part in expected.split()[1:]
    ]


@pytest.mark.parametrize("value", ["", "abc", "1e", "1e9999", "9" * 200, "0x1", "NaN", "Infinity", "--1", "ge", "٣"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest):
        tree("RiskAssessment", f"probability={value}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4||cm", "eq 3.5 4.5 |cm"),
        ("gt4|urn:s|cm", "gt 4 4 urn:s|cm"),
        ("4|urn:s|", "eq 3.5 4.5 urn:s|"),
        ("4||", "eq 3.5 4.5"),
        ("4", "eq 3.5 4.5"),
        (r"4||a\|b", "eq 3.5 4.5 |a|b"),
    ],
)
def test_a_quantity_has_a_unit_in_several_forms(value: str, expected: str) -> None:
    assert tree("Observation", f"value-quantity={value}") == f"(quantity value-quantity {expected})"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ("s|a", "s|a"),
        ("|a", "|a"),
        ("s|", "s|"),
        (r"http://foo\,123|ABC", "http://foo,123|ABC"),
        (r"a\|b", "a|b"),
        ("eq", "eq"),
    ],
)
def test_a_token_has_four_forms(value: str, expected: str) -> None:
    assert tree("Patient", f"identifier={value}") == f"(token identifier {expected})"


@pytest.mark.parametrize("value", ["|", "a|b|c"])
def test_what_is_no_token_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest):
        tree("Patient", f"identifier={value}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subject=p", "(reference subject */p)"),
        ("patient=p", "(reference patient Patient/p)"),
        ("subject:Group=p", "(reference subject Group/p)"),
        ("subject=Group/p", "(reference subject Group/p)"),
        ("subject=https://server.example/fhir/Patient/p", "(reference subject Patient/p)"),
        ("subject=Patient/p/_history/2", "(versionedreference subject Patient/p/_history/2)"),
        ("subject=http://other/fhir/Patient/p", "(address subject http://other/fhir/Patient/p)"),
        ("subject=urn:uuid:0", "(address subject urn:uuid:0)"),
        ("subject:identifier=s|1", "(logicalreference subject s|1)"),
        ("subject:identifier=s|", "(logicalreference subject s|)"),
    ],
)
def test_a_reference_has_many_forms(query: str, expected: str) -> None:
    assert tree("Observation", query) == expected


def test_a_canonical_may_have_a_version() -> None:
    assert tree("CarePlan", "instantiates-canonical=http://x/p|1") == "(address instantiates-canonical http://x/p|1)"
    assert tree("CarePlan", "instantiates-canonical=http://x/p") == "(address instantiates-canonical http://x/p)"


@pytest.mark.parametrize(
    "query",
    [
        "subject=Practitioner/1",
        "subject:Practitioner=1",
        "subject:Patient=Group/1",
        "subject=a b",
        "subject=#x",
        "patient=a|b|c",
    ],
)
def test_what_can_never_be_a_reference_of_the_parameter_is_refused(query: str) -> None:
    with pytest.raises(InvalidRequest):
        tree("Observation", query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_profile=http://x/p", "(uri _profile exact http://x/p)"),
        ("_profile=urn:a,urn:b", "(uri _profile exact urn:a urn:b)"),
        ("_profile:below=http://x/p/", "(uri _profile below http://x/p)"),
        ("_profile:above=http://x/a/b", "(uri _profile exact http://x/a/b http://x/a http://x)"),
    ],
)
def test_a_uri_is_compared_whole_or_by_path(query: str, expected: str) -> None:
    assert tree("Patient", query) == expected


def test_below_is_not_for_urns() -> None:
    with pytest.raises(InvalidRequest, match="must be a URL"):
        tree("Patient", "_profile:below=urn:x")


def test_what_index_rows_hold_and_what_searches_ask_is_cut_at_one_length() -> None:
    assert INDEXED_TEXT == STORED_LENGTH
