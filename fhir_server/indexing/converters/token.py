"""Token parameters: codes with their systems, their display texts for `:text`, typed identifiers for `:of-type`.

https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.definitions import required_system
from fhir_server.indexing.converters.contract import Context, Converter
from fhir_server.indexing.normalize import normalize_string

TokenRow: TypeAlias = tuple[str | None, str]
TextRow: TypeAlias = tuple[str, str]


def _coding(value: Any, path: str, context: Context) -> tuple[TokenRow, ...]:
    code = value.get("code")
    return () if code is None else ((value.get("system"), code),)


def _codeable_concept(value: Any, path: str, context: Context) -> list[TokenRow]:
    return [(coding.get("system"), coding["code"]) for coding in value.get("coding", ()) if "code" in coding]


def _identifier(value: Any, path: str, context: Context) -> tuple[TokenRow, ...]:
    text = value.get("value")
    return () if text is None else ((value.get("system"), text),)


def _code(value: Any, path: str, context: Context) -> tuple[TokenRow, ...]:
    return ((required_system(path, value), value),)


def _boolean(value: Any, path: str, context: Context) -> tuple[TokenRow, ...]:
    return ((None, "true" if value else "false"),)


def _text(value: Any, path: str, context: Context) -> tuple[TokenRow, ...]:
    return ((None, value),)


def _coding_text(value: Any, path: str, context: Context) -> tuple[TextRow, ...]:
    display = value.get("display")
    return () if display is None else ((display, normalize_string(display)),)


def _codeable_concept_text(value: Any, path: str, context: Context) -> Iterator[TextRow]:
    text = value.get("text")
    if text is not None:
        yield text, normalize_string(text)
    for coding in value.get("coding", ()):
        display = coding.get("display")
        if display is not None and display != text:
            yield display, normalize_string(display)


def _identifier_text(value: Any, path: str, context: Context) -> tuple[TextRow, ...]:
    text = value.get("type", {}).get("text")
    return () if text is None else ((text, normalize_string(text)),)


def _identifier_of_type(value: Any, path: str, context: Context) -> Iterator[TokenRow]:
    text = value.get("value")
    if text is not None:
        for coding in value.get("type", {}).get("coding", ()):
            if "code" in coding:
                yield f"{coding.get('system', '')}|{coding['code']}", text


CODES: Mapping[str, Converter] = {
    "Coding": _coding,
    "CodeableConcept": _codeable_concept,
    "Identifier": _identifier,
    # The kind of contact (phone, email) takes the place of a system.
    "ContactPoint": _identifier,
    "code": _code,
    "boolean": _boolean,
    "string": _text,
    "id": _text,
    "uri": _text,
}

TEXTS: Mapping[str, Converter] = {
    "Coding": _coding_text,
    "CodeableConcept": _codeable_concept_text,
    "Identifier": _identifier_text,
}

OF_TYPE: Mapping[str, Converter] = {"Identifier": _identifier_of_type}
