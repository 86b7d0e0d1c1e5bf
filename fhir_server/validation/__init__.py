"""Whether a resource may be stored: the rules of FHIR R4 (4.0.1) for shape, codes, references, invariants, narrative.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from fhir_server.validation.findings import STATUS, status_of
from fhir_server.validation.second_opinion import second_opinion
from fhir_server.validation.validator import raise_if_invalid, validate

__all__ = ["STATUS", "raise_if_invalid", "second_opinion", "status_of", "validate"]
