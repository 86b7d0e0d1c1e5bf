"""The rules of requests and orders as the triggers read them (`business/lifecycles.py` in tables)."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, ForeignKey, Integer, String, Table, Text

from fhir_server.persistence.tables.columns import METADATA

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
