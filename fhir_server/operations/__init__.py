"""FHIR operations (`$name`): one module for each, and the table that routes and the CapabilityStatement are made from.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from fhir_server.operations.operation import Operation
from fhir_server.operations.table import OPERATIONS, find_operation

__all__ = ["OPERATIONS", "Operation", "find_operation"]
