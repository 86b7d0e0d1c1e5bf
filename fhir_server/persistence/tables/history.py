"""Where replaced rows go: for each versioned table a table with the same columns in the schema `history`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Column, Index, Table, text

from fhir_server.persistence.tables.accounts import organizations, user_organizations
from fhir_server.persistence.tables.analytics import clinical_opportunities, commission_records, opportunity_risks
from fhir_server.persistence.tables.clinical import (
    fhir_facilities,
    fhir_observations,
    fhir_patients,
    fhir_practitioners,
)
from fhir_server.persistence.tables.columns import METADATA
from fhir_server.persistence.tables.documents import (
    docuseal_files,
    docuseal_submissions,
    ivr_answers,
    patient_manufacturer_ivr_episodes,
)
from fhir_server.persistence.tables.insurance import (
    eligibility_checks,
    eligibility_coverages,
    medicare_mac_validations,
    prior_authorizations,
)
from fhir_server.persistence.tables.orders import (
    manufacturers,
    order_items,
    order_shipments,
    orders,
    product_requests,
    products,
)
from fhir_server.persistence.tables.stores import OPEN, PHI

_RESOURCE_TYPES: Mapping[Table, str | None] = MappingProxyType(
    {
        fhir_patients: "Patient",
        fhir_observations: "Observation",
        fhir_practitioners: "Practitioner",
        fhir_facilities: "Location",
        organizations: "Organization",
        manufacturers: "Organization",
        user_organizations: "PractitionerRole",
        products: "DeviceDefinition",
        product_requests: "DeviceRequest",
        orders: "Task",
        order_items: "SupplyRequest",
        order_shipments: "SupplyDelivery",
        eligibility_checks: "CoverageEligibilityResponse",
        eligibility_coverages: "Coverage",
        prior_authorizations: "ClaimResponse",
        medicare_mac_validations: "Task",
        patient_manufacturer_ivr_episodes: "Task",
        docuseal_submissions: "DocumentReference",
        docuseal_files: "Binary",
        commission_records: "Basic",
        clinical_opportunities: "Task",
        opportunity_risks: "RiskAssessment",
        ivr_answers: "QuestionnaireResponse",
        PHI.resources: None,
        OPEN.resources: None,
    }
)

VERSIONED: tuple[Table, ...] = tuple(_RESOURCE_TYPES)
"""The tables whose rows are resources: every change makes a version."""


def resource_type_of(table: Table) -> str | None:
    """The type of all resources in a versioned table; None for the generic stores, where a column says it."""
    return _RESOURCE_TYPES[table]


def _history_of(table: Table) -> Table:
    # both stores have a table of this name, and they must stay apart: one holds PHI
    name = f"{table.schema}_{table.name}" if table.schema else table.name
    key = ("fhir_id", "version_id") if table.schema is None else ("resource_type", "fhir_id", "version_id")
    columns = [
        Column(
            column.name,
            column.type,
            primary_key=column.name in key,
            nullable=column.nullable,
            autoincrement=False,
        )
        for column in table.columns
    ]
    newest = [text("updated_at DESC"), text("fhir_id DESC")]
    indexed = newest if table.schema is None else [text("resource_type"), *newest]
    return Table(name, METADATA, *columns, Index(f"{name}_updated_at", *indexed), schema="history")


HISTORY: Mapping[Table, Table] = MappingProxyType({table: _history_of(table) for table in VERSIONED})
"""A versioned table's replaced rows."""
