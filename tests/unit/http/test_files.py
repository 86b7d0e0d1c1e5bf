"""Which answers are files, and which of a file's two forms a client gets."""

from __future__ import annotations

import pytest

from fhir_server.errors import NotAcceptable
from fhir_server.http.files import as_file, is_file_address, type_of_errors
from fhir_server.interactions.request import FhirResponse

PDF = b'{"resourceType":"Binary","contentType":"application/pdf","data":"JVBERg=="}'


def answer(body: bytes = PDF) -> FhirResponse:
    return FhirResponse(200, {"ETag": 'W/"1"'}, body)


@pytest.mark.parametrize(
    ("method", "path", "query", "formats", "is_one"),
    [
        ("GET", "/Binary/1", "", (), True),
        ("HEAD", "/Binary/1", "", (), True),
        ("GET", "/Binary/1/_history/2", "", (), True),
        ("GET", "/Binary/1", "", ("json",), False),
        ("GET", "/Binary/1", "_summary=true", (), False),
        ("GET", "/Binary", "", (), False),
        ("GET", "/Binary/1/_history", "", (), False),
        ("GET", "/Binary/1/$meta", "", (), False),
        ("GET", "/Binary/$meta", "", (), False),
        ("GET", "/BinaryX/1", "", (), False),
        ("PUT", "/Binary/1", "", (), False),
    ],
)
def test_a_file_is_a_whole_binary_that_is_read(
    method: str, path: str, query: str, formats: tuple[str, ...], is_one: bool
) -> None:
    assert is_file_address(method, path, query, formats) is is_one


@pytest.mark.parametrize(
    ("accept", "is_fhir"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/pdf", False),
        ("application/*", False),
        ("application/fhir+json", True),
        ("application/json", True),
        ("*/*, application/json;q=0.1", True),
        ("application/pdf;q=0.9, application/json;q=0.1", False),
        ("application/pdf;q=0.1, application/fhir+json", True),
        ("image/png, application/json;q=0.1", True),
    ],
)
def test_the_form_of_a_file_follows_accept(accept: str | None, is_fhir: bool) -> None:
    found = as_file(answer(), accept)
    if is_fhir:
        assert found == answer()
    else:
        assert found.body == b"%PDF"
        assert found.headers == {
            "ETag": 'W/"1"',
            "Content-Type": "application/pdf",
            "Content-Disposition": "attachment",
        }


@pytest.mark.parametrize("accept", ["image/png", "application/pdf;q=0", "application/fhir+xml"])
def test_what_is_neither_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        as_file(answer(), accept)


@pytest.mark.parametrize("said", ["text/html\\r\\nX: y", "nonsense", "ä/b"])
def test_a_type_that_is_no_media_type_is_not_sent(said: str) -> None:
    body = f'{{"resourceType":"Binary","contentType":"{said}","data":"JVBERg=="}}'.encode()
    assert as_file(answer(body), "*/*").headers["Content-Type"] == "application/octet-stream"


def test_who_may_read_it_is_said_in_a_header_that_stays_in_its_line() -> None:
    for said, is_sent in (("Patient/1", True), ("Patient/1\\nX: y", False)):
        context = f'"securityContext":{{"reference":"{said}"}}'
        body = f'{{"resourceType":"Binary","contentType":"application/pdf",{context}}}'.encode()
        found = as_file(answer(body), "*/*")
        assert ("X-Security-Context" in found.headers) is is_sent
        assert found.body == b""


def test_errors_of_a_file_are_fhir_whatever_the_client_takes() -> None:
    assert type_of_errors("application/pdf") == type_of_errors(None)
    assert type_of_errors("application/json").startswith("application/json")
