"""A client that speaks in bundles with the server of each test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest


@dataclass
class Answer:
    """What came back; `json` is None without a body."""

    status: int
    headers: httpx.Headers
    json: Any

    @property
    def entries(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.json
        return list(self.json.get("entry", []))

    @property
    def statuses(self) -> list[str]:
        return [entry["response"]["status"][:3] for entry in self.entries]

    @property
    def ids(self) -> list[str]:
        """`Type/id` of what each entry wrote."""
        return [entry["response"]["location"].split("/fhir/")[1].partition("/_history")[0] for entry in self.entries]

    @property
    def expressions(self) -> list[str]:
        return [path for issue in self.json["issue"] for path in issue.get("expression", [])]

    @property
    def texts(self) -> str:
        return " ".join(issue["diagnostics"] for issue in self.json["issue"])


class Bundles:
    """A client of one base URL, and of the database behind it."""

    def __init__(self, base: str, conninfo: str) -> None:
        self.base, self.conninfo = base, conninfo
        self.http = httpx.Client(timeout=60, trust_env=False)

    @staticmethod
    def entry(
        method: str, url: str, resource: dict[str, Any] | None = None, full_url: str = "", **request: str
    ) -> dict[str, Any]:
        """One entry of a Bundle; `request` has ifMatch and its like."""
        made: dict[str, Any] = {"fullUrl": full_url} if full_url else {}
        if resource is not None:
            made["resource"] = resource
        return {**made, "request": {"method": method, "url": url, **request}}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`path` begins with a slash or is empty; header names are written with `_`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", "application/fhir+json")
        content = None if body is None else json.dumps(body).encode()
        answer = self.http.request(method, f"{self.base}{path}", content=content, headers=named)
        return Answer(answer.status_code, answer.headers, answer.json() if answer.content else None)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", f"/{path}", **headers)

    def put(self, resource: dict[str, Any], **headers: str) -> Answer:
        answer = self.ask("PUT", f"/{resource['resourceType']}/{resource['id']}", resource, **headers)
        assert answer.status in (200, 201), answer.json
        return answer

    def bundle(self, kind: str, entries: list[dict[str, Any]], **headers: str) -> Answer:
        return self.ask("POST", "", {"resourceType": "Bundle", "type": kind, "entry": entries}, **headers)

    def transaction(self, *entries: dict[str, Any], **headers: str) -> Answer:
        return self.bundle("transaction", list(entries), **headers)

    def batch(self, *entries: dict[str, Any], **headers: str) -> Answer:
        return self.bundle("batch", list(entries), **headers)

    def total(self, search: str) -> int:
        found = self.get(f"{search}{'&' if '?' in search else '?'}_summary=count")
        assert found.status == 200, found.json
        return int(found.json["total"])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database itself says."""
        with psycopg.connect(self.conninfo) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def run(self, sql: str) -> None:
        """A write of the portal."""
        with psycopg.connect(self.conninfo) as connection:
            connection.execute(sql)  # type: ignore[arg-type]


@pytest.fixture
def fhir(server: str, database: str) -> Iterator[Bundles]:
    """A client of a server that has nothing stored yet."""
    client = Bundles(server, database)
    yield client
    client.http.close()
