"""Reference parameters: literal and logical references, canonicals, uris, and resources that stand in a Bundle.

https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from fhir_server.indexing.converters.contract import Context, Converter, nothing
from fhir_server.indexing.references import LiteralReference, declared_type, parse_reference

ReferenceRow: TypeAlias = tuple[str | None, str | None, str | None, str | None, str | None, str | None]

_NOWHERE = LiteralReference(None, None, None, None)


def _reference(value: Any, path: str, context: Context) -> tuple[ReferenceRow, ...]:
    text = value.get("reference")
    # What is contained cannot be found on its own.
    literal = _NOWHERE if text is None or text.startswith("#") else parse_reference(text, context.base_url)
    identifier = value.get("identifier")
    if identifier is not None and "value" in identifier:
        target_type = literal.target_type or declared_type(value)
        return ((target_type, *literal[1:], identifier.get("system"), identifier["value"]),)
    return () if literal is _NOWHERE else ((*literal, None, None),)


def _contained(value: Any, path: str, context: Context) -> tuple[ReferenceRow, ...]:
    text = value.get("reference")
    # A lone # is the container itself, which is no resource of its own to look into.
    return () if text is None or len(text) < 2 or text[0] != "#" else ((None, None, None, text, None, None),)


def _canonical(value: Any, path: str, context: Context) -> tuple[ReferenceRow, ...]:
    if value.startswith("#"):
        return ()
    url, _, version = value.partition("|")
    return ((None, None, version or None, url, None, None),)


def _uri(value: Any, path: str, context: Context) -> tuple[ReferenceRow, ...]:
    return ((None, None, None, value, None, None),)


def _resource(value: Any, path: str, context: Context) -> tuple[ReferenceRow, ...]:
    if "id" not in value:
        return ()
    return ((value.get("resourceType"), value["id"], None, None, None, None),)


REFERENCES: Mapping[str, Converter] = {
    "Reference": _reference,
    "canonical": _canonical,
    "uri": _uri,
    "Resource": _resource,
    "Attachment": nothing,
}

CONTAINED: Mapping[str, Converter] = {"Reference": _contained}
"""Gives rows for chains alone, under a name of their own, with `#id` as url: nothing else finds what is contained."""
