"""The entries of a batch or transaction: read from the Bundle and checked before anything is done.

https://hl7.org/fhir/R4/bundle.html and https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import FhirError, InvalidRequest, Issue, TooLarge
from fhir_server.interactions.bundles.urls import EntryUrl, parse_url
from fhir_server.json_text import Tree

BATCH = "batch"
TRANSACTION = "transaction"
MAX_ENTRIES = 10_000

# The one interaction that a method means at a url of some shape; "?" marks a url with a query.
INTERACTIONS: dict[tuple[str, str], str] = {
    ("POST", "type"): "create",
    ("PUT", "instance"): "update",
    ("PUT", "type?"): "update",
    ("PATCH", "instance"): "patch",
    ("PATCH", "type?"): "patch",
    ("DELETE", "instance"): "delete",
    ("DELETE", "type?"): "delete",
}
READS: dict[str, str] = {
    "instance": "read",
    "instance?": "read",
    "version": "vread",
    "version?": "vread",
    "instance-history": "history-instance",
    "instance-history?": "history-instance",
    "type-history": "history-type",
    "type-history?": "history-type",
    "system-history": "history-system",
    "system-history?": "history-system",
    "type": "search-type",
    "type?": "search-type",
    "compartment": "search-compartment",
    "compartment?": "search-compartment",
    "system?": "search-system",
    "capabilities": "capabilities",
    "capabilities?": "capabilities",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WITH_RESOURCE = frozenset({"POST", "PUT", "PATCH"})
PATCH_RESOURCES = ("Parameters", "Binary")
# The field of Entry, and which methods the condition may stand with: elsewhere it would be passed over in silence.
CONDITIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ifMatch": ("if_match", ("PUT", "PATCH", "DELETE")),
    "ifNoneMatch": ("if_none_match", ("GET", "HEAD", "PUT")),
    "ifModifiedSince": ("if_modified_since", ("GET", "HEAD")),
    "ifNoneExist": ("if_none_exist", ("POST",)),
}

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s]+")
_RESTFUL = re.compile(r"(?i:https?)://[^\s?#]+/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a bundle. `index` is its place there, `interaction` the code that R4 has for what it asks.

    An entry with `error` is not to be processed; its other fields hold what was readable. `url_type` … `url_operation`
    are the parts of request.url without the base, `url_query` the raw text behind `?`.
    """

    index: int
    full_url: str | None = None
    method: str = ""
    interaction: str = ""
    url_path: tuple[str, ...] = ()
    url_type: str | None = None
    url_id: str | None = None
    url_version: str | None = None
    url_query: str = ""
    resource: Tree = None
    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_none_exist: str | None = None
    error: FhirError | None = None

    @property
    def is_write(self) -> bool:
        """Whether the entry changes something."""
        return self.method in WRITES

    @property
    def is_conditional(self) -> bool:
        """Whether search criteria decide which resource is meant."""
        return self.if_none_exist is not None or (self.is_write and self.url_id is None and bool(self.url_query))


@dataclass(frozen=True, slots=True)
class RequestBundle:
    """A batch or transaction; `type` is the Bundle's."""

    type: str
    entries: tuple[Entry, ...]

    @property
    def is_transaction(self) -> bool:
        """Whether all entries succeed or none does."""
        return self.type == TRANSACTION


class _Refusal(Exception):
    """Why an entry cannot be accepted, and the element below the entry that is to blame."""

    def __init__(self, error: type[FhirError], reason: str, element: str = "", code: str = "") -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason
        self.element = element
        self.code = code or error.code


def parse_bundle(bundle: Tree, base_url: str, *, max_entries: int = MAX_ENTRIES) -> RequestBundle:
    """The entries of a Bundle tree of type batch or transaction, in their order.

    A bad entry of a batch comes back with its `error`, so that the others go on; in a transaction it is raised. Raises
    InvalidRequest for what is no such Bundle, TooLarge for too many entries.
    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise InvalidRequest("The body must be a Bundle", expression=("Bundle",))
    bundle_type = bundle.get("type")
    if bundle_type not in (BATCH, TRANSACTION):
        raise InvalidRequest("The Bundle's type must be batch or transaction", expression=("Bundle.type",))
    stated = bundle.get("entry", [])
    if not isinstance(stated, list):
        raise InvalidRequest("'entry' must be a list", expression=("Bundle.entry",))
    if len(stated) > max_entries:
        raise TooLarge(f"A Bundle may have at most {max_entries} entries", expression=("Bundle.entry",))
    entries: list[Entry] = []
    full_urls: dict[str, int] = {}
    for index, each in enumerate(stated):
        entry = _parse_entry(index, each, base_url, full_urls)
        if entry.error is not None and bundle_type == TRANSACTION:
            raise entry.error
        entries.append(entry)
    return RequestBundle(str(bundle_type), tuple(entries))


def _parse_entry(index: int, stated: Tree, base_url: str, full_urls: dict[str, int]) -> Entry:
    # What is known so far, which an entry that turns out bad keeps; a frozen copy for every step costs too much.
    fields: dict[str, Any] = {}
    try:
        _read_full_url(fields, index, stated, full_urls)
        url = _read_request(fields, stated["request"], base_url)
        _read_resource(fields, stated, url)
        _check_full_url(fields, url)
    except _Refusal as refusal:
        expression = f"Bundle.entry[{index}]{refusal.element}"
        return Entry(index, **fields, error=_error(refusal.error, index, refusal.reason, refusal.code, expression))
    except FhirError as error:
        expression = f"Bundle.entry[{index}].request.url"
        return Entry(index, **fields, error=_error(type(error), index, error.diagnostics, error.code, expression))
    return Entry(index, **fields)


def _error(kind: type[FhirError], index: int, reason: str, code: str, expression: str) -> FhirError:
    diagnostics = f"Entry {index}: {reason}"
    return kind(diagnostics, (expression,), (Issue("error", code, diagnostics, (expression,)),))


def _read_full_url(fields: dict[str, Any], index: int, stated: Tree, full_urls: dict[str, int]) -> None:
    if not isinstance(stated, dict):
        raise _Refusal(InvalidRequest, "an entry must be an object")
    full_url = stated.get("fullUrl")
    if full_url is not None:
        if not isinstance(full_url, str) or not _ABSOLUTE.fullmatch(full_url):
            raise _Refusal(InvalidRequest, "fullUrl must be an absolute URI", ".fullUrl")
        if "/_history/" in full_url:
            raise _Refusal(InvalidRequest, "fullUrl must not name a version", ".fullUrl")
        first = full_urls.setdefault(full_url, index)
        if first != index:
            raise _Refusal(InvalidRequest, f"entry {first} has the same fullUrl", ".fullUrl")
        fields["full_url"] = full_url
    if not isinstance(stated.get("request"), dict):
        raise _Refusal(InvalidRequest, "an entry needs a request", ".request", "required")


def _read_request(fields: dict[str, Any], request: dict[str, Tree], base_url: str) -> EntryUrl:
    method = _text(request, "method")
    if method is None:
        raise _Refusal(InvalidRequest, "a request needs a method", ".request.method", "required")
    if method not in METHODS:
        raise _Refusal(InvalidRequest, f"method must be one of {', '.join(METHODS)}", ".request.method", "code-invalid")
    fields["method"] = method
    for name, (field, methods) in CONDITIONS.items():
        if name in request:
            fields[field] = _text(request, name)
            if method not in methods:
                raise _Refusal(InvalidRequest, f"{name} has no meaning with {method}", f".request.{name}")
    if "url" not in request:
        raise _Refusal(InvalidRequest, "a request needs a url", ".request.url", "required")
    stated = request["url"]
    if not isinstance(stated, str):
        raise _Refusal(InvalidRequest, "url must be a string", ".request.url")
    url = parse_url(stated, base_url)
    fields["url_path"] = url.path
    fields["url_type"] = url.type
    fields["url_id"] = url.id
    fields["url_version"] = url.version
    fields["url_query"] = url.query
    fields["interaction"] = _interaction(method, url)
    return url


def _text(request: dict[str, Tree], name: str) -> str | None:
    text = request.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip():
        raise _Refusal(InvalidRequest, f"{name} must be a string with something in it", f".request.{name}")
    return text


def _interaction(method: str, url: EntryUrl) -> str:
    shape = url.shape + ("?" if url.query else "")
    if url.shape in ("operation", "search") or (method == "POST" and url.shape == "system"):
        raise _Refusal(
            InvalidRequest,
            "an entry cannot be an operation, a _search or a bundle; send those on their own",
            ".request.url",
            "not-supported",
        )
    found = READS.get(shape) if method in ("GET", "HEAD") else INTERACTIONS.get((method, shape))
    if found is None:
        raise _Refusal(InvalidRequest, f"{method} cannot be used with a url of this kind", ".request.url")
    return found


def _read_resource(fields: dict[str, Any], stated: dict[str, Tree], url: EntryUrl) -> None:
    method = fields["method"]
    if method not in WITH_RESOURCE:
        return
    resource = stated.get("resource")
    if not isinstance(resource, dict):
        raise _Refusal(InvalidRequest, f"{method} needs a resource", ".resource", "required")
    fields["resource"] = resource
    resource_type = resource.get("resourceType")
    if method == "PATCH":
        if resource_type not in PATCH_RESOURCES:
            reason = "a patch comes as Parameters (FHIRPath) or Binary (JSON)"
            raise _Refusal(InvalidRequest, reason, ".resource.resourceType")
        return
    if resource_type != url.type:
        raise _Refusal(InvalidRequest, "the resource is not of the type in request.url", ".resource.resourceType")
    if url.id is not None and resource.get("id", url.id) != url.id:
        raise _Refusal(InvalidRequest, "the resource's id is not the one in request.url", ".resource.id")


def _check_full_url(fields: dict[str, Any], url: EntryUrl) -> None:
    """A fullUrl that is a RESTful address must say the same type and id as the request and the resource."""
    method = fields["method"]
    found = _RESTFUL.fullmatch(fields.get("full_url", ""))
    if found is None or found[1] not in RESOURCE_TYPES or method not in WRITES:
        return
    ids = [url.id]
    if method in ("POST", "PUT"):
        ids.append(fields["resource"].get("id"))
    if found[1] != url.type or any(stated not in (None, found[2]) for stated in ids):
        raise _Refusal(InvalidRequest, "fullUrl names another resource than the entry", ".fullUrl")
