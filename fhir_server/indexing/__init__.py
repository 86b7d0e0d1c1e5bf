"""From resources to index rows: what a resource says under each search parameter.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from fhir_server.definitions import parameter_number
from fhir_server.indexing.contained import Contained, extract_contained
from fhir_server.indexing.extraction import extract, extract_values
from fhir_server.indexing.intervals import approximate_interval, date_interval, number, precision_interval
from fhir_server.indexing.normalize import normalize_string
from fhir_server.indexing.references import LiteralReference, parse_reference
from fhir_server.indexing.values import (
    CompositeValue,
    DateValue,
    IndexRows,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
)

__all__ = [
    "CompositeValue",
    "Contained",
    "DateValue",
    "IndexRows",
    "LiteralReference",
    "NumberValue",
    "QuantityValue",
    "ReferenceValue",
    "StringValue",
    "TokenValue",
    "UriValue",
    "approximate_interval",
    "date_interval",
    "extract",
    "extract_contained",
    "extract_values",
    "normalize_string",
    "number",
    "parameter_number",
    "parse_reference",
    "precision_interval",
]
