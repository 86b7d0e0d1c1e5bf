"""history of an instance, a type and the whole system, and vread (https://hl7.org/fhir/R4/http.html#history)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fhir_server.errors import Gone, InvalidRequest, NotFound, UnknownParameter
from fhir_server.indexing import date_interval
from fhir_server.interactions.answers import bundle_bytes, entry_bytes, version_headers
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.etags import entity_tag
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.stored import StoredVersion
from fhir_server.mapping.minted import resource_name, version_name
from fhir_server.mapping.rendering import instant
from fhir_server.persistence import audit
from fhir_server.persistence.history import Versions, versions_sql
from fhir_server.search.paging import Continuation
from fhir_server.search.query import Item, parse_query, printable

_VERSION = re.compile("[1-9][0-9]{0,17}")
_FAR_PAST = datetime(1, 1, 1, tzinfo=UTC)
_FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)


def vread(context: Context, request: FhirRequest, resource_type: str, fhir_id: str, version: str) -> FhirResponse:
    """The resource as that version was; 404 for a version that never was, 410 for a deletion."""
    if not _VERSION.fullmatch(version):
        raise NotFound("There is no such version")
    found = _versions(context, Versions(resource_type, fhir_id, int(version)))
    if not found:
        raise NotFound("There is no such version")
    one = found[0][0]
    if one.deleted_at is not None:
        raise Gone("This version is the deletion of the resource")
    entity = version_name(one.resource_type, one.fhir_id, one.version_id)
    audit.record_alone(context.database, audit_of(request, "vread", resource_type, fhir_id, entities=(entity,)))
    return FhirResponse(200, version_headers(one.version_id, one.updated_at), one.json(context.registry))


def history_instance(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """All versions of one resource, newest first; 404 for a resource that never was."""
    return _history(context, request, resource_type, fhir_id)


def history_type(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """The versions of all resources of a type, newest first."""
    return _history(context, request, resource_type, None)


def history_system(context: Context, request: FhirRequest) -> FhirResponse:
    """The versions of all resources, newest first."""
    return _history(context, request, None, None)


def _history(context: Context, request: FhirRequest, resource_type: str | None, fhir_id: str | None) -> FhirResponse:
    asked = _Asked(context, request)
    size = asked.count
    wanted = Versions(resource_type, fhir_id, None, asked.since, asked.at, asked.after, size + 1)
    found = _versions(context, wanted)
    if fhir_id is not None and not found:
        _must_have_existed(context, resource_type, fhir_id)
    page = found[:size]
    entities = tuple(version_name(one.resource_type, one.fhir_id, one.version_id) for one, _ in page)
    asked_for = resource_type or "Resource"
    audit.record_alone(context.database, audit_of(request, "history", asked_for, fhir_id, entities=entities))
    head: dict[str, Any] = {"type": "history"}
    if len(found) <= size and asked.after is None:
        head["total"] = len(page)
    path = "/".join((request.base_url, *request.path))
    link = [{"relation": "self", "url": path + (f"?{asked.used}" if asked.used else "")}]
    if len(found) > size:
        last = page[-1][0] if page else None
        if last is not None:
            key = (last.updated_at.isoformat(), last.resource_type, last.fhir_id, str(last.version_id))
            going_on = Continuation(request.principal.name, "/".join(request.path), asked.used, key)
            token = context.page_tokens.seal(going_on)
            link.append({"relation": "next", "url": f"{path}?_page={token}"})
    head["link"] = link
    entries = (_entry(context, request, one, method) for one, method in page)
    return FhirResponse(200, {}, bundle_bytes(head, entries))


def _versions(context: Context, wanted: Versions) -> list[tuple[StoredVersion, str]]:
    rows = context.database.rows(versions_sql(context.registry, wanted), wanted.parameters())
    found = []
    for source, kind, fhir_id, version_id, updated_at, deleted_at, method, document, live, last, base in rows:
        said = "DELETE" if deleted_at is not None else method or ("POST" if version_id == 1 else "PUT")
        one = StoredVersion(source, kind, fhir_id, version_id, updated_at, deleted_at, document, live, last, base)
        found.append((one, said))
    return found


def _must_have_existed(context: Context, resource_type: str | None, fhir_id: str) -> None:
    if not _versions(context, Versions(resource_type, fhir_id, limit=1)):
        raise NotFound("There is no such resource")


def _entry(context: Context, request: FhirRequest, one: StoredVersion, method: str) -> bytes:
    full = resource_name(one.resource_type, one.fhir_id)
    status = {"POST": "201 Created", "DELETE": "204 No Content"}.get(method, "200 OK")
    if method == "PUT" and one.version_id == 1:
        status = "201 Created"
    return entry_bytes(
        f"{request.base_url}/{full}",
        None if method == "DELETE" else one.json(context.registry),
        request={"method": method, "url": one.resource_type if method == "POST" else full},
        response={
            "status": status,
            "etag": entity_tag(str(one.version_id)),
            "lastModified": instant(one.updated_at),
        },
    )


class _Asked:
    """The parameters of a history request, each at most once; a `_page` token brings its own."""

    def __init__(self, context: Context, request: FhirRequest) -> None:
        self._context = context
        self.since: datetime | None = None
        self.at: tuple[datetime, datetime] | None = None
        self.count = context.settings.default_page_size
        self.after: tuple[datetime, str, str, int] | None = None
        self.used = request.query
        items = parse_query(request.query).items
        if any(item.name == "_page" for item in items):
            if len(items) != 1:
                raise InvalidRequest("_page stands alone: it holds the whole request", ("_page",))
            going_on = context.page_tokens.open(items[0].value, request.principal.name)
            if going_on.path != "/".join(request.path):
                raise InvalidRequest("The page token belongs to another request", ("_page",))
            moment, kind, fhir_id, version = going_on.after
            self.after = (datetime.fromisoformat(moment), kind, fhir_id, int(version))
            self.used = going_on.query
            items = parse_query(self.used).items
        seen: set[str] = set()
        for item in items:
            if item.name in seen:
                raise InvalidRequest(f"{item.name} may stand only once", (item.name,))
            reader = _READERS.get(item.name)
            if reader is None or item.modifier is not None:
                raise UnknownParameter(f"A history takes {', '.join(_READERS)} only", (printable(item.full_name),))
            seen.add(item.name)
            reader(self, item)

    def read_since(self, item: Item) -> None:
        """`_since`: an instant with a zone."""
        text = item.value.replace(" ", "+")
        if "T" not in text or not (text.endswith("Z") or text[-6:-5] in ("+", "-")):
            raise InvalidRequest("_since must be an instant with a time zone", ("_since",))
        low = self._interval(item, text)[0]
        self.since = low

    def read_at(self, item: Item) -> None:
        """`_at`: a date or time; every version that was current at some moment of it."""
        self.at = self._interval(item, item.value.replace(" ", "+"))

    def read_count(self, item: Item) -> None:
        """`_count`: a whole number, cut to the server's largest page."""
        if not item.value.isascii() or not item.value.isdigit() or len(item.value) > 9:
            raise InvalidRequest("_count must be a whole number", ("_count",))
        self.count = min(int(item.value), self._context.settings.max_page_size)

    def _interval(self, item: Item, text: str) -> tuple[datetime, datetime]:
        try:
            low, high = date_interval(text, self._context.zone)
        except ValueError:
            raise InvalidRequest(f"{item.name} is not a FHIR date or time", (item.name,)) from None
        return _FAR_PAST if low is None else low, _FAR_FUTURE if high is None else high


_READERS: dict[str, Callable[[_Asked, Item], None]] = {
    "_since": _Asked.read_since,
    "_at": _Asked.read_at,
    "_count": _Asked.read_count,
}
