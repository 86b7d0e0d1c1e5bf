"""What interactions answer: headers of a version, bodies as Prefer wants them, entries of bundles as bytes.

https://hl7.org/fhir/R4/http.html#ops
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from fhir_server.errors import Issue, operation_outcome
from fhir_server.interactions.dates import http_date
from fhir_server.interactions.etags import entity_tag
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import Tree, encode_json
from fhir_server.mapping.minted import version_name
from fhir_server.persistence.writes import Written

MINIMAL, REPRESENTATION, OUTCOME = "minimal", "representation", "OperationOutcome"


def preferences(header: str) -> dict[str, str]:
    """The preferences of a Prefer header, lower-case names to values; `respond-async` has the value "".

    >>> preferences("return=minimal; foo=1, handling=strict")
    {'return': 'minimal', 'foo': '1', 'handling': 'strict'}
    """
    found: dict[str, str] = {}
    for part in header.replace(";", ",").split(","):
        name, _, value = part.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def prefers(request: FhirRequest, name: str) -> str | None:
    """The value of one preference of the request, None without it."""
    header = request.headers.get("prefer")
    return preferences(header).get(name) if header else None


def version_headers(version_id: int, updated_at: datetime) -> dict[str, str]:
    """ETag and Last-Modified of a version."""
    return {"ETag": entity_tag(str(version_id)), "Last-Modified": http_date(updated_at)}


def location(base_url: str, written: Written) -> str:
    """The absolute URL of the version that was written."""
    return f"{base_url}/{version_name(written.resource_type, written.fhir_id, written.version_id)}"


def written_answer(request: FhirRequest, written: Written, *, status: int | None = None) -> FhirResponse:
    """The answer to a create, update or patch; 201 with Location for what is new, 200 otherwise."""
    code = status or (201 if written.created else 200)
    headers = version_headers(written.version_id, written.updated_at)
    if written.created or status is not None:
        headers["Location"] = location(request.base_url, written)
    return FhirResponse(code, headers, preferred_body(prefers(request, "return"), written))


def preferred_body(preference: str | None, written: Written) -> bytes | None:
    """The body of a write as `Prefer: return=…` wants it; the resource by default."""
    if preference == MINIMAL:
        return None
    if preference == OUTCOME:
        said = Issue("information", "informational", f"{written.resource_type} stored as version {written.version_id}")
        return encode_json(operation_outcome([said]))
    return written.document


def json_answer(tree: Tree, status: int = 200, headers: Mapping[str, str] | None = None) -> FhirResponse:
    """An answer whose body is `tree`."""
    return FhirResponse(status, headers or {}, encode_json(tree))


def bundle_bytes(head: dict[str, Tree], entries: Iterable[bytes]) -> bytes:
    """A Bundle: the members `head` and then the entries, which are joined as they are; no empty `entry` array."""
    start = encode_json({"resourceType": "Bundle", **head})
    joined = b",".join(entries)
    return start[:-1] + b',"entry":[' + joined + b"]}" if joined else start


def entry_bytes(full_url: str | None, resource: bytes | None, **members: Tree) -> bytes:
    """One Bundle.entry around the bytes of a resource; `members` (search, request, response) follow it."""
    parts: list[bytes] = []
    if full_url is not None:
        parts.append(b'"fullUrl":' + encode_json(full_url))
    if resource is not None:
        parts.append(b'"resource":' + resource)
    parts += [b'"' + name.encode() + b'":' + encode_json(value) for name, value in members.items() if value is not None]
    return b"{" + b",".join(parts) + b"}"
