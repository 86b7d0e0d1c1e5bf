"""Who signs in, where they work and what they may do."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from fhir_server.persistence.tables.columns import (
    FHIR_ID,
    METADATA,
    TIMESTAMPTZ,
    created_at,
    deleted_at,
    identity,
    updated_at,
    versions,
)

users = Table(
    "users",
    METADATA,
    identity(),
    Column("email", String(255), nullable=False, unique=True),
    Column("email_verified_at", TIMESTAMPTZ),
    Column("password", String(255), nullable=False),
    Column("first_name", String(255), nullable=False),
    Column("last_name", String(255), nullable=False),
    Column("phone", String(20)),
    Column("npi_number", String(10), unique=True),
    Column("owner", Boolean, server_default=false()),
    created_at(),
    updated_at(),
    deleted_at(),
    Index("users_owner", "owner"),
)

accounts = Table(
    "accounts",
    METADATA,
    identity(),
    Column("name", String(255), nullable=False),
    created_at(),
    updated_at(),
)

organizations = Table(
    "organizations",
    METADATA,
    identity(),
    Column("name", String(255), nullable=False),
    Column("account_id", BigInteger, ForeignKey("accounts.id", ondelete="RESTRICT")),
    Column("tax_id", String(20)),
    Column("type", String(50)),
    Column("status", String(20), server_default="active"),
    Column("sales_rep_id", BigInteger, ForeignKey("users.id", ondelete="SET NULL")),
    Column("email", String(255)),
    Column("phone", String(20)),
    Column("address", Text),
    Column("city", String(100)),
    Column("region", String(50)),
    Column("country", String(50), server_default="US"),
    Column("postal_code", String(20)),
    Column("fhir_id", FHIR_ID, nullable=False, unique=True),
    created_at(),
    updated_at(nullable=False),
    deleted_at(),
    *versions(),
    Index("organizations_status", "status"),
    Index("organizations_sales_rep_id", "sales_rep_id"),
    Index("organizations_account_id", "account_id"),
    Index("organizations_resource_key", "resource_key", unique=True),
    Index("organizations_updated_at", text("updated_at DESC"), text("fhir_id DESC")),
    Index(
        "organizations_pending",
        "document_version",
        "version_id",
        "resource_key",
        postgresql_where=text("document_version < version_id"),
    ),
    Index("organizations_normal_name", text('fhir_normalize(name) COLLATE "C"'), "fhir_id"),
)

roles = Table(
    "roles",
    METADATA,
    identity(),
    Column("name", String(100), nullable=False),
    Column("slug", String(100), nullable=False, unique=True),
    Column("permissions", JSONB),
    Column("description", Text),
    created_at(),
    updated_at(),
)

user_roles = Table(
    "user_roles",
    METADATA,
    identity(),
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("role_id", BigInteger, ForeignKey("roles.id", ondelete="CASCADE"), nullable=False),
    Column("assigned_at", TIMESTAMPTZ, server_default=func.now()),
    Column("assigned_by", BigInteger, ForeignKey("users.id", ondelete="SET NULL")),
    UniqueConstraint("user_id", "role_id", name="unique_user_role"),
    Index("user_roles_role_id", "role_id"),
    Index("user_roles_assigned_by", "assigned_by"),
)

user_organizations = Table(
    "user_organizations",
    METADATA,
    identity(),
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
    Column("organization_id", BigInteger, ForeignKey("organizations.id", ondelete="RESTRICT"), nullable=False),
    Column("role", String(50)),
    Column("is_primary", Boolean, server_default=false()),
    created_at(),
    updated_at(nullable=False),
    Column("fhir_id", FHIR_ID, nullable=False, unique=True),
    *versions(),
    deleted_at(),
    Column("practitioner_fhir_id", FHIR_ID),
    Column("organization_fhir_id", FHIR_ID),
    Column("role_codes", JSONB),
    Column("specialty", JSONB),
    UniqueConstraint("user_id", "organization_id", name="unique_user_organization"),
    Index("user_organizations_organization_id", "organization_id"),
    Index("user_organizations_resource_key", "resource_key", unique=True),
    Index("user_organizations_updated_at", text("updated_at DESC"), text("fhir_id DESC")),
    Index(
        "user_organizations_pending",
        "document_version",
        "version_id",
        "resource_key",
        postgresql_where=text("document_version < version_id"),
    ),
    Index("user_organizations_practitioner_fhir_id", "practitioner_fhir_id"),
    Index("user_organizations_organization_fhir_id", "organization_fhir_id"),
)
