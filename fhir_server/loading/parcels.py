"""Documents become parcels: one HTTP request each, with what is needed to say afterwards what became of every resource.

https://hl7.org/fhir/R4/bundle.html. Resources travel as the bytes they were written with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from fhir_server.loading.files import Document

MOST_PIECES: Final = 200
"""Resources in one transaction: enough to share its cost, few enough to be tried again in halves when one is bad."""

Kind = TypeVar("Kind")

_REQUESTS: Final = frozenset({"transaction", "batch"})
_CONTAINERS: Final = frozenset({"collection", "searchset"})
_REPEATABLE: Final = frozenset({"PUT", "DELETE", "GET", "HEAD"})


class NoResource(Exception):
    """A text that is no resource; the message says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One resource that is stored by itself: under its id, or under a new one when it has none."""

    origin: str
    place: str
    resource_type: str
    fhir_id: str | None
    text: bytes
    full_url: str | None = None

    @property
    def method(self) -> str:
        """PUT with an id, POST without."""
        return "POST" if self.fhir_id is None else "PUT"

    @property
    def url(self) -> str:
        """Where it goes, relative to the base."""
        return self.resource_type if self.fhir_id is None else f"{self.resource_type}/{self.fhir_id}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered of a bundle's entry: its place in its origin, method and type."""

    place: str
    method: str
    resource_type: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request. `repeatable`: sending it twice does no more than sending it once.

    `pieces` are the resources of a transaction made here, which may be sent in parts; a bundle from a file has none.
    Parcels of one `lane` are sent one after the other. `final`: what fails now is not tried again later.
    """

    origin: str
    method: str
    url: str
    body: bytes
    entries: Sequence[Entry]
    repeatable: bool
    is_bundle: bool = True
    pieces: Sequence[Piece] = ()
    lane: int | None = None
    final: bool = False


class _Head(msgspec.Struct):
    resource_type: str = msgspec.field(name="resourceType", default="")
    fhir_id: str | None = msgspec.field(name="id", default=None)


class _Request(msgspec.Struct):
    method: str = ""
    url: str = ""
    if_none_exist: str | None = msgspec.field(name="ifNoneExist", default=None)


class _Search(msgspec.Struct):
    mode: str | None = None


class _BundleEntry(msgspec.Struct):
    full_url: str | None = msgspec.field(name="fullUrl", default=None)
    resource: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    request: _Request | None = None
    search: _Search | None = None


class _Bundle(msgspec.Struct):
    type: str = ""
    entry: list[_BundleEntry] = []


_head: Final = msgspec.json.Decoder(_Head)
_bundle: Final = msgspec.json.Decoder(_Bundle)


def opened(document: Document) -> Parcel | list[Piece]:
    """A transaction or batch as the parcel that it is, anything else as its pieces. Raises NoResource."""
    head = _decoded(_head, document.text)
    if not head.resource_type.isalpha():
        raise NoResource("has no resourceType, so it is no FHIR resource")
    if head.resource_type != "Bundle":
        return [Piece(document.origin, document.place, head.resource_type, head.fhir_id, document.text)]
    bundle = _decoded(_bundle, document.text)
    if bundle.type in _REQUESTS:
        return _as_it_is(document, bundle)
    if bundle.type in _CONTAINERS:
        return _taken_out(document, bundle)
    return [Piece(document.origin, document.place, "Bundle", head.fhir_id, document.text)]


def transaction(pieces: Sequence[Piece], *, lane: int | None = None, final: bool = False) -> Parcel:
    """One transaction of these pieces."""
    body = b'{"resourceType":"Bundle","type":"transaction","entry":[' + b",".join(map(_entry, pieces)) + b"]}"
    return Parcel(
        pieces[0].origin, "POST", "", body, _entries(pieces), _are_repeatable(pieces),
        pieces=tuple(pieces), lane=lane, final=final,
    )  # fmt: skip


def single(piece: Piece, *, final: bool = False) -> Parcel:
    """One piece as a request of its own."""
    return Parcel(
        piece.origin, piece.method, piece.url, piece.text, _entries((piece,)), piece.fhir_id is not None,
        is_bundle=False, pieces=(piece,), final=final,
    )  # fmt: skip


def belong_together(pieces: Sequence[Piece]) -> bool:
    """Whether they refer to each other by urn:, which only works inside one transaction."""
    return any(piece.full_url is not None for piece in pieces)


def _entries(pieces: Iterable[Piece]) -> tuple[Entry, ...]:
    return tuple(Entry(piece.place, piece.method, piece.resource_type) for piece in pieces)


def _are_repeatable(pieces: Iterable[Piece]) -> bool:
    return all(piece.fhir_id is not None for piece in pieces)


def _entry(piece: Piece) -> bytes:
    name = b"" if piece.full_url is None else b'"fullUrl":' + msgspec.json.encode(piece.full_url) + b","
    request = msgspec.json.encode({"method": piece.method, "url": piece.url})
    return b"{" + name + b'"resource":' + piece.text + b',"request":' + request + b"}"


def _as_it_is(document: Document, bundle: _Bundle) -> Parcel:
    requests = [entry.request or _Request() for entry in bundle.entry]
    entries = tuple(
        Entry(_inside(document, number), request.method, _type_in(request.url))
        for number, request in enumerate(requests)
    )
    repeatable = all(request.method in _REPEATABLE or request.if_none_exist for request in requests)
    return Parcel(document.origin, "POST", "", document.text, entries, repeatable)


def _inside(document: Document, number: int) -> str:
    return f"{document.place} entry {number}".strip()


def _type_in(url: str) -> str:
    """The resource type in a request's URL, which may be relative or absolute; "" when it names none."""
    return next((part for part in re.split(r"[/?]", url) if part[:1].isupper() and part.isalpha()), "")


def _taken_out(document: Document, bundle: _Bundle) -> list[Piece]:
    pieces = []
    for number, entry in enumerate(bundle.entry):
        text = bytes(entry.resource)
        if not text or (entry.search is not None and entry.search.mode == "outcome"):
            continue
        head = _decoded(_head, text)
        if not head.resource_type.isalpha():
            raise NoResource(f"has a resource without resourceType in entry {number}")
        urn = entry.full_url if (entry.full_url or "").startswith("urn:") else None
        pieces.append(Piece(document.origin, _inside(document, number), head.resource_type, head.fhir_id, text, urn))
    return pieces


def _decoded(decoder: msgspec.json.Decoder[Kind], text: bytes) -> Kind:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoResource(f"is no JSON of a FHIR resource: {error}") from None
    except RecursionError:
        raise NoResource("is nested too deeply") from None
