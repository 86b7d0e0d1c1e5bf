"""Whatever is sent, the answer is an answer: never a 500, always an OperationOutcome where it is no success."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.json_text import encode_json

QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
PARTS = st.one_of(
    st.sampled_from(
        [
            "Patient",
            "Observation",
            "Basic",
            "Bundle",
            "Binary",
            "p",
            "1",
            "2",
            "_history",
            "_search",
            "metadata",
            "$x",
            "*",
            "Foo",
        ]
    ),
    st.text(max_size=8),
)
NAMES = st.sampled_from(
    [
        *("_id", "_lastUpdated", "family", "birthdate", "identifier", "_count", "_sort", "_include", "_revinclude"),
        *("_summary", "_elements", "_total", "_page", "_since", "_at", "_type", "_format", "_has", "name:exact"),
        *("general-practitioner", "_tag"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["2024", "ge2024-01-01T00:00:00Z", "*", "urn:x|", "|", "\\", ",", "$", "1e999999"]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "id",
                    "meta",
                    "name",
                    "extension",
                    "entry",
                    "op",
                    "path",
                    "value",
                    "type",
                    "parameter",
                    "text",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since", "Prefer", "Accept", "X-Request-Id"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12).map(str.strip),
    max_size=3,
)
TYPES = st.sampled_from(
    [
        "application/fhir+json",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",
    ]
)


@pytest.fixture(scope="module")
def patient(shared: Any) -> Any:
    shared.update({"resourceType": "Patient", "id": "p", "active": True})
    return shared


def check(answer: Any) -> None:
    assert answer.status_code < 500, (str(answer.request.method), str(answer.request.url), answer.text)
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.json()["resourceType"] == "OperationOutcome"


@QUIET
@given(method=METHODS, parts=st.lists(PARTS, max_size=5), query=st.lists(st.tuples(NAMES, VALUES), max_size=3))
def test_no_address_and_no_query_breaks_the_server(patient: Any, method: str, parts: Any, query: Any) -> None:
    path = "/" + "/".join(quote(part, safe="$*") for part in parts)
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query)
    check(patient.request(method, f"{patient.base}{path}?{text}"))


@QUIET
@given(
    method=METHODS,
    kind=st.sampled_from(["", "Patient", "Patient/p", "Basic/x", "Bundle"]),
    tree=JSON,
    content_type=TYPES,
)
def test_no_body_breaks_the_server(patient: Any, method: str, kind: str, tree: Any, content_type: str) -> None:
    for body in (
        tree,
        {"resourceType": kind.partition("/")[0] or "Bundle", "id": "p", "type": "batch", "name": tree, "entry": tree},
    ):
        content = encode_json(body)
        check(patient.request(method, f"/{kind}", content=content, headers={"Content-Type": content_type}))


@QUIET
@given(method=METHODS, path=st.sampled_from(["/Patient/p", "/Patient", "/Patient/p/_history/1"]), headers=HEADERS)
def test_no_header_breaks_the_server(patient: Any, method: str, path: str, headers: dict[str, str]) -> None:
    content = b'{"resourceType":"Patient","id":"p"}'
    sent = {"Content-Type": "application/fhir+json", **headers}
    check(patient.request(method, path, content=content if method in ("POST", "PUT") else None, headers=sent))


@pytest.mark.parametrize(
    "criteria",
    [
        "\x00",
        "%00",
        "%",
        "%zz",
        "_id=%ff",
        "_id=\\",
        "a" * 5000,
        "_id=" + "x," * 2000,
        "_id=1&" * 300,
        "=",
        "=x",
        ":",
        ":x=1",
    ],
)
def test_odd_criteria_are_refused(patient: Any, criteria: str) -> None:
    check(patient.get(f"/Patient?{quote(criteria, safe='=&%,')}"))
    if "\x00" not in criteria:
        answer = patient.create({"resourceType": "Patient"}, If_None_Exist=criteria)
        assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    "query", ["_count=999999999999999999999", "_since=0001-01-01T00:00:00Z", "_since=9999-12-31T23:59:59-12:00"]
)
def test_extreme_values_are_answered(patient: Any, query: str) -> None:
    check(patient.get(f"/Patient/_history?{query}"))
    check(patient.get(f"/Patient/_history?{query.replace('_since', '_at')}"))


@pytest.mark.parametrize(
    "date", ["0001-01-01", "0001", "9999-12-31", "9999-12-31T23:59:59.999-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_extreme_dates_in_resources_are_stored_or_refused(patient: Any, date: str) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "39126-8"}]}
    tree = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/p"},
    }
    check(patient.update({**tree, "effectiveDateTime": date}))
    check(patient.update({"resourceType": "Patient", "id": "extreme", "birthDate": date[:10]}))
    check(patient.get("/Observation/o"))
    check(patient.get(f"/Observation?date={quote(date)}"))
