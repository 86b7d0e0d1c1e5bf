from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import InvalidRequest, TooLarge, TypeNotSupported
from fhir_server.interactions.bundles.entries import Entry, RequestBundle, parse_bundle

BASE = "http://localhost:8080/fhir"
PATIENT = {"resourceType": "Patient", "active": True}


def bundle(*entries: Any, kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, full_url: str | None = None, **request: Any) -> dict[str, Any]:
    made: dict[str, Any] = {} if full_url is None else {"fullUrl": full_url}
    if resource is not None:
        made["resource"] = resource
    return made | {"request": {"method": method, "url": url, **request}}


def parsed(*entries: Any, kind: str = "transaction") -> RequestBundle:
    return parse_bundle(bundle(*entries, kind=kind), BASE)


def one(*arguments: Any, **request: Any) -> Entry:
    return parsed(entry(*arguments, **request)).entries[0]


@pytest.mark.parametrize(
    ("method", "url", "interaction", "path", "query"),
    [
        ("POST", "Patient", "create", ("Patient",), ""),
        ("PUT", "Patient/1", "update", ("Patient", "1"), ""),
        ("PUT", "Patient?identifier=s|v", "update", ("Patient",), "identifier=s|v"),
        ("DELETE", "Patient/1", "delete", ("Patient", "1"), ""),
        ("DELETE", "Patient?identifier=s|v", "delete", ("Patient",), "identifier=s|v"),
        ("GET", "Patient/1", "read", ("Patient", "1"), ""),
        ("HEAD", "Patient/1", "read", ("Patient", "1"), ""),
        ("GET", "Patient/1?_format=json", "read", ("Patient", "1"), "_format=json"),
        ("GET", "Patient/1/_history/2", "vread", ("Patient", "1", "_history", "2"), ""),
        ("GET", "Patient/1/_history", "history-instance", ("Patient", "1", "_history"), ""),
        ("GET", "Patient/_history?_count=1", "history-type", ("Patient", "_history"), "_count=1"),
        ("GET", "_history", "history-system", ("_history",), ""),
        ("GET", "Patient", "search-type", ("Patient",), ""),
        ("GET", "Patient?name:exact=a%2Cb", "search-type", ("Patient",), "name:exact=a%2Cb"),
        ("GET", "Patient?a=http://x.org/y?z", "search-type", ("Patient",), "a=http://x.org/y?z"),
        ("GET", "?_type=Patient", "search-system", (), "_type=Patient"),
        ("GET", "Patient/1/Observation?code=x", "search-compartment", ("Patient", "1", "Observation"), "code=x"),
        ("GET", "Patient/1/*", "search-compartment", ("Patient", "1", "*"), ""),
        ("GET", "metadata", "capabilities", ("metadata",), ""),
        ("GET", "Patient/metadata", "read", ("Patient", "metadata"), ""),
        ("GET", BASE + "/Patient/1", "read", ("Patient", "1"), ""),
        ("GET", "https://LOCALHOST:8080/fhir/Patient/1", "read", ("Patient", "1"), ""),
        ("GET", BASE + "?_type=Patient", "search-system", (), "_type=Patient"),
    ],
)
def test_a_url_and_a_method_mean_one_interaction(
    method: str, url: str, interaction: str, path: tuple[str, ...], query: str
) -> None:
    found = one(method, url, PATIENT)
    assert (found.interaction, found.url_path, found.url_query) == (interaction, path, query)


def test_an_entry_holds_what_its_parts_say() -> None:
    found = one("PUT", "Patient/1", {**PATIENT, "id": "1"}, BASE + "/Patient/1", ifMatch='W/"3"')
    assert found == Entry(
        index=0,
        full_url=BASE + "/Patient/1",
        method="PUT",
        interaction="update",
        url_path=("Patient", "1"),
        url_type="Patient",
        url_id="1",
        resource={**PATIENT, "id": "1"},
        if_match='W/"3"',
    )
    assert found.is_write
    assert not found.is_conditional
    assert one("POST", "Patient", PATIENT, ifNoneExist="identifier=s|v").is_conditional
    assert one("DELETE", "Patient?identifier=s|v").is_conditional
    read = one("GET", "Patient/1", ifNoneMatch='W/"1"', ifModifiedSince="2024-01-01T00:00:00Z")
    assert (read.if_none_match, read.if_modified_since) == ('W/"1"', "2024-01-01T00:00:00Z")
    assert not read.is_write
    assert not one("GET", "Patient?name=x").is_conditional
    assert one("GET", "Patient/1/_history/2").url_version == "2"


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/fhir/Patient/1",
        "http://localhost:8080.evil.example/fhir/Patient/1",
        "http://localhost:8080@evil.example/fhir/Patient/1",
        "http://localhost:8080/fhir-evil/Patient/1",
        "http://localhost:8080/FHIR/Patient/1",
        "http://localhost:8080/Patient/1",
        "http://localhost:8080/fhir/../Patient/1",
        "http://localhost:8080/fhir//evil/Patient",
        "http://localhost/fhir/Patient/1",
        "ftp://localhost:8080/fhir/Patient/1",
        "http:Patient/1",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "urn:uuid:5f0d1a52-0000-4000-8000-000000000001",
        "//evil.example/Patient/1",
        "/Patient/1",
        "/fhir/Patient/1",
        "../Patient/1",
        "Patient/../Practitioner/1",
        "Patient/./1",
        "Patient/..",
        "Patient//1",
        "Patient/1/",
        "Patient%2F1",
        "Patient/1%3F_format=json",
        "Patient/%2e%2e/Practitioner/1",
        "Patient/1%00",
        "Patient/1\x00",
        "Patient/a b",
        "Patient\\1",
        "Patient/1\n",
        "Patient/1#x",
        "Patient/" + "x" * 65,
        "Patient/ä",
        "Patient/1/_history/a_b",
        "Patient/1/Observation/2",
        "Patient/1/_foo",
        "x" * 9000,
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_url_that_leads_elsewhere_is_400_and_never_followed(method: str, url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parsed(entry("GET", "metadata"), entry(method, url))
    assert caught.value.expression == ("Bundle.entry[1].request.url",)
    assert caught.value.issues[0].expression == ("Bundle.entry[1].request.url",)


def test_a_type_that_r4_does_not_have_is_not_supported() -> None:
    with pytest.raises(TypeNotSupported) as caught:
        one("GET", "Foo/1")
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("stated", "element"),
    [
        ("x", ""),
        ({}, ".request"),
        ({"request": "x"}, ".request"),
        ({"request": {"url": "Patient"}}, ".request.method"),
        ({"request": {"method": "get", "url": "Patient"}}, ".request.method"),
        ({"request": {"method": 1, "url": "Patient"}}, ".request.method"),
        ({"request": {"method": "GET"}}, ".request.url"),
        ({"request": {"method": "GET", "url": 1}}, ".request.url"),
        (entry("POST", "Patient"), ".resource"),
        (entry("PUT", "Patient/1"), ".resource"),
        (entry("PATCH", "Patient/1"), ".resource"),
        (entry("POST", "Patient", "x"), ".resource"),
        (entry("POST", "Patient", {"resourceType": "Group"}), ".resource.resourceType"),
        (entry("POST", "Patient", {}), ".resource.resourceType"),
        (entry("PUT", "Patient/1", {**PATIENT, "id": "2"}), ".resource.id"),
        (entry("PATCH", "Patient/1", PATIENT), ".resource.resourceType"),
        (entry("POST", "Patient/1", PATIENT), ".request.url"),
        (entry("POST", "Patient?identifier=x", PATIENT), ".request.url"),
        (entry("PUT", "Patient", PATIENT), ".request.url"),
        (entry("PUT", "Patient/1?x=y", PATIENT), ".request.url"),
        (entry("DELETE", "Patient"), ".request.url"),
        (entry("DELETE", "Patient/1/_history/2"), ".request.url"),
        (entry("GET", "Patient", ifMatch='W/"1"'), ".request.ifMatch"),
        (entry("PUT", "Patient/1", PATIENT, ifNoneExist="x=y"), ".request.ifNoneExist"),
        (entry("POST", "Patient", PATIENT, ifNoneExist=" "), ".request.ifNoneExist"),
        (entry("POST", "Patient", PATIENT, ifNoneExist=["x"]), ".request.ifNoneExist"),
        (entry("POST", "Patient", PATIENT, "Patient/1"), ".fullUrl"),
        (entry("POST", "Patient", PATIENT, ""), ".fullUrl"),
        (entry("POST", "Patient", PATIENT, BASE + "/Patient/1/_history/2"), ".fullUrl"),
        (entry("PUT", "Patient/1", PATIENT, BASE + "/Patient/2"), ".fullUrl"),
        (entry("PUT", "Patient/1", PATIENT, "https://other.example/Group/1"), ".fullUrl"),
        (entry("POST", "Patient", {**PATIENT, "id": "1"}, BASE + "/Patient/2"), ".fullUrl"),
        (entry("PUT", "Patient?x=y", {**PATIENT, "id": "1"}, BASE + "/Patient/2"), ".fullUrl"),
        (entry("DELETE", "Patient/1", None, BASE + "/Patient/2"), ".fullUrl"),
    ],
)
def test_a_bad_entry_fails_a_transaction_and_stands_alone_in_a_batch(stated: Any, element: str) -> None:
    expression = (f"Bundle.entry[1]{element}",)
    good = entry("POST", "Patient", PATIENT)
    with pytest.raises(InvalidRequest) as caught:
        parsed(good, stated)
    assert caught.value.expression == expression
    first, bad, last = parsed(good, stated, good, kind="batch").entries
    assert (first.error, last.error) == (None, None)
    assert bad.error is not None
    assert bad.error.issues[0].expression == expression
    assert bad.index == 1


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", ""),
        ("POST", BASE),
        ("POST", "$process-message"),
        ("POST", "Patient/$match"),
        ("POST", "Patient/1/$everything"),
        ("GET", "Patient/1/$everything"),
        ("GET", "Patient/1/_history/2/$meta"),
        ("POST", "Patient/_search"),
        ("POST", "_search"),
        ("POST", "Patient/1/Observation/_search"),
    ],
)
def test_operations_searches_by_post_and_inner_bundles_are_refused_each_for_itself(method: str, url: str) -> None:
    found = parsed(entry(method, url, bundle()), entry("GET", "Patient/1"), kind="batch").entries
    assert found[0].error is not None
    assert found[0].error.status == 400
    assert found[0].error.issues[0].code == "not-supported"
    assert found[1].error is None


def test_a_bundle_can_be_stored_like_any_resource() -> None:
    assert one("POST", "Bundle", bundle(kind="collection")).interaction == "create"


def test_the_same_full_url_twice_is_refused() -> None:
    twice = [entry("POST", "Patient", PATIENT, "urn:uuid:1"), entry("POST", "Patient", PATIENT, "urn:uuid:1")]
    with pytest.raises(InvalidRequest) as caught:
        parsed(*twice)
    assert caught.value.expression == ("Bundle.entry[1].fullUrl",)
    assert "entry 0" in caught.value.diagnostics
    assert [each.error is None for each in parsed(*twice, kind="batch").entries] == [True, False]


@pytest.mark.parametrize(
    "kind", ["collection", "searchset", "history", "document", "message", "Batch", None, 1, ["batch"]]
)
def test_another_type_of_bundle_is_400(kind: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_bundle(bundle(kind=kind), BASE)
    assert caught.value.expression == ("Bundle.type",)


@pytest.mark.parametrize(
    "tree", [[], None, {"resourceType": "Patient"}, {"resourceType": "Bundle", "type": "batch", "entry": {}}]
)
def test_what_is_no_bundle_is_400(tree: Any) -> None:
    with pytest.raises(InvalidRequest):
        parse_bundle(tree, BASE)


def test_no_entries_are_fine() -> None:
    assert parse_bundle({"resourceType": "Bundle", "type": "batch"}, BASE) == RequestBundle("batch", ())
    assert parsed().is_transaction


def test_too_many_entries_are_413() -> None:
    with pytest.raises(TooLarge):
        parse_bundle(bundle(*[entry("GET", "Patient/1")] * 3), BASE, max_entries=2)
