"""Whether a resource keeps the rules of a StructureDefinition, and which of these rules were not looked at.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from fhir_server.validation.profiles.check import check_profile
from fhir_server.validation.profiles.library import Library
from fhir_server.validation.profiles.report import Report

__all__ = ["Library", "Report", "check_profile"]
