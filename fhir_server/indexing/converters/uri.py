"""Uri parameters: the text as it is; a canonical with a version is found with and without it.

https://hl7.org/fhir/R4/search.html#uri
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from fhir_server.indexing.converters.contract import Context, Converter

UriRow: TypeAlias = tuple[str]


def _uri(value: Any, path: str, context: Context) -> tuple[UriRow, ...]:
    return ((value,),)


def _canonical(value: Any, path: str, context: Context) -> tuple[UriRow, ...]:
    url, versioned, _ = value.partition("|")
    return ((value,), (url,)) if versioned else ((value,),)


URIS: Mapping[str, Converter] = {
    "uri": _uri,
    "url": _uri,
    "canonical": _canonical,
}
