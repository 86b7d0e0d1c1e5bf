"""From queries to searches, and what is said about those that are wrong."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest, TypeNotSupported, UnknownParameter
from fhir_server.search import Include, Limits, Reading, Search, SortKey, parse, parse_query
from fhir_server.search.rewrite import rewrite

READING = Reading("http://server.example/fhir", now=datetime(2024, 4, 1, tzinfo=UTC))


def search(resource_type: str | None, query: str, *, strict: bool = True, limits: Limits | None = None) -> Search:
    return parse(resource_type, parse_query(query), strict=strict, limits=limits, reading=READING)


def tree(resource_type: str | None, query: str) -> str:
    return str(rewrite(search(resource_type, query).criteria))


def refusal(resource_type: str | None, query: str, *, strict: bool = True) -> str:
    with pytest.raises(InvalidRequest) as refused:
        search(resource_type, query, strict=strict)
    assert refused.value.status == 400
    return refused.value.diagnostics


def test_no_parameters_ask_for_everything() -> None:
    assert tree("Patient", "") == "(anything)"
    assert search("Patient", "").count == Limits().default_count


def test_commas_are_alternatives_and_repetitions_are_conditions() -> None:
    assert (
        tree("Patient", "given=Anna,Bob&given=Maria&gender=male,female")
        == "(and (or (string given starts 'Anna') (string given starts 'Bob')) (string given starts 'Maria')"
        " (token gender male female))"
    )


def test_an_unknown_parameter_names_the_nearest_and_all_that_are_served() -> None:
    with pytest.raises(UnknownParameter) as refused:
        search("Patient", "brithdate=1980")
    assert refused.value.to_outcome() == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "not-supported",
                "diagnostics": "Unknown search parameter 'brithdate' for Patient. Did you mean birthdate? Supported: "
                "_content, _filter, _id, _lastUpdated, _list, _profile, _security, _source, _tag, _text, active, "
                "address, address-city, address-country, address-postalcode, address-state, address-use, birthdate, "
                "death-date, deceased, email, family, gender, general-practitioner, given, identifier, language, link, "
                "name, organization, phone, phonetic, telecom.",
            }
        ],
    }


def test_a_parameter_of_wrong_case_is_unknown_and_its_right_name_is_told() -> None:
    assert "Did you mean birthdate" in refusal("Patient", "birthDate=1980")


def test_lenient_handling_leaves_out_what_is_unknown_with_a_warning() -> None:
    found = search("Patient", "family=m&foo=1&_sort=bar&_include=Patient:baz&gender=", strict=False)
    assert str(rewrite(found.criteria)) == "(string family starts 'm')"
    assert len(found.warnings) == 4
    assert all(warning.startswith("Ignored: ") for warning in found.warnings)
    assert found.self_query() == "family=m"


@pytest.mark.parametrize(
    "query",
    ["name:bogus=a", "birthdate:exact=1980", "birthdate=x", "identifier:in=http://v", "_count=x", "link.foo=x"],
)
def test_lenient_handling_never_leaves_out_modifiers_values_and_chains(query: str) -> None:
    assert refusal("Patient", query, strict=False)


def test_a_wrong_modifier_names_those_that_the_parameter_takes() -> None:
    assert refusal("Patient", "birthdate:exact=1980") == (
        "Search parameter 'birthdate' (date) has no modifier ':exact'. It takes :missing."
    )
    assert "not supported yet" in refusal("Observation", "subject:in=http://x")


@pytest.mark.parametrize("query", ["_id:missing=true", "_id:exact=1", "_lastUpdated:missing=x"])
def test_missing_takes_only_true_and_false_and_ids_take_few_modifiers(query: str) -> None:
    if query == "_id:missing=true":
        assert tree("Patient", query) == "(not (present _id token))"
    else:
        refusal("Patient", query)


@pytest.mark.parametrize(
    ("query", "attribute", "expected"),
    [
        ("_count=7", "count", 7),
        ("_count=100000", "count", 1000),
        ("_total=accurate", "total", "accurate"),
        ("_summary=true", "summary", "true"),
        ("_summary=false", "summary", None),
        ("_count=0", "summary", "count"),
        ("_elements=name,identifier,name", "elements", ("name", "identifier")),
        ("_sort=family,-birthdate", "sort", (SortKey("family", "string"), SortKey("birthdate", "date", True))),
        ("_include=Patient:link:RelatedPerson", "includes", (Include("Patient", ("link",), ("RelatedPerson",)),)),
        (
            "_revinclude=Observation:patient",
            "includes",
            (Include("Observation", ("patient",), ("Patient",), reverse=True),),
        ),
        ("_format=json&_pretty=true", "used", ()),
    ],
)
def test_result_parameters_are_understood(query: str, attribute: str, expected: object) -> None:
    assert getattr(search("Patient", query), attribute) == expected


@pytest.mark.parametrize(
    "query",
    [
        "_count=-1",
        "_count=ten",
        "_count=1&_count=2",
        "_count:exact=1",
        "_total=banana",
        "_summary=banana",
        "_summary=true&_elements=name",
        "_summary=text&_include=Patient:link",
        "_elements=",
        "_elements=na me",
        "_elements=name.family",
        "_sort=",
        "_sort=foo",
        "_sort=-",
        "_sort=name,,birthdate",
        "_sort=_text",
        "_sort=name&_sort=family",
        "_include=Observation:patient",
        "_include=Patient:foo",
        "_include=Patient",
        "_include=Patient:link:Device",
        "_include:iterate=*:*",
        "_include:bogus=Patient:link",
        "_revinclude=Observation:foo",
        "_revinclude=*:patient",
        "_revinclude=Location:organization",
        "_revinclude=Nonsense:patient",
        "_revinclude:iterate=Observation:code",
        "_type=Patient",
    ],
)
def test_wrong_result_parameters_are_refused(query: str) -> None:
    assert refusal("Patient", query)


def test_the_self_link_says_what_was_used_in_order() -> None:
    found = search("Patient", "family=M%C3%BCl&_count=5000&_format=json&identifier=urn:x%7C1%2C2&phone=%2B1%20555")
    assert found.self_query() == "family=M%C3%BCl&_count=1000&identifier=urn:x|1,2&phone=%2B1%20555"


def test_a_search_of_the_system_takes_what_all_types_have_in_common() -> None:
    assert search(None, "_type=Patient,Practitioner&name=x").types == ("Patient", "Practitioner")
    assert len(search(None, "_id=1").types) == 146
    assert "Unknown search parameter 'birthdate'" in refusal(None, "_type=Patient,Observation&birthdate=1980")
    assert "date" in refusal(None, "_type=Observation,Patient&date=2024")
    refusal(None, "_type=Patient&_type=Observation")
    refusal(None, "_type=Nonsense")
    refusal(None, "_type=")


def test_an_unknown_type_is_not_found() -> None:
    with pytest.raises(TypeNotSupported):
        search("Nonsense", "")


def test_too_many_and_too_long_values_are_refused() -> None:
    few = Limits(values=3, value_length=10)
    assert search("Patient", "_id=1,2,3", limits=few)
    for query in ("_id=1,2,3,4", "_id=1,2&name=3,4", "name=" + "x" * 11):
        with pytest.raises(InvalidRequest, match="than"):
            search("Patient", query, limits=few)


def test_no_error_repeats_a_value() -> None:
    for query in ("birthdate=secret", "organization=se cret", "identifier=a|b|secret", "name=a\\secret"):
        assert "secret" not in refusal("Patient", query)


names = st.sampled_from(
    [
        "name",
        "birthdate",
        "identifier",
        "organization",
        "_id",
        "_lastUpdated",
        "_sort",
        "_include",
        "_tag",
        "foo",
        "_profile",
    ]
)
modifiers = st.sampled_from(["", ":exact", ":not", ":missing", ":below", ":Patient", ":identifier", ":of-type", ":x"])


@given(st.lists(st.tuples(names, modifiers, st.text(max_size=20)), max_size=4), st.booleans())
def test_any_text_is_understood_or_refused_but_never_breaks_the_parser(
    parts: list[tuple[str, str, str]], strict: bool
) -> None:
    query = "&".join(f"{name}{modifier}={value}" for name, modifier, value in parts)
    with contextlib.suppress(InvalidRequest):
        rewrite(search("Patient", query, strict=strict).criteria).shape()


def test_all_references_of_a_type_that_has_none_include_nothing() -> None:
    assert parse("Practitioner", parse_query("_include=*")).includes == ()
    assert parse("PractitionerRole", parse_query("_include=*")).includes != ()
