"""A table with a column of every kind, for the tests of words."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
table = Table(
    "things",
    metadata,
    Column("fhir_id", String(64), primary_key=True),
    Column("document_version", BigInteger),
    Column("name", String(20), nullable=False),
    Column("text", Text),
    Column("short", String(5)),
    Column("flag", Boolean),
    Column("day", Date),
    Column("partial", String(10)),
    Column("start", DateTime(timezone=True)),
    Column("end", DateTime(timezone=True)),
    Column("number", Integer),
    Column("amount", Numeric(10, 2)),
    Column("key", BigInteger),
    Column("data", JSONB),
    Column("listed", JSONB),
    Column("texts", ARRAY(Text)),
)
children = Table(
    "thing_items",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("thing_id", ForeignKey("things.fhir_id")),
    Column("position", Integer),
    Column("kind", Text),
    Column("value", Text),
)
t, c = table.c, children.c
