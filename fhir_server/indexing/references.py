"""Reads the text of a literal reference: a local resource, or an address that is kept as it is.

https://hl7.org/fhir/R4/references.html#literal
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fhir_server.definitions import RESOURCE_TYPES

_RESTFUL = re.compile(
    r"(?:(?P<base>.+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?"
)
_CORE_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


class LiteralReference(NamedTuple):
    """`target_type` and `target_id` for a resource of this server, otherwise `url` holds the text as written."""

    target_type: str | None
    target_id: str | None
    target_version: str | None
    url: str | None


def parse_reference(text: str, base_url: str) -> LiteralReference:
    """Reads `Type/id`, `Type/id/_history/v` and the same below `base_url` (http equals https); the rest is a url."""
    match = _RESTFUL.fullmatch(text)
    if match is not None and match["type"] in RESOURCE_TYPES:
        base = match["base"]
        if base is None or _is_same_base(base, base_url):
            return LiteralReference(match["type"], match["id"], match["version"], None)
    return LiteralReference(None, None, None, text)


def referenced_type(reference: dict[str, Any]) -> str | None:
    """The resource type that a Reference says it points to, by its literal or its `type`; nothing is fetched."""
    literal = reference.get("reference")
    if literal is not None:
        match = _RESTFUL.fullmatch(literal)
        if match is not None and match["type"] in RESOURCE_TYPES:
            named: str = match["type"]
            return named
    return declared_type(reference)


def declared_type(reference: dict[str, Any]) -> str | None:
    """`Reference.type` when it names a resource type, also by the address of its definition."""
    declared = reference.get("type")
    if declared is None:
        return None
    name: str = declared.removeprefix(_CORE_DEFINITION)
    return name if name in RESOURCE_TYPES else None


def _is_same_base(base: str, base_url: str) -> bool:
    scheme, found, rest = base.partition("://")
    if not found or scheme not in ("http", "https"):
        return False
    return rest == base_url.partition("://")[2].rstrip("/")
