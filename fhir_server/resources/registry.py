"""The declarations that this server runs, in one place: add a type by adding its line."""

from __future__ import annotations

from functools import cache

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.tables import HISTORY, OPEN, PHI
from fhir_server.resources.access_event import ACCESS_EVENT
from fhir_server.resources.commission import COMMISSION
from fhir_server.resources.coverage import COVERAGE
from fhir_server.resources.device_definition import DEVICE_DEFINITION
from fhir_server.resources.device_request import DEVICE_REQUEST
from fhir_server.resources.eligibility_check import ELIGIBILITY_CHECK
from fhir_server.resources.form_document import FORM_DOCUMENT
from fhir_server.resources.insurance_verification import INSURANCE_VERIFICATION
from fhir_server.resources.location import LOCATION
from fhir_server.resources.mac_validation import MAC_VALIDATION_TASK
from fhir_server.resources.observation import OBSERVATION
from fhir_server.resources.opportunity import OPPORTUNITY
from fhir_server.resources.order_event import ORDER_EVENT
from fhir_server.resources.order_task import TASK
from fhir_server.resources.organization import MANUFACTURER_ORGANIZATION, ORGANIZATION
from fhir_server.resources.patient import PATIENT
from fhir_server.resources.practitioner import PRACTITIONER
from fhir_server.resources.practitioner_role import PRACTITIONER_ROLE
from fhir_server.resources.prior_authorization import PRIOR_AUTHORIZATION
from fhir_server.resources.provenance import PORTAL_PROVENANCE, WRITE_PROVENANCE
from fhir_server.resources.questionnaire_response import QUESTIONNAIRE_RESPONSE
from fhir_server.resources.risk_assessment import RISK_ASSESSMENT
from fhir_server.resources.signed_file import SIGNED_FILE
from fhir_server.resources.supply_delivery import SUPPLY_DELIVERY
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
    SUPPLY_DELIVERY,
    ELIGIBILITY_CHECK,
    COVERAGE,
    PRIOR_AUTHORIZATION,
    MAC_VALIDATION_TASK,
    INSURANCE_VERIFICATION,
    FORM_DOCUMENT,
    SIGNED_FILE,
    COMMISSION,
    OPPORTUNITY,
    RISK_ASSESSMENT,
    QUESTIONNAIRE_RESPONSE,
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
