"""Append-only trails, one partition a month."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from fhir_server.persistence.tables.columns import (
    METADATA,
    TIMESTAMPTZ,
)

order_audit_logs = Table(
    "order_audit_logs",
    METADATA,
    Column("id", BigInteger, server_default=text("nextval('order_audit_logs_id_seq'::regclass)"), primary_key=True),
    Column("order_id", BigInteger, ForeignKey("orders.id", ondelete="RESTRICT")),
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="RESTRICT")),
    Column("action", String(100), nullable=False),
    Column("old_values", JSONB),
    Column("new_values", JSONB),
    Column("ip_address", String(45)),
    Column("user_agent", Text),
    Column("created_at", TIMESTAMPTZ, server_default=func.now(), primary_key=True),
    Column("product_request_id", BigInteger, ForeignKey("product_requests.id", ondelete="RESTRICT")),
    CheckConstraint("num_nonnulls(order_id, product_request_id) >= 1", name="order_audit_logs_subject"),
    Index("order_audit_logs_order_id", "order_id"),
    Index("order_audit_logs_product_request_id", "product_request_id"),
    Index("order_audit_logs_action", "action"),
    Index("order_audit_logs_created_at", "created_at"),
    Index("order_audit_logs_user_id", "user_id"),
    postgresql_partition_by="RANGE (created_at)",
)

fhir_audit_logs = Table(
    "fhir_audit_logs",
    METADATA,
    Column("id", BigInteger, server_default=text("nextval('fhir_audit_logs_id_seq'::regclass)"), primary_key=True),
    Column("resource_type", String(50), nullable=False),
    Column("resource_id", String(100)),
    Column("operation", String(20), nullable=False),
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="RESTRICT")),
    Column("ip_address", String(45)),
    Column("user_agent", Text),
    Column("outcome", String(20)),
    Column("created_at", TIMESTAMPTZ, server_default=func.now(), primary_key=True),
    Column("entities", ARRAY(Text)),
    Column("query_hash", Text),
    Column("request_id", Text),
    Column("status", Integer),
    Column("caller", Text),
    Index("fhir_audit_logs_resource_type", "resource_type"),
    Index("fhir_audit_logs_operation", "operation"),
    Index("fhir_audit_logs_created_at", "created_at"),
    Index("fhir_audit_logs_user_id", "user_id"),
    Index("fhir_audit_logs_resource_id", "resource_type", "resource_id"),
    Index("fhir_audit_logs_entities", "entities", postgresql_using="gin"),
    postgresql_partition_by="RANGE (created_at)",
)
