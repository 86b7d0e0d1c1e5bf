"""The UCUM units that the database converts for searches on columns (https://ucum.org/ucum)."""

from __future__ import annotations

from sqlalchemy import Column, Numeric, Table

from fhir_server.persistence.tables.columns import C_TEXT, METADATA

fhir_ucum_units = Table(
    "fhir_ucum_units",
    METADATA,
    Column("code", C_TEXT, primary_key=True),
    Column("factor", Numeric, nullable=False),
    Column("addend", Numeric, nullable=False),
    Column("canonical_unit", C_TEXT, nullable=False),
)
