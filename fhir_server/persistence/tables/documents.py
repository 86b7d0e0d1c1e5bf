"""Insurance verification episodes and the documents they produce."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
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

patient_manufacturer_ivr_episodes = Table(
    "patient_manufacturer_ivr_episodes",
    METADATA,
    identity(),
    Column("episode_number", String(50), nullable=False, unique=True),
    Column("patient_fhir_id", FHIR_ID, ForeignKey("fhir_patients.fhir_id", ondelete="RESTRICT"), nullable=False),
    Column("manufacturer_id", BigInteger, ForeignKey("manufacturers.id", ondelete="RESTRICT"), nullable=False),
    Column("product_request_id", BigInteger, ForeignKey("product_requests.id", ondelete="RESTRICT")),
    Column("status", String(50), server_default="pending"),
    Column("template_id", String(100)),
    Column("docuseal_submission_id", String(100)),
    Column("form_data", JSONB),
    Column("mapped_data", JSONB),
    Column("completion_status", String(50)),
    Column("completed_at", TIMESTAMPTZ),
    Column("expires_at", TIMESTAMPTZ),
    created_at(),
    updated_at(),
    Index("patient_manufacturer_ivr_episodes_patient_fhir_id", "patient_fhir_id"),
    Index("patient_manufacturer_ivr_episodes_status", "status"),
    Index("patient_manufacturer_ivr_episodes_manufacturer_id", "manufacturer_id"),
    Index("patient_manufacturer_ivr_episodes_product_request_id", "product_request_id"),
)

docuseal_submissions = Table(
    "docuseal_submissions",
    METADATA,
    identity(),
    Column("submission_id", String(100), nullable=False, unique=True),
    Column("template_id", String(100), nullable=False),
    Column("episode_id", BigInteger, ForeignKey("patient_manufacturer_ivr_episodes.id", ondelete="RESTRICT")),
    Column("status", String(50), server_default="pending"),
    Column("submission_url", Text),
    Column("download_url", Text),
    Column("completed_at", TIMESTAMPTZ),
    Column("audit_trail", JSONB),
    Column("metadata", JSONB),
    created_at(),
    updated_at(),
    Index("docuseal_submissions_template_id", "template_id"),
    Index("docuseal_submissions_status", "status"),
    Index("docuseal_submissions_episode_id", "episode_id"),
)
