"""Which format the answer has and which formats a body may have.

https://hl7.org/fhir/R4/http.html#mime-type and https://hl7.org/fhir/R4/http.html#version-parameter
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from fhir_server.errors import InvalidRequest, NotAcceptable, UnsupportedMediaType

FHIR_JSON: Final = "application/fhir+json"
FORM: Final = "application/x-www-form-urlencoded"

# In the order of preference where the client likes several equally; the last one is what DSTU2 clients say.
JSON_TYPES: Final = (FHIR_JSON, "application/json", "text/json", "application/json+fhir")
PATCH_TYPES: Final = ("application/json-patch+json", "application/merge-patch+json", *JSON_TYPES)

_FORMAT_CODES: Final = {"json": FHIR_JSON, **{media_type: media_type for media_type in JSON_TYPES}}
_OWN_VERSIONS: Final = ("4.0", "4.0.1")
_LONGEST_REMEMBERED: Final = 512


class MediaRange(NamedTuple):
    """One element of an Accept header, or a Content-Type; names in lower case, parameter values as written."""

    type: str
    subtype: str
    parameters: dict[str, str]
    quality: float

    @property
    def full_type(self) -> str:
        """`type/subtype`."""
        return f"{self.type}/{self.subtype}"


def response_type(accept: str | None, formats: Sequence[str] = ()) -> str:
    """The Content-Type to answer with; `formats` are the values of `_format`, which win over `accept`.

    Raises NotAcceptable when the client takes nothing that can be produced, InvalidRequest for several `_format`.
    """
    if len(formats) > 1:
        raise InvalidRequest("_format is given more than once.")
    wish = formats[0] if formats else ""
    if len(wish) + len(accept or "") > _LONGEST_REMEMBERED:
        return _response_type.__wrapped__(accept, wish)
    return _response_type(accept, wish)


@lru_cache(maxsize=256)
def _response_type(accept: str | None, wish: str) -> str:
    if wish.strip():
        return _for_format(wish)
    if accept is None or not accept.strip():
        return _content_type(FHIR_JSON)
    return _for_accept(accept)


def _for_format(wish: str) -> str:
    # A "+" that was not percent-encoded has become a blank by now.
    media_type, _, parameters = wish.strip().partition(";")
    wanted = _FORMAT_CODES.get(media_type.strip().lower().replace(" ", "+"))
    if wanted is None:
        raise NotAcceptable(
            "The format asked for with _format cannot be produced; this server speaks JSON (application/fhir+json)."
        )
    version = _parameters(parameters).get("fhirversion")
    if version is not None and version not in _OWN_VERSIONS:
        raise NotAcceptable("The FHIR version asked for with _format cannot be produced; this server speaks 4.0.")
    return _content_type(wanted, version)


def _for_accept(accept: str) -> str:
    ranges = [parsed for element in split_outside_quotes(accept, ",") if (parsed := parse_media_range(element))]
    best: tuple[float, int, int] | None = None
    chosen = ""
    for position, media_type in enumerate(JSON_TYPES):
        match = _best_match(media_type, ranges)
        if match is None:
            continue
        specificity, quality, version = match
        # A type that is named wins over one that a wildcard allows: "application/json, */*" wants application/json.
        rank = (quality, specificity, -position)
        if quality > 0 and (best is None or rank > best):
            best, chosen = rank, _content_type(media_type, version)
    if not chosen:
        raise NotAcceptable(
            "None of the formats in Accept can be produced; this server speaks application/fhir+json, FHIR version 4.0."
        )
    return chosen


def _best_match(media_type: str, ranges: list[MediaRange]) -> tuple[int, float, str | None] | None:
    """The most specific range that covers `media_type`, as (specificity, quality, version said)."""
    main = media_type.partition("/")[0]
    found: tuple[int, float, str | None] | None = None
    for accepted in ranges:
        version = accepted.parameters.get("fhirversion")
        if version is not None and version not in _OWN_VERSIONS:
            continue
        if accepted.full_type == media_type:
            specificity = 2
        elif accepted.full_type == f"{main}/*":
            specificity = 1
        elif accepted.full_type == "*/*":
            specificity = 0
        else:
            continue
        candidate = (specificity, accepted.quality, version)
        if found is None or candidate[:2] > found[:2]:
            found = candidate
    return found


def _content_type(media_type: str, version: str | None = None) -> str:
    return f"{media_type}; fhirVersion=4.0; charset=utf-8" if version else f"{media_type}; charset=utf-8"


def parse_media_range(text: str) -> MediaRange | None:
    """`text` as a media range, or None when it is none; a quality that is not a number from 0 to 1 counts as 1."""
    media_type, _, rest = text.strip().partition(";")
    main, slash, subtype = media_type.strip().lower().partition("/")
    if not slash:
        # Java's URLConnection sends a bare "*" for */*.
        if main != "*":
            return None
        subtype = "*"
    if not main or not subtype:
        return None
    parameters = _parameters(rest)
    return MediaRange(main, subtype, parameters, _quality(parameters.pop("q", "1")))


def _quality(text: str) -> float:
    if len(text) > 5 or not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return 1.0
    return min(float(text), 1.0)


def _parameters(text: str) -> dict[str, str]:
    parameters = {}
    for part in split_outside_quotes(text, ";"):
        name, equals, value = part.partition("=")
        if equals:
            parameters[name.strip().lower()] = value.strip().strip('"')
    return parameters


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """`text` cut at each `separator` that is not inside a quoted string; linear in the length."""
    if '"' not in text:
        return text.split(separator)
    parts, start, quoted, position = [], 0, False, 0
    while position < len(text):
        character = text[position]
        if character == '"':
            quoted = not quoted
        elif character == "\\" and quoted:
            position += 1
        elif character == separator and not quoted:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    parts.append(text[start:])
    return parts


def body_type(content_type: str | None, allowed: Sequence[str] | None) -> str | None:
    """The bare media type of a body that came with this Content-Type; None where there is none.

    `allowed` lists what the interaction reads (None = anything). Raises UnsupportedMediaType for another type, for
    another FHIR version, and for text that is not UTF-8.
    """
    if content_type is None or not content_type.strip():
        if allowed is None:
            return None
        raise UnsupportedMediaType(f"The body has no Content-Type; send {_in_words(allowed)}.")
    parsed = parse_media_range(content_type)
    if parsed is None or (allowed is not None and parsed.full_type not in allowed):
        known = "this interaction reads " + _in_words(allowed) if allowed else "it is not a media type"
        raise UnsupportedMediaType(f"The Content-Type is not supported; {known}.")
    if parsed.parameters.get("fhirversion", "4.0") not in _OWN_VERSIONS:
        raise UnsupportedMediaType("The body is said to be of another FHIR version; this server reads 4.0.")
    if allowed is not None and parsed.parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("The body is said to be in another charset; FHIR is UTF-8.")
    return parsed.full_type


def _in_words(allowed: Sequence[str]) -> str:
    return allowed[0] if len(allowed) == 1 else ", ".join(allowed[:-1]) + " or " + allowed[-1]


def allowed_body_types(method: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
    """What the body of this interaction may be; None = anything (Binary takes the file itself)."""
    if method == "PATCH":
        return PATCH_TYPES
    if method == "POST" and path and path[-1] == "_search":
        return (FORM,)
    if path and path[0] == "Binary" and len(path) <= 2:
        return None
    return JSON_TYPES


class Presentation(NamedTuple):
    """What a query says about the look of the answer, and the query without that."""

    query: str
    formats: tuple[str, ...]
    pretty: bool


def take_presentation(query: str) -> Presentation:
    """Takes `_format` and `_pretty` out of a raw query string and leaves the rest exactly as it was written."""
    # Names may be percent-encoded too ("%5Fformat"), so any "%" before "=" needs the long way.
    if "_format" not in query and "_pretty" not in query and "%" not in query:
        return Presentation(query, (), False)
    kept: list[str] = []
    formats: list[str] = []
    pretty: list[str] = []
    taken = {"_format": formats, "_pretty": pretty}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        values = taken.get(unquote_plus(name) if "%" in name else name)
        if values is None:
            kept.append(part)
        else:
            values.append(unquote_plus(value))
    return Presentation("&".join(kept), tuple(value for value in formats if value.strip()), _is_pretty(pretty))


def _is_pretty(values: list[str]) -> bool:
    if any(value.lower() not in ("true", "false", "") for value in values):
        raise InvalidRequest("_pretty must be true or false.")
    return bool(values) and values[-1].lower() == "true"
