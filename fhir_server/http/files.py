"""A Binary that is read as the file that it is, unless FHIR is asked for (https://hl7.org/fhir/R4/binary.html)."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final

from fhir_server.errors import NotAcceptable
from fhir_server.http.negotiation import JSON_TYPES, MediaRange, parse_media_range, response_type, split_outside_quotes
from fhir_server.interactions.request import FhirResponse
from fhir_server.json_text import read_json

_UNKNOWN: Final = "application/octet-stream"
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9_-]+=[A-Za-z0-9_.:\"-]+)*")
_ADDRESS: Final = re.compile(r"/Binary/[^/$?]+(/_history/[^/$?]+)?")


def is_file_address(method: str, path: str, query: str, formats: tuple[str, ...]) -> bool:
    """Whether a request may be for a file: a read or vread of a Binary, whole, in no format that the URL names."""
    return method in ("GET", "HEAD") and not query and not formats and _ADDRESS.fullmatch(path) is not None


def type_of_errors(accept: str | None) -> str:
    """The Content-Type of what is FHIR after all: errors must be told to a client that wants a PDF too."""
    try:
        return response_type(accept)
    except NotAcceptable:
        return response_type(None)


def as_file(response: FhirResponse, accept: str | None) -> FhirResponse:
    """The answer with the content of the Binary in its body, or as it is where the client names a FHIR format.

    Raises NotAcceptable when the client wants neither.
    """
    ranges = [
        parsed for element in split_outside_quotes(accept or "*/*", ",") if (parsed := parse_media_range(element))
    ]
    as_fhir = max((one.quality for one in ranges if one.full_type in JSON_TYPES), default=0.0)
    tree = read_json(response.body or b"{}")
    said = tree.get("contentType", "") if isinstance(tree, dict) else ""
    media_type = said if _MEDIA_TYPE.fullmatch(said) else _UNKNOWN
    as_itself = _quality(media_type, ranges)
    if as_fhir > 0 and (not as_itself or as_itself[1] <= as_fhir or as_itself[0] < 2):
        return response
    if not as_itself or as_itself[1] <= 0:
        raise NotAcceptable(f"The Binary is {media_type}; it can be read as that or as FHIR JSON.")
    headers = {**response.headers, "Content-Type": media_type, "Content-Disposition": "attachment"}
    context = tree.get("securityContext", {}).get("reference", "")
    if context and context.isascii() and context.isprintable():
        headers["X-Security-Context"] = context
    return FhirResponse(response.status, headers, b64decode(tree.get("data", "")))


def _quality(media_type: str, ranges: list[MediaRange]) -> tuple[int, float] | None:
    """How specifically, and how much, the client wants this type; None where it does not speak of it."""
    bare = media_type.partition(";")[0].strip().lower()
    wanted = {bare: 2, f"{bare.partition('/')[0]}/*": 1, "*/*": 0}
    return max(((wanted[one.full_type], one.quality) for one in ranges if one.full_type in wanted), default=None)
