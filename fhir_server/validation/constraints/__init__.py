"""The invariants of R4 by the place they apply to, and the ones that are checked elsewhere or not at all.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from collections.abc import Mapping

from fhir_server.validation.constraints import (
    administrative,
    bundles,
    clinical,
    conformance,
    datatypes,
    knowledge,
    structures,
    terminology,
    testing,
)
from fhir_server.validation.constraints.predicates import Constraint, Constraints

__all__ = ["CHECKED_ELSEWHERE", "CONSTRAINTS", "NOT_CHECKED", "Constraint"]

CONSTRAINTS: Constraints = {
    **datatypes.CONSTRAINTS,
    **bundles.CONSTRAINTS,
    **clinical.CONSTRAINTS,
    **administrative.CONSTRAINTS,
    **conformance.CONSTRAINTS,
    **terminology.CONSTRAINTS,
    **structures.CONSTRAINTS,
    **knowledge.CONSTRAINTS,
    **testing.CONSTRAINTS,
}

CHECKED_ELSEWHERE: Mapping[str, str] = {
    "dom-2": "fhir_server.validation.containment",
    "dom-3": "fhir_server.validation.containment",
    "dom-4": "fhir_server.validation.containment",
    "dom-5": "fhir_server.validation.containment",
    "ref-1": "fhir_server.validation.references",
    "ele-1": "fhir_server.validation.walk",
    "txt-2": "fhir_server.validation.narrative",
}
"""Constraints that need more than the object they stand on."""

NOT_CHECKED: Mapping[str, str] = {
    "ppc-2": "the published expression asks for the code system 'something', so it can never fail",
    "ppc-3": "as ppc-2",
    "ppc-4": "as ppc-2",
    "ppc-5": "as ppc-2",
    "sdf-19": "it only concerns the specification's own definitions",
}
"""Constraints of severity error that are left out, and why."""
