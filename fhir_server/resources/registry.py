"""The declarations that this server runs, in one place: add a type by adding its line."""

from __future__ import annotations

from functools import cache

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.tables import HISTORY, OPEN, PHI
from fhir_server.resources.access_event import ACCESS_EVENT
from fhir_server.resources.device_definition import DEVICE_DEFINITION
from fhir_server.resources.device_request import DEVICE_REQUEST
from fhir_server.resources.location import LOCATION
from fhir_server.resources.observation import OBSERVATION
from fhir_server.resources.order_event import ORDER_EVENT
from fhir_server.resources.order_task import TASK
from fhir_server.resources.organization import MANUFACTURER_ORGANIZATION, ORGANIZATION
from fhir_server.resources.patient import PATIENT
from fhir_server.resources.practitioner import PRACTITIONER
from fhir_server.resources.practitioner_role import PRACTITIONER_ROLE
from fhir_server.resources.provenance import PORTAL_PROVENANCE, WRITE_PROVENANCE
from fhir_server.resources.supply_request import SUPPLY_REQUEST

DECLARED = (
    PATIENT,
    PRACTITIONER,
    PRACTITIONER_ROLE,
    ORGANIZATION,
    MANUFACTURER_ORGANIZATION,
    LOCATION,
    OBSERVATION,
    DEVICE_DEFINITION,
    DEVICE_REQUEST,
    TASK,
    SUPPLY_REQUEST,
)

LOGS = (ACCESS_EVENT, ORDER_EVENT, WRITE_PROVENANCE, PORTAL_PROVENANCE)

# Types that never hold a patient's data; all others are kept where a role without PHI rights cannot read at all.
OPEN_TYPES = (
    "ActivityDefinition",
    "CapabilityStatement",
    "CodeSystem",
    "ConceptMap",
    "DeviceDefinition",
    "Endpoint",
    "HealthcareService",
    "ImplementationGuide",
    "Location",
    "Medication",
    "NamingSystem",
    "OperationDefinition",
    "Organization",
    "OrganizationAffiliation",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Questionnaire",
    "SearchParameter",
    "StructureDefinition",
    "Substance",
    "ValueSet",
)


@cache
def registry() -> Registry:
    """The registry of all R4 types over the declared tables and the generic stores."""
    return Registry(DECLARED, RESOURCE_TYPES, dict.fromkeys(OPEN_TYPES, OPEN), PHI, HISTORY, LOGS)
