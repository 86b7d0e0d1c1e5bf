"""Codes of value sets and code systems that are stored on this server (https://hl7.org/fhir/R4/terminology-module.html)."""

from __future__ import annotations

from fhir_server.search.terminology.hierarchy import Hierarchy
from fhir_server.search.terminology.stored import MAX_CODES, Stored, TooManyCodes, Unanswerable
from fhir_server.search.terminology.subsumption import related_codes
from fhir_server.search.terminology.value_sets import Content, definition_content, value_set_content

__all__ = [
    "MAX_CODES",
    "Content",
    "Hierarchy",
    "Stored",
    "TooManyCodes",
    "Unanswerable",
    "definition_content",
    "related_codes",
    "value_set_content",
]
