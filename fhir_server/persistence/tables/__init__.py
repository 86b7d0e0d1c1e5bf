"""Every table of the database as the newest migration leaves it, as SQLAlchemy Core metadata."""

from fhir_server.persistence.tables.accounts import (
    accounts,
    organizations,
    roles,
    user_organizations,
    user_roles,
    users,
)
from fhir_server.persistence.tables.analytics import clinical_opportunities, commission_records, opportunity_risks
from fhir_server.persistence.tables.audit import fhir_audit_logs, order_audit_logs
from fhir_server.persistence.tables.clinical import (
    fhir_facilities,
    fhir_observations,
    fhir_patients,
    fhir_practitioners,
)
from fhir_server.persistence.tables.columns import METADATA, Xid8
from fhir_server.persistence.tables.definitions import canonical_base, own_definitions
from fhir_server.persistence.tables.documents import (
    docuseal_files,
    docuseal_submissions,
    ivr_answers,
    patient_manufacturer_ivr_episodes,
)
from fhir_server.persistence.tables.history import HISTORY, VERSIONED, resource_type_of
from fhir_server.persistence.tables.insurance import (
    eligibility_checks,
    eligibility_coverages,
    medicare_mac_validations,
    prior_authorizations,
)
from fhir_server.persistence.tables.lifecycles import commission_plans, lifecycles, texts, transitions
from fhir_server.persistence.tables.orders import (
    categories,
    manufacturers,
    order_items,
    order_shipments,
    orders,
    product_requests,
    products,
)
from fhir_server.persistence.tables.parameters import index_rebuilds, search_parameter_changes, search_parameters
from fhir_server.persistence.tables.patients import (
    fhir_patient_addresses,
    fhir_patient_identifiers,
    fhir_patient_names,
    fhir_patient_strings,
    fhir_patient_telecoms,
)
from fhir_server.persistence.tables.stores import INDEXED_TEXT, OPEN, PHI, TOMBSTONES
from fhir_server.persistence.tables.units import fhir_ucum_units

__all__ = [
    "HISTORY",
    "INDEXED_TEXT",
    "METADATA",
    "OPEN",
    "PHI",
    "TOMBSTONES",
    "VERSIONED",
    "Xid8",
    "accounts",
    "canonical_base",
    "categories",
    "clinical_opportunities",
    "commission_plans",
    "commission_records",
    "docuseal_files",
    "docuseal_submissions",
    "eligibility_checks",
    "eligibility_coverages",
    "fhir_audit_logs",
    "fhir_facilities",
    "fhir_observations",
    "fhir_patient_addresses",
    "fhir_patient_identifiers",
    "fhir_patient_names",
    "fhir_patient_strings",
    "fhir_patient_telecoms",
    "fhir_patients",
    "fhir_practitioners",
    "fhir_ucum_units",
    "index_rebuilds",
    "ivr_answers",
    "lifecycles",
    "manufacturers",
    "medicare_mac_validations",
    "opportunity_risks",
    "order_audit_logs",
    "order_items",
    "order_shipments",
    "orders",
    "organizations",
    "own_definitions",
    "patient_manufacturer_ivr_episodes",
    "prior_authorizations",
    "product_requests",
    "products",
    "resource_type_of",
    "roles",
    "search_parameter_changes",
    "search_parameters",
    "texts",
    "transitions",
    "user_organizations",
    "user_roles",
    "users",
]
