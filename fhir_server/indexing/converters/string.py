"""String parameters: each text on its own, also the parts of names and addresses.

https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.indexing.converters.contract import Context, Converter
from fhir_server.indexing.normalize import normalize_string

StringRow: TypeAlias = tuple[str, str]

NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
ADDRESS_PARTS = ("line", "city", "district", "state", "postalCode", "country", "text")


def _text(value: Any, path: str, context: Context) -> tuple[StringRow, ...]:
    return ((value, normalize_string(value)),)


def _parts(value: Any, names: tuple[str, ...]) -> Iterator[StringRow]:
    for name in names:
        part = value.get(name)
        if type(part) is list:
            for text in part:
                if text is not None:
                    yield text, normalize_string(text)
        elif part is not None:
            yield part, normalize_string(part)


def _human_name(value: Any, path: str, context: Context) -> Iterator[StringRow]:
    return _parts(value, NAME_PARTS)


def _address(value: Any, path: str, context: Context) -> Iterator[StringRow]:
    return _parts(value, ADDRESS_PARTS)


STRINGS: Mapping[str, Converter] = {
    "string": _text,
    "markdown": _text,
    "HumanName": _human_name,
    "Address": _address,
}
