"""What the server claims, it does; what it does, it claims (https://hl7.org/fhir/R4/http.html#capabilities)."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_server.app import build_server
from fhir_server.definitions import RESOURCE_TYPES, search_parameters
from fhir_server.errors import FhirError
from fhir_server.http.pretty import pretty
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import encode_json, parse_json
from fhir_server.persistence.connections import close_thread_connections
from fhir_server.settings import Settings
from fhir_server.validation import validate

ROOT = Path(__file__).parents[2]
BASE = "http://127.0.0.1:8080/fhir"
Ask = Callable[..., FhirResponse]
SAMPLES = {
    "number": "1",
    "date": "2024-03",
    "string": "x",
    "token": "urn:x|x",
    "quantity": "1|http://unitsofmeasure.org|cm",
    "uri": "http://x.example/y",
}


@pytest.fixture
def ask(database: str) -> Iterator[Ask]:
    """Asks the server behind HTTP, which makes thousands of requests affordable."""
    server = build_server(Settings.load({"DATABASE_URL": database}))

    def asking(
        method: str, path: str, tree: Any = None, content_type: str | None = None, **headers: str
    ) -> FhirResponse:
        where, _, query = path.partition("?")
        body = b"" if tree is None else encode_json(tree)
        kind = content_type or (None if tree is None else "application/fhir+json")
        told = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        parts = tuple(part for part in where.split("/") if part)
        return server.answer(FhirRequest(method, parts, query, told, body, BASE, kind))

    yield asking
    close_thread_connections()


def resources(ask: Ask) -> list[dict[str, Any]]:
    body = ask("GET", "/metadata").body
    assert body is not None
    listed: list[dict[str, Any]] = parse_json(body)["rest"][0]["resource"]
    return listed


def sample(kind: str, code: str) -> str:
    """A value that the parameter can be asked with."""
    parameter = search_parameters(kind)[code]
    if parameter.type == "reference":
        return f"{parameter.targets[0]}/x" if parameter.targets else "Patient/x"
    if parameter.type == "composite":
        return "$".join(SAMPLES["token"] if part is None else part for part in _components(kind, code))
    if code in ("_id", "_list"):
        return "x"
    if code == "_filter":
        return "_id%20eq%20x"
    if parameter.type in ("text", "near", "phonetic"):
        return "1|2" if parameter.type == "near" else "x"
    return SAMPLES[parameter.type]


def _components(kind: str, code: str) -> Iterator[str | None]:
    for component in search_parameters(kind)[code].components:
        yield sample(kind, component.code) if component.code in search_parameters(kind) else None


def test_r_190_the_statement_is_open_and_says_what_it_must(shared: Any) -> None:
    answer = shared.get("/metadata")
    tree = answer.json()
    assert answer.status_code == 200
    assert (tree["resourceType"], tree["fhirVersion"], tree["kind"]) == ("CapabilityStatement", "4.0.1", "instance")
    assert (tree["rest"][0]["mode"], tree["format"]) == ("server", ["application/fhir+json", "json"])
    assert tree["implementation"]["url"] == shared.base
    assert validate("CapabilityStatement", parse_json(answer.content)) == ()


def test_r_191_every_type_is_listed_once(ask: Ask) -> None:
    assert [one["type"] for one in resources(ask)] == sorted(RESOURCE_TYPES)


def test_r_191_every_interaction_of_every_type_works(ask: Ask) -> None:
    examples: dict[str, Any] = {}
    with gzip.open(ROOT / "tests/data/examples-r4.ndjson.gz") as lines:
        for line in lines:
            tree = parse_json(line)
            if tree["resourceType"] not in examples and not validate(tree["resourceType"], tree):
                text = line.decode()
                # Only what stands alone: whether Patients exist is tested elsewhere.
                if "Patient/" not in text or tree["resourceType"] == "Patient":
                    examples[tree["resourceType"]] = tree
    assert len(examples) > 70
    patch = [{"op": "add", "path": "/language", "value": "de"}]
    for listed in resources(ask):
        kind = listed["type"]
        codes = {one["code"] for one in listed["interaction"]}
        assert codes == {
            *("read", "vread", "update", "patch", "delete", "create"),
            *("history-instance", "history-type", "search-type"),
        }
        assert ask("GET", f"/{kind}").status == ask("GET", f"/{kind}/_history").status == 200
        for path in (f"/{kind}/none", f"/{kind}/none/_history/1", f"/{kind}/none/_history"):
            with pytest.raises(FhirError, match="There is no such") as refused:
                ask("GET", path)
            assert (refused.value.status, refused.value.code) == (404, "not-found")
        if kind in examples:
            tree = {**examples[kind], "id": "crawl"}
            assert ask("POST", f"/{kind}", tree).status == 201
            assert ask("POST", f"/{kind}", tree, If_None_Exist="_id=none").status == 201
            assert ask("PUT", f"/{kind}/crawl", tree).status == 201
            assert ask("PUT", f"/{kind}?_id=crawl", tree).status == 200
            assert ask("POST", f"/{kind}", tree, If_None_Exist="_id=crawl").status == 200
            assert ask("PATCH", f"/{kind}/crawl", patch, "application/json-patch+json").status == 200
            for path in ("crawl", "crawl/_history/1", "crawl/_history", "crawl/_history?_count=1"):
                assert ask("GET", f"/{kind}/{path}").status == 200
            assert ask("DELETE", f"/{kind}?_id=crawl").status == ask("DELETE", f"/{kind}/crawl").status == 204


@pytest.mark.slow
def test_r_191_every_search_parameter_and_include_of_every_type_works(ask: Ask) -> None:
    failed = {}
    for listed in resources(ask):
        kind = listed["type"]
        queries = [f"{one['name']}={sample(kind, one['name'])}" for one in listed["searchParam"]]
        includes = [f"_include={one}" for one in listed.get("searchInclude", ())]
        includes += [f"_revinclude={one}" for one in listed.get("searchRevInclude", ())]
        queries += ["&".join(includes[start : start + 50]) for start in range(0, len(includes), 50)]
        for query in queries:
            try:
                assert ask("GET", f"/{kind}?{query}&_count=1").status == 200
            except Exception as error:  # noqa: BLE001 - all of them are to be told at once
                failed[f"{kind}?{query}"] = f"{type(error).__name__} {error}"
    assert failed == {}


def test_r_191_what_is_not_listed_fails(ask: Ask) -> None:
    listed = {one["type"]: one for one in resources(ask)}
    everything = {one["name"] for kind in listed.values() for one in kind["searchParam"]}
    for kind in ("Patient", "Observation", "Basic", "Bundle"):
        served = {one["name"] for one in listed[kind]["searchParam"]}
        for name in sorted(everything - served)[:40]:
            with pytest.raises(FhirError) as refused:
                ask("GET", f"/{kind}?{name}=x")
            assert refused.value.status == 400
        for include in ("_include=Patient:nothing", "_revinclude=Observation:nothing", "_include=Nothing:patient"):
            with pytest.raises(FhirError) as refused:
                ask("GET", f"/{kind}?{include}")
            assert refused.value.status == 400
        operations = {f"${one['name']}" for one in listed[kind].get("operation", ())}
        for name in {"$everything", "$validate", "$meta", "$lastn", "$expand", "$match"} - operations:
            with pytest.raises(FhirError) as refused:
                ask("GET", f"/{kind}/{name}")
            assert (refused.value.status, refused.value.code) == (404, "not-supported")


def test_r_191_the_interactions_of_the_whole_system_work(shared: Any) -> None:
    rest = shared.tree("/metadata")["rest"][0]
    codes = {one["code"] for one in rest["interaction"]}
    assert codes == {"transaction", "batch", "search-system", "history-system"}
    for kind in ("transaction", "batch"):
        answer = shared.send_json("POST", "/", {"resourceType": "Bundle", "type": kind})
        assert (answer.status_code, answer.json()["type"]) == (200, f"{kind}-response")
    assert shared.get("/?_id=x").status_code == shared.get("/_history").status_code == 200
    for one in rest["searchParam"]:
        assert shared.get(f"/?{one['name']}={sample('Basic', one['name'])}").status_code == 200


def test_r_192_the_statement_has_an_etag_and_modes(shared: Any) -> None:
    answer = shared.get("/metadata")
    same = shared.get("/metadata", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    for mode in ("full", "normative", "terminology"):
        assert shared.get(f"/metadata?mode={mode}").status_code == 200
    assert shared.get("/metadata?mode=other").status_code == 400
    assert shared.get("/metadata?_format=json&_pretty=true").json() == answer.json()
    assert shared.head("/metadata").headers["etag"] == answer.headers["etag"]


def test_r_193_the_statement_of_another_version_is_not_acceptable(shared: Any) -> None:
    headers = {"Accept": "application/fhir+json; fhirVersion=3.0"}
    assert shared.get("/metadata", headers=headers).status_code == 406


def test_r_194_the_statement_tells_the_truth_about_security(shared: Any) -> None:
    security = shared.tree("/metadata")["rest"][0]["security"]
    assert security["cors"] is False
    assert "service" not in security


def test_the_statement_in_the_repository_is_the_one_that_is_served() -> None:
    settings = Settings.load({})
    statement = build_server(settings).capability_statement(settings.base_url)
    committed = (ROOT / "capability_statement.json").read_bytes()
    assert committed == pretty(encode_json(statement)), "run: fhir-server capability > capability_statement.json"
