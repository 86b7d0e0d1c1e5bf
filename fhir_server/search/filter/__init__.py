"""`_filter`: a search written as one expression (https://hl7.org/fhir/R4/search_filter.html)."""

from __future__ import annotations

from fhir_server.search.filter.meaning import Values, read_filter

__all__ = ["Values", "read_filter"]
