"""The rules of requests and orders as the triggers read them (`business/lifecycles.py`), and plans of commissions."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, Date, ForeignKey, Index, Integer, String, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from fhir_server.persistence.tables.columns import METADATA, created_at, identity, updated_at

SCHEMA = "lifecycle"

lifecycles = Table(
    "lifecycles",
    METADATA,
    Column("name", String(50), primary_key=True),
    Column("title", String(50), nullable=False),
    Column("first", String(50), nullable=False),
    schema=SCHEMA,
)

transitions = Table(
    "transitions",
    METADATA,
    Column("lifecycle", String(50), ForeignKey(lifecycles.c.name, ondelete="RESTRICT"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("action", String(50), nullable=False),
    Column("sources", ARRAY(Text), nullable=False),
    Column("target", String(50), nullable=False),
    Column("guards", ARRAY(Text), nullable=False),
    schema=SCHEMA,
)

texts = Table(
    "texts",
    METADATA,
    Column("kind", String(50), primary_key=True),
    Column("text", String(50), primary_key=True),
    Column("means", String(50), nullable=False),
    schema=SCHEMA,
)

commission_plans = Table(
    "commission_plans",
    METADATA,
    identity(),
    Column("name", String(100), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("tiers", JSONB, nullable=False),
    Column("overrides", JSONB, server_default=text("'{}'::jsonb"), nullable=False),
    created_at(),
    updated_at(),
    Index("commission_plans_valid_from", "valid_from"),
)
