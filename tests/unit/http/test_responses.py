"""Headers and bodies of answers."""

from __future__ import annotations

import json

import pytest

from fhir_server.errors import NotFound
from fhir_server.http.responses import fault_body, outcome_body, takes_gzip, wire

JSON = "application/fhir+json; charset=utf-8"


def headers_of(status: int = 200, body: bytes | None = b"{}", **headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return dict(wire(status, named, body, content_type=JSON, request_id="r1").headers)


def test_an_answer_says_its_type_length_and_request_id() -> None:
    headers = headers_of(ETag='W/"1"')
    assert headers["Content-Type"] == JSON
    assert headers["Content-Length"] == "2"
    assert headers["X-Request-Id"] == "r1"
    assert headers["ETag"] == 'W/"1"'


def test_an_answer_may_not_be_cached_sniffed_or_framed() -> None:
    headers = headers_of()
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert {"Accept", "Authorization"} <= set(headers["Vary"].split(", "))


def test_the_interaction_may_replace_type_and_caching_and_nothing_else_of_ours() -> None:
    headers = headers_of(
        Content_Type="image/png", Cache_Control="private", Content_Length="9", X_Request_Id="x", Vary="x", Server="x"
    )
    assert headers["Content-Type"] == "image/png"
    assert headers["Cache-Control"] == "private"
    assert headers["Content-Length"] == "2"
    assert headers["X-Request-Id"] == "r1"
    assert headers["Vary"] != "x"
    assert "Server" not in headers


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_body_has_neither_type_nor_length(status: int) -> None:
    headers = headers_of(status, b"ignored")
    assert "Content-Type" not in headers
    assert "Content-Length" not in headers


def test_an_empty_answer_says_so() -> None:
    assert headers_of(201, None)["Content-Length"] == "0"


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\0b", "é"])
def test_a_header_value_cannot_break_out_of_its_line(value: str) -> None:
    with pytest.raises(ValueError, match="Location"):
        headers_of(Location=value)


@pytest.mark.parametrize(
    ("header", "takes"),
    [("gzip", True), ("gzip, deflate, br", True), ("*", True), ("GZIP;q=0.5", True), ("br", False), ("", False),
     ("gzip;q=0", False), ("gzip; q=0.0", False), ("identity", False)],
)  # fmt: skip
def test_gzip_is_only_sent_to_those_who_take_it(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


def test_an_error_becomes_an_operation_outcome() -> None:
    assert json.loads(outcome_body(NotFound("There is no such Patient.", ("Patient.id",)))) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "not-found",
                "diagnostics": "There is no such Patient.",
                "expression": ["Patient.id"],
            }
        ],
    }


def test_a_fault_tells_the_request_id_and_nothing_else() -> None:
    (issue,) = json.loads(fault_body("r1"))["issue"]
    assert (issue["severity"], issue["code"]) == ("fatal", "exception")
    assert "r1" in issue["diagnostics"]
