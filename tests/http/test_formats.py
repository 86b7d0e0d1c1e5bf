"""Formats and JSON over HTTP (https://hl7.org/fhir/R4/http.html#mime-type and https://hl7.org/fhir/R4/json.html)."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import quote

import pytest

PATIENT = {"resourceType": "Patient", "id": "p", "active": True, "name": [{"family": "Müller 張 🩹"}]}
BODY = b'{"resourceType":"Patient","id":"p","active":true}'
HEAD = {"Content-Type": "application/fhir+json"}


@pytest.fixture(scope="module")
def patient(shared: Any) -> Any:
    assert shared.update(PATIENT).status_code in (200, 201)
    return shared


def test_r_020_json_is_utf_8(patient: Any) -> None:
    answer = patient.get("/Patient/p")
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert "Müller 張 🩹".encode() in answer.content


def test_r_021_xml_is_refused_and_not_promised(patient: Any) -> None:
    for kind in ("application/fhir+xml", "application/xml", "text/xml", "text/turtle"):
        assert patient.get("/Patient/p", headers={"Accept": kind}).status_code == 406
        assert patient.put("/Patient/p", content=b"<Patient/>", headers={"Content-Type": kind}).status_code == 415
    assert patient.tree("/metadata")["format"] == ["application/fhir+json", "json"]


@pytest.mark.parametrize("name", ["json", "application/json", "application/fhir+json", "text/json"])
def test_r_022_format_wins_over_accept(patient: Any, name: str) -> None:
    for written in (name, quote(name, safe="")):
        answer = patient.get(f"/Patient/p?_format={written}", headers={"Accept": "application/fhir+xml"})
        assert (answer.status_code, answer.json()["id"]) == (200, "p")


@pytest.mark.parametrize("name", ["xml", "text/xml", "application/fhir+xml", "ttl", "text/turtle", "unknown"])
def test_r_022_other_formats_are_not_acceptable(patient: Any, name: str) -> None:
    answer = patient.get(f"/Patient/p?_format={name}")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (406, "not-supported")


def test_r_023_format_does_not_change_how_a_body_is_read(patient: Any) -> None:
    headers = {"Content-Type": "application/fhir+xml"}
    assert patient.post("/Patient?_format=json", content=b"<Patient/>", headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html, */*;q=0.1", 200),
        ("*/*", 200),
        ("application/json", 200),
        ("application/fhir+json;fhirVersion=4.0", 200),
        ("application/json+fhir", 200),
        ("image/png", 406),
        ("application/fhir+json;q=0", 406),
        ("application/fhir+json; fhirVersion=3.0", 406),
        ("application/fhir+json; fhirVersion=5.0", 406),
        ("application/fhir+json; fhirVersion=1.0, application/fhir+json", 200),
    ],
)
def test_r_024_to_r_026_accept_is_honoured(patient: Any, accept: str, status: int) -> None:
    assert patient.get("/Patient/p", headers={"Accept": accept}).status_code == status


def test_r_026_a_body_of_another_version_is_refused(patient: Any) -> None:
    for version, status in (("4.0", 200), ("3.0", 415), ("5.0", 415)):
        headers = {"Content-Type": f"application/fhir+json; fhirVersion={version}"}
        assert patient.put("/Patient/p", content=BODY, headers=headers).status_code == status


def test_r_027_another_or_no_content_type_is_refused(patient: Any) -> None:
    for headers in ({"Content-Type": "text/plain"}, {}):
        for method, path in (("POST", "/Patient"), ("PUT", "/Patient/p"), ("POST", "/")):
            answer = patient.request(method, path, content=BODY, headers=headers)
            assert (answer.status_code, answer.json()["issue"][0]["code"]) == (415, "not-supported")
    assert patient.post("/Patient").status_code == 415


def test_r_028_a_search_by_post_is_a_form(patient: Any) -> None:
    found = patient.post("/Patient/_search", data={"_id": "p"})
    assert [entry["resource"]["id"] for entry in found.json()["entry"]] == ["p"]
    assert patient.post("/Patient/_search", content=b"{}", headers=HEAD).status_code == 415


def test_r_029_pretty_changes_nothing_but_the_look(patient: Any) -> None:
    for path in ("/Patient/p", "/Patient", "/Patient/p/_history", "/metadata", "/Patient/none"):
        pretty = patient.get(f"{path}?_pretty=true", headers={"Prefer": "handling=strict"})
        plain = patient.get(f"{path}?_pretty=false")
        assert (pretty.status_code, pretty.json()) == (plain.status_code, plain.json())
        assert pretty.content != plain.content
    assert patient.get("/Patient/p?_pretty=maybe").status_code == 400


BROKEN = {
    "nothing": b"",
    "no JSON": b"{",
    "BOM": b"\xef\xbb\xbf" + BODY,
    "trailing data": BODY + b"x",
    "two values": BODY + BODY,
    "duplicate key": b'{"resourceType":"Patient","id":"p","active":true,"active":false}',
    "NaN": b'{"resourceType":"Patient","id":"p","multipleBirthInteger":NaN}',
    "Infinity": b'{"resourceType":"Patient","id":"p","multipleBirthInteger":Infinity}',
    "list": b"[" + BODY + b"]",
    "text": b'"Patient"',
    "number": b"1",
    "null": b"null",
    "not UTF-8": b'{"resourceType":"Patient","id":"p","language":"\xff"}',
    "NUL": b'{"resourceType":"Patient","id":"p","language":"\\u0000"}',
    "lone surrogate": b'{"resourceType":"Patient","id":"p","language":"\\ud800"}',
    "deep": b'{"resourceType":"Patient","id":"p","extension":' + b"[" * 100_000,
    "huge number": b'{"resourceType":"Patient","id":"p","multipleBirthInteger":' + b"9" * 5000 + b"}",
    "no type": b'{"id":"p"}',
    "type is a number": b'{"resourceType":1,"id":"p"}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_r_030_what_is_no_json_resource_is_a_bad_request(patient: Any, name: str) -> None:
    for method, path in (("PUT", "/Patient/p"), ("POST", "/Patient"), ("POST", "/")):
        answer = patient.request(method, path, content=BROKEN[name], headers=HEAD)
        assert answer.status_code in ((415,) if name == "nothing" else (400, 422)), (answer.status_code, answer.text)
        assert answer.json()["issue"][0]["severity"] == "error"


@pytest.mark.parametrize(
    "members",
    [
        b'"name":[]',
        b'"name":{}',
        b'"name":[{}]',
        b'"language":""',
        b'"language":" "',
        b'"language":null',
        b'"name":[null]',
        b'"name":[{"given":[null]}]',
        b'"name":[{"given":["a",null]}]',
        b'"unknown":1',
        b'"active":"true"',
        b'"active":1',
        b'"multipleBirthInteger":"1"',
        b'"multipleBirthInteger":1.5',
        b'"name":{"family":"x"}',
        b'"_active":{}',
        b'"_active":null',
        b'"extension":[{"url":"http://x","valueDecimal":"1.0"}]',
        b'"extension":[{"url":"http://x"}]',
        b'"extension":[{"url":"http://x","valueString":"x","extension":[{"url":"y","valueString":"z"}]}]',
    ],
)
def test_r_031_the_rules_of_json_are_kept(patient: Any, members: bytes) -> None:
    body = b'{"resourceType":"Patient","id":"rules",' + members + b"}"
    answer = patient.put("/Patient/rules", content=body, headers=HEAD)
    assert answer.status_code in (400, 422), answer.text
    assert patient.get("/Patient/rules").status_code == 404


@pytest.mark.parametrize(
    "number", ["4.00", "1e2", "1.0E+2", "0.10", "-0.0", "12345678901234567890.123456789", "1", "0.000000001"]
)
def test_r_032_decimals_keep_their_text(patient: Any, number: str) -> None:
    coding = '"code":{"coding":[{"system":"http://loinc.org","code":"39126-8"}]}'
    value = f'"subject":{{"reference":"Patient/p"}},"valueQuantity":{{"value":{number},"unit":"cm"}}'
    body = f'{{"resourceType":"Observation","id":"d","status":"final",{coding},{value}}}'
    assert patient.put("/Observation/d", content=body.encode(), headers=HEAD).status_code in (200, 201)
    for path in ("/Observation/d", "/Observation?_id=d", "/Observation/d/_history", "/Observation/d?_elements=value"):
        assert f'"value":{number},' in patient.get(path).text


def test_r_033_primitive_extensions_and_contained_resources_survive(patient: Any) -> None:
    why = {"extension": [{"url": "http://x/why", "valueString": "x"}]}
    tree = {
        "resourceType": "Patient",
        "id": "full",
        "meta": {"profile": ["http://x/p"], "tag": [{"code": "t"}], "security": [{"system": "urn:s", "code": "R"}]},
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Smith &amp; <b>Co</b></p></div>',
        },
        "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
        "name": [{"given": ["A", None], "_given": [None, why], "family": "Smith", "_family": {"id": "f"}}],
        "_gender": why,
        "birthDate": "1980-02",
        "_birthDate": why,
        "managingOrganization": {"reference": "#o"},
    }
    stored = patient.update(tree).json()
    assert stored["meta"].items() >= tree["meta"].items()  # type: ignore[attr-defined]
    read = patient.get("/Patient/full").json()
    assert read == stored
    assert {**read, "meta": tree["meta"]} == tree


def test_r_035_gzip_is_understood_within_limits(patient: Any) -> None:
    zipped = {**HEAD, "Content-Encoding": "gzip"}
    assert patient.put("/Patient/p", content=gzip.compress(BODY), headers=zipped).status_code == 200
    bomb = gzip.compress(b" " * 200_000_000, 9)
    assert patient.put("/Patient/p", content=bomb, headers=zipped).status_code == 413
    assert patient.put("/Patient/p", content=BODY, headers=zipped).status_code == 400
    assert patient.put("/Patient/p", content=BODY, headers={**HEAD, "Content-Encoding": "br"}).status_code == 415
