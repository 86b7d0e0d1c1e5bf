"""Which converter turns values of a data type into the rows of a search parameter: one table for all parameter types.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_server.indexing.converters.contract import Context, Converter
from fhir_server.indexing.converters.date import DATES
from fhir_server.indexing.converters.number import NUMBERS
from fhir_server.indexing.converters.quantity import QUANTITIES
from fhir_server.indexing.converters.reference import CONTAINED, REFERENCES
from fhir_server.indexing.converters.string import STRINGS
from fhir_server.indexing.converters.token import CODES, OF_TYPE, TEXTS
from fhir_server.indexing.converters.uri import URIS


@dataclass(frozen=True, slots=True)
class Conversion:
    """Converters by data type; their rows go to the table `kind` under the parameter's name and `suffix`."""

    kind: str
    converters: Mapping[str, Converter]
    suffix: str = ""


CONVERSIONS: Mapping[str, tuple[Conversion, ...]] = {
    "token": (
        Conversion("token", CODES),
        Conversion("string", TEXTS, ":text"),
        Conversion("token", OF_TYPE, ":of-type"),
    ),
    "string": (Conversion("string", STRINGS),),
    "reference": (Conversion("reference", REFERENCES), Conversion("reference", CONTAINED, ":contained")),
    "date": (Conversion("date", DATES),),
    "number": (Conversion("number", NUMBERS),),
    "quantity": (Conversion("quantity", QUANTITIES),),
    "uri": (Conversion("uri", URIS),),
    # Composites bind their components within one node (see composites); special parameters have no rows, nor have those
    # that the words, the position or the names of a resource answer.
    "composite": (),
    "special": (),
    "text": (),
    "near": (),
    "phonetic": (),
}

__all__ = ["CONVERSIONS", "Context", "Conversion", "Converter"]
