"""What the request.url of a bundle entry asks for, and nothing but this server's own resources.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request.url and https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import InvalidRequest, TypeNotSupported

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
MAX_LENGTH = 8192

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_HISTORY = "_history"
_METADATA = "metadata"
_SEARCH = "_search"


@dataclass(frozen=True, slots=True)
class EntryUrl:
    """A url without the base, taken apart. `shape` is one of SHAPES; `path` its segments, `query` what follows `?`."""

    shape: str
    path: tuple[str, ...]
    query: str
    type: str | None = None
    id: str | None = None
    version: str | None = None
    operation: str | None = None


# What the segments may be; T a type, I an id, V a version, the rest literally.
SHAPES: dict[tuple[str, ...], str] = {
    (): "system",
    ("T",): "type",
    ("T", "I"): "instance",
    (_HISTORY,): "system-history",
    ("T", _HISTORY): "type-history",
    ("T", "I", _HISTORY): "instance-history",
    ("T", "I", _HISTORY, "V"): "version",
    ("T", "I", "T"): "compartment",
    ("T", "I", "*"): "compartment",
    (_METADATA,): "capabilities",
    (_SEARCH,): "search",
    ("T", _SEARCH): "search",
    ("T", "I", "T", _SEARCH): "search",
    ("$",): "operation",
    ("T", "$"): "operation",
    ("T", "I", "$"): "operation",
    ("T", "I", _HISTORY, "V", "$"): "operation",
}


def parse_url(url: str, base_url: str) -> EntryUrl:
    """The url, relative or below `base_url`, taken apart. The query stays as it was written.

    Raises InvalidRequest for anything that could mean another place (other hosts, `..`, `//`, leading `/`, escapes in
    the path), TypeNotSupported for a type that R4 does not have; the expression is left to the caller.
    """
    if len(url) > MAX_LENGTH:
        raise InvalidRequest(f"request.url is longer than {MAX_LENGTH} characters")
    if _CONTROL.search(url):
        raise InvalidRequest("request.url has a blank, a control character or a backslash")
    if "#" in url:
        raise InvalidRequest("request.url has a fragment")
    path, _, query = _below_base(url, base_url).partition("?")
    if "%" in path:
        raise InvalidRequest("request.url has an escape in its path, where no type or id needs one")
    if path.startswith("/"):
        raise InvalidRequest("request.url begins with '/'; it is relative to the server's base")
    segments = tuple(path.split("/")) if path else ()
    if any(segment in ("", ".", "..") for segment in segments):
        raise InvalidRequest("request.url has an empty segment, '.' or '..' in its path")
    return _take_apart(segments, query)


def same_base(url: str, base_url: str) -> str | None:
    """What follows `base_url` in the absolute `url`, or None; http and https are one, and a host has no case."""
    scheme, _, rest = url.partition("://")
    base_scheme, _, base = base_url.rstrip("/").partition("://")
    if scheme.lower() not in ("http", "https") or base_scheme.lower() not in ("http", "https"):
        return None
    host, _, base_path = base.partition("/")
    prefix = f"{host}/{base_path}".rstrip("/")
    if rest[: len(host)].lower() != host.lower() or rest[len(host) : len(prefix)] != prefix[len(host) :]:
        return None
    remainder = rest[len(prefix) :]
    if remainder.startswith("/"):
        return remainder[1:]
    # Only the end or a query may follow at once: http://host/fhir-evil is another place than http://host/fhir.
    return remainder if remainder[:1] in ("", "?") else None


def _below_base(url: str, base_url: str) -> str:
    # A colon in the query belongs to a modifier (`name:exact=`), not to a scheme.
    if not _SCHEME.match(url.partition("?")[0]):
        return url
    below = same_base(url, base_url)
    if below is None:
        raise InvalidRequest("request.url is not on this server")
    return below


def _take_apart(segments: tuple[str, ...], query: str) -> EntryUrl:
    pattern = tuple(_role(position, segment) for position, segment in enumerate(segments))
    shape = SHAPES.get(pattern)
    if shape is None:
        raise InvalidRequest("request.url is no path of the FHIR API")
    stated = dict(zip(reversed(pattern), reversed(segments), strict=True))
    resource_type = stated.get("T")
    for role, segment in zip(pattern, segments, strict=True):
        if role == "T" and segment not in RESOURCE_TYPES:
            raise TypeNotSupported("request.url names a resource type that R4 does not have")
        if role in ("I", "V") and not ID.fullmatch(segment):
            raise InvalidRequest("request.url has an id that is not 1 to 64 letters, digits, '-' and '.'")
    return EntryUrl(
        shape=shape,
        path=segments,
        query=query,
        type=resource_type,
        id=stated.get("I"),
        version=stated.get("V"),
        operation=stated.get("$"),
    )


def _role(position: int, segment: str) -> str:
    if segment.startswith("$"):
        return "$"
    if segment.startswith("_") or segment == "*" or (segment == _METADATA and position == 0):
        return segment
    return ("T", "I", "T", "V")[position] if position < 4 else segment
