"""Commissions and clinical opportunities."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from fhir_server.persistence.tables.columns import (
    FHIR_ID,
    METADATA,
    TIMESTAMPTZ,
    created_at,
    identity,
    updated_at,
)

commission_records = Table(
    "commission_records",
    METADATA,
    identity(),
    Column("sales_rep_id", BigInteger, ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
    Column("order_id", BigInteger, ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False),
    Column("organization_id", BigInteger, ForeignKey("organizations.id", ondelete="RESTRICT")),
    Column("commission_type", String(50)),
    Column("base_amount", Numeric(10, 2)),
    Column("commission_rate", Numeric(5, 4)),
    Column("commission_amount", Numeric(10, 2)),
    Column("tier_level", String(20)),
    Column("period_month", Integer),
    Column("period_year", Integer),
    Column("status", String(50), server_default="calculated"),
    Column("paid_at", TIMESTAMPTZ),
    created_at(),
    updated_at(),
    Index("commission_records_sales_rep_id", "sales_rep_id"),
    Index("commission_records_period_year_period_month", "period_year", "period_month"),
    Index("commission_records_status", "status"),
    Index("commission_records_order_id", "order_id"),
    Index("commission_records_organization_id", "organization_id"),
)

clinical_opportunities = Table(
    "clinical_opportunities",
    METADATA,
    identity(),
    Column("patient_fhir_id", FHIR_ID, ForeignKey("fhir_patients.fhir_id", ondelete="RESTRICT"), nullable=False),
    Column("opportunity_type", String(100)),
    Column("risk_score", Numeric(5, 2)),
    Column("priority", String(20), server_default="medium"),
    Column("title", String(255)),
    Column("description", Text),
    Column("recommended_actions", JSONB),
    Column("evidence_data", JSONB),
    Column("status", String(50), server_default="open"),
    Column("assigned_to", BigInteger, ForeignKey("users.id", ondelete="SET NULL")),
    Column("due_date", Date),
    created_at(),
    updated_at(),
    Index("clinical_opportunities_patient_fhir_id", "patient_fhir_id"),
    Index("clinical_opportunities_risk_score", "risk_score"),
    Index("clinical_opportunities_status", "status"),
    Index("clinical_opportunities_assigned_to", "assigned_to"),
)
