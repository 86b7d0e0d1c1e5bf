"""Our own definitions in a database: the base of their urls, and which of its resources they are.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, text

from fhir_server.persistence.tables.columns import C_TEXT, METADATA

canonical_base = Table(
    "canonical_base",
    METADATA,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("base", C_TEXT, nullable=False),
    Column("digest", C_TEXT),
    CheckConstraint("single", name="canonical_base_single_check"),
    schema="open",
)

own_definitions = Table(
    "own_definitions",
    METADATA,
    Column("resource_type", C_TEXT, primary_key=True),
    Column("definition_id", C_TEXT, primary_key=True),
    Column("fhir_id", C_TEXT, nullable=False),
    Column("url", C_TEXT, nullable=False),
    Column("digest", C_TEXT, nullable=False),
    Index("own_definitions_fhir_id", "fhir_id"),
    Index("own_definitions_url", "url"),
    schema="open",
)
