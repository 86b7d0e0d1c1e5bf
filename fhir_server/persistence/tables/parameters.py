"""Search parameters that are new, how far a rebuild of index rows is, and what finds portal rows without a document.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Index, Table, text

from fhir_server.persistence.tables.columns import C_TEXT, METADATA, Xid8
from fhir_server.persistence.tables.history import VERSIONED

search_parameters = Table(
    "search_parameters",
    METADATA,
    Column("resource_type", C_TEXT, primary_key=True),
    Column("code", C_TEXT, primary_key=True),
    Column("fhir_id", C_TEXT, nullable=False),
    Column("url", C_TEXT),
    Column("type", C_TEXT, nullable=False),
    Column("expression", C_TEXT, nullable=False),
    Column("targets", ARRAY(C_TEXT), nullable=False),
    Column("state", C_TEXT, server_default=text("'building'"), nullable=False),
    Column("since", Xid8, server_default=text("pg_current_xact_id()"), nullable=False),
    Column("built_to", BigInteger, server_default=text("0"), nullable=False),
    CheckConstraint("state IN ('building', 'complete', 'removed')", name="search_parameters_state_check"),
    Index("search_parameters_fhir_id", "fhir_id"),
    schema="open",
)

search_parameter_changes = Table(
    "search_parameter_changes", METADATA, Column("counter", BigInteger, nullable=False), schema="open"
)

index_rebuilds = Table(
    "index_rebuilds",
    METADATA,
    Column("resource_type", C_TEXT, primary_key=True),
    Column("built_to", BigInteger, server_default=text("0"), nullable=False),
    Column("contained", Boolean, server_default=text("false"), nullable=False),
    schema="open",
)

UNDOCUMENTED = tuple(
    Index(
        f"{table.name}_undocumented",
        table.c.resource_key,
        postgresql_where=text("document_version IS NULL AND deleted_at IS NULL"),
    )
    for table in VERSIONED
    if table.schema is None
)
