"""Codes of value sets and code systems that are stored on this server (https://hl7.org/fhir/R4/terminology-module.html)."""

from __future__ import annotations

from fhir_server.search.terminology.stored import MAX_CODES, Stored, TooManyCodes
from fhir_server.search.terminology.subsumption import related_codes
from fhir_server.search.terminology.value_sets import Content, value_set_content

__all__ = ["MAX_CODES", "Content", "Stored", "TooManyCodes", "related_codes", "value_set_content"]
