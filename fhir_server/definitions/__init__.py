"""What FHIR R4 (4.0.1) defines, as data: resource types, elements, bindings, search parameters, compartments.

https://hl7.org/fhir/R4/
"""

from __future__ import annotations

from fhir_server.definitions.added import NOTHING_ADDED, Additions, added, additions, using
from fhir_server.definitions.bindings import code_systems, required_codes, required_system
from fhir_server.definitions.canonical import based, canonical_base, settle_canonical_base
from fhir_server.definitions.compartments import COMPARTMENTS, compartment
from fhir_server.definitions.elements import (
    CHOICE,
    ElementDefinition,
    Property,
    TypeDefinition,
    children,
    element,
    is_a,
    is_list,
    is_primitive,
    mandatory_elements,
    modifier_elements,
    properties,
    reference_targets,
    summary_elements,
    type_definition,
)
from fhir_server.definitions.packaged import packaged
from fhir_server.definitions.parameters import (
    PUBLISHED_TYPES,
    Component,
    SearchParameter,
    parameter_number,
    search_parameters,
    standard_code,
)
from fhir_server.definitions.resource_types import RESOURCE_TYPES

__all__ = [
    "CHOICE",
    "COMPARTMENTS",
    "NOTHING_ADDED",
    "PUBLISHED_TYPES",
    "RESOURCE_TYPES",
    "Additions",
    "Component",
    "ElementDefinition",
    "Property",
    "SearchParameter",
    "TypeDefinition",
    "added",
    "additions",
    "based",
    "canonical_base",
    "children",
    "code_systems",
    "compartment",
    "element",
    "is_a",
    "is_list",
    "is_primitive",
    "mandatory_elements",
    "modifier_elements",
    "packaged",
    "parameter_number",
    "properties",
    "reference_targets",
    "required_codes",
    "required_system",
    "search_parameters",
    "settle_canonical_base",
    "standard_code",
    "summary_elements",
    "type_definition",
    "using",
]
