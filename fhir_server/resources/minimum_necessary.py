"""What callers without PHI rights see: the types, their tables and the columns of these that are shown.

https://hl7.org/fhir/R4/secpriv-module.html and docs/adr/0019-minimum-necessary.md. The views of the schema `business`
withhold everything else; this says the same once more, for the labels and the CapabilityStatement, and a test compares.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.mapping.masking import Masking, Shown
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.tables import (
    HISTORY,
    OPEN,
    PHI,
    commission_records,
    fhir_facilities,
    fhir_practitioners,
    manufacturers,
    order_items,
    order_shipments,
    orders,
    organizations,
    product_requests,
    products,
    user_organizations,
)
from fhir_server.resources.registry import DECLARED, OPEN_TYPES

SCHEMAS = MappingProxyType({None: "business", "phi": "business", "open": "business", "history": "business_history"})
"""Documents and index rows of both stores are there too, and empty."""

_VERSION = ("fhir_id", "resource_key", "version_id", "updated_at", "deleted_at", "created_at")


def _shown(*columns: str, opaque: tuple[str, ...] = ()) -> Shown:
    return Shown(frozenset((*_VERSION, *columns, *opaque)), frozenset(opaque))


SHOWN = MappingProxyType(
    {
        orders: _shown(
            "order_number",
            "product_request_fhir_id",
            "manufacturer_fhir_id",
            "requester_fhir_id",
            "total_amount",
            "status",
            "priority",
            "expected_ship_date",
            "tracking_number",
            "shipping_carrier",
            opaque=("patient_fhir_id",),
        ),
        order_items: _shown(
            "quantity",
            "unit_price",
            "total_price",
            "line_number",
            "order_fhir_id",
            "order_number",
            "line_identifier",
            "order_status",
            "order_created_at",
            "manufacturer_fhir_id",
            "requester_fhir_id",
            "facility_fhir_id",
            "product_snapshot",
            opaque=("patient_fhir_id", "recipient_fhir_id"),
        ),
        product_requests: _shown(
            "request_number",
            "requester_fhir_id",
            "organization_fhir_id",
            "facility_fhir_id",
            "status",
            "priority",
            "submitted_at",
            "completed_at",
            "product_name",
            "product_hcpcs_code",
            "product_sku",
            "has_several_products",
            opaque=("patient_fhir_id",),
        ),
        order_shipments: _shown(
            "order_number",
            "status",
            "tracking_number",
            "shipping_carrier",
            "manufacturer_fhir_id",
            "order_fhir_id",
            "facility_fhir_id",
            "line_fhir_ids",
            "shipped_at",
            opaque=("patient_fhir_id",),
        ),
        commission_records: _shown(
            "sales_rep_fhir_id",
            "order_fhir_id",
            "organization_fhir_id",
            "commission_type",
            "base_amount",
            "commission_rate",
            "commission_amount",
            "tier_level",
            "period_month",
            "period_year",
            "status",
            "paid_at",
        ),
        products: _shown(
            "name",
            "sku",
            "upc",
            "hcpcs_code",
            "unit_of_measure",
            "status",
            "requires_prior_auth",
            "manufacturer_fhir_id",
        ),
        manufacturers: _shown("name", "display_name", "code", "website", "status"),
        organizations: _shown("name", "type", "status", "city", "region", "postal_code", "country"),
        fhir_facilities: _shown("name", "type", "status", "organization_fhir_id"),
        fhir_practitioners: _shown("active", "npi_number", "user_snapshot"),
        user_organizations: _shown("role", "practitioner_fhir_id", "organization_fhir_id"),
    }
)


@cache
def business_registry() -> Registry:
    """The registry of callers without PHI rights: a type that no shown table holds is unknown to them."""
    store_of = dict.fromkeys(OPEN_TYPES, OPEN)
    return Registry(DECLARED, RESOURCE_TYPES, store_of, PHI, HISTORY, masking=Masking(SHOWN, SCHEMAS))
