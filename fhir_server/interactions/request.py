"""What an interaction is given and what it gives back: plain values, so that any HTTP front end can call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scope:
    """What a principal without PHI rights acts for: `kind` is manufacturer or sales_representative, `fhir_id` the
    logical id of its Organization or Practitioner.
    """

    kind: str
    fhir_id: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: made in one place, `fhir_server.auth.principal`, and handed to every statement and the audit.

    With a `scope` it has business rights only. `name` tells principals apart: page tokens and opaque ids are bound to
    it.
    """

    user_id: int | None = None
    name: str = "anonymous"
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class FhirRequest:
    """One FHIR interaction as asked for.

    `path` holds the decoded segments below the base (`("Patient", "1", "_history")`), `query` the raw query string
    without `?` and without `_format`/`_pretty`, `headers` lower-case names, `content_type` the bare media type of the
    body.
    """

    method: str
    path: tuple[str, ...]
    query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    content_type: str | None = None
    principal: Principal = field(default_factory=Principal)
    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class FhirResponse:
    """`body` is compact FHIR JSON or None; headers hold ETag, Last-Modified, Location as the interaction says them."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
