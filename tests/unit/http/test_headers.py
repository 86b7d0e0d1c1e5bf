"""Request headers over a WSGI environment."""

from __future__ import annotations

import pytest

from fhir_server.http.headers import RequestHeaders, inherited_headers

ENVIRON = {"HTTP_IF_MATCH": 'W/"1"', "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "", "PATH_INFO": "/x"}


def test_headers_are_found_by_lower_case_name() -> None:
    headers = RequestHeaders(ENVIRON)
    assert headers["if-match"] == 'W/"1"'
    assert headers.get("content-type") == "application/json"
    assert headers.get("prefer") is None
    assert "prefer" not in headers
    with pytest.raises(KeyError):
        headers["prefer"]


def test_headers_can_be_listed() -> None:
    assert dict(RequestHeaders(ENVIRON)) == {"if-match": 'W/"1"', "content-type": "application/json"}
    assert len(RequestHeaders(ENVIRON)) == 2


def test_values_are_not_in_the_representation() -> None:
    assert "W/" not in repr(RequestHeaders(ENVIRON))


def test_process_variables_that_look_like_headers_are_known() -> None:
    found = inherited_headers({"HTTP_PROXY": "http://p", "http_proxy": "http://p", "PATH": "/", "CONTENT_TYPE": "x"})
    assert found == {"HTTP_PROXY": "http://p", "CONTENT_TYPE": "x"}
