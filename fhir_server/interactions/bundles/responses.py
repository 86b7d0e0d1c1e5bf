"""The response bundles: as many entries as the request had, in its order, each with what happened.

https://hl7.org/fhir/R4/http.html#transaction-response
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fhir_server.errors import FhirError
from fhir_server.interactions.answers import OUTCOME, bundle_bytes, entry_bytes, preferred_body, version_headers
from fhir_server.interactions.bundles.entries import Entry
from fhir_server.interactions.dates import parse_http_date
from fhir_server.interactions.etags import parse_entity_tags
from fhir_server.interactions.request import FhirResponse
from fhir_server.json_text import Tree, read_json
from fhir_server.mapping.minted import resource_name
from fhir_server.mapping.rendering import instant
from fhir_server.persistence.writes import Written

REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
}


def status_text(status: int) -> str:
    """The status as `Bundle.entry.response.status` has it: the code and its reason."""
    return f"{status} {REASONS.get(status, '')}".rstrip()


def bundle_response(kind: str, entries: Iterable[bytes]) -> FhirResponse:
    """The answer with a Bundle of type `kind` (batch-response, transaction-response)."""
    return FhirResponse(200, {}, bundle_bytes({"type": kind}, entries))


def written_entry(base_url: str, written: Written, preference: str | None, status: int) -> bytes:
    """The entry for a create, update, patch or existing match."""
    identity = resource_name(written.resource_type, written.fhir_id)
    response: dict[str, Tree] = {
        "status": status_text(status),
        "location": f"{base_url}/{identity}/_history/{written.version_id}",
        "etag": version_headers(written.version_id, written.updated_at)["ETag"],
        "lastModified": instant(written.updated_at),
    }
    body = preferred_body(preference, written)
    if preference == OUTCOME and body is not None:
        return entry_bytes(f"{base_url}/{identity}", None, response={**response, "outcome": read_json(body)})
    return entry_bytes(f"{base_url}/{identity}", body, response=response)


def deleted_entry(written: Written | None) -> bytes:
    """The entry for a delete; None where there was nothing to delete."""
    response: dict[str, Tree] = {"status": status_text(204)}
    if written is not None:
        response["etag"] = version_headers(written.version_id, written.updated_at)["ETag"]
    return entry_bytes(None, None, response=response)


def answered_entry(answer: FhirResponse) -> bytes:
    """The entry for an interaction that was answered on its own."""
    response: dict[str, Tree] = {"status": status_text(answer.status)}
    for header, member in (("Location", "location"), ("ETag", "etag")):
        if header in answer.headers:
            response[member] = answer.headers[header]
    modified = parse_http_date(answer.headers.get("Last-Modified", ""))
    if modified is not None:
        response["lastModified"] = instant(modified)
    return entry_bytes(None, answer.body, response=response)


def read_entry(entry: Entry, answer: FhirResponse) -> bytes:
    """The entry for a GET or HEAD: without the resource for HEAD, or when the client has it already."""
    if answer.status == 200 and _is_known(entry, answer):
        answer = FhirResponse(304, answer.headers)
    elif entry.method == "HEAD":
        answer = FhirResponse(answer.status, answer.headers)
    return answered_entry(answer)


def _is_known(entry: Entry, answer: FhirResponse) -> bool:
    if entry.if_none_match is not None:
        tags, own = parse_entity_tags(entry.if_none_match), parse_entity_tags(answer.headers.get("ETag", ""))
        return tags is not None and own is not None and tags.match(own.versions[0])
    changed = parse_http_date(answer.headers.get("Last-Modified", ""))
    since = _instant(entry.if_modified_since or "")
    return since is not None and changed is not None and changed <= since


def _instant(text: str) -> datetime | None:
    # In a Bundle this is a FHIR instant; some clients copy the header's form.
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return parse_http_date(text)
    return moment if moment.tzinfo is not None else None


def failed_entry(error: FhirError) -> bytes:
    """The entry of a batch whose interaction failed."""
    return entry_bytes(None, None, response={"status": status_text(error.status), "outcome": error.to_outcome()})
