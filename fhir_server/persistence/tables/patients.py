"""Child rows of a patient: what FHIR repeats and the portal has one column or none for."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from fhir_server.persistence.tables.columns import (
    C_TEXT,
    FHIR_ID,
    METADATA,
    TIMESTAMPTZ,
    identity,
)

fhir_patient_names = Table(
    "fhir_patient_names",
    METADATA,
    identity(),
    Column("patient_fhir_id", FHIR_ID, ForeignKey("fhir_patients.fhir_id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("use", Text),
    Column("text", Text),
    Column("family", Text),
    Column("given", ARRAY(Text)),
    Column("prefix", ARRAY(Text)),
    Column("suffix", ARRAY(Text)),
    Column("period_start", TIMESTAMPTZ),
    Column("period_end", TIMESTAMPTZ),
    Index("fhir_patient_names_patient_fhir_id", "patient_fhir_id", text('"position"')),
)

fhir_patient_identifiers = Table(
    "fhir_patient_identifiers",
    METADATA,
    identity(),
    Column("patient_fhir_id", FHIR_ID, ForeignKey("fhir_patients.fhir_id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("use", Text),
    Column("type_system", Text),
    Column("type_code", Text),
    Column("type_text", Text),
    Column("system", C_TEXT),
    Column("value", C_TEXT),
    Column("period_start", TIMESTAMPTZ),
    Column("period_end", TIMESTAMPTZ),
    Index("fhir_patient_identifiers_patient_fhir_id", "patient_fhir_id", text('"position"')),
    Index("fhir_patient_identifiers_value", "value", postgresql_using="hash"),
)

fhir_patient_addresses = Table(
    "fhir_patient_addresses",
    METADATA,
    identity(),
    Column("patient_fhir_id", FHIR_ID, ForeignKey("fhir_patients.fhir_id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("use", Text),
    Column("type", Text),
    Column("text", Text),
    Column("line", ARRAY(Text)),
    Column("city", Text),
    Column("district", Text),
    Column("state", Text),
    Column("postal_code", Text),
    Column("country", Text),
    Column("period_start", TIMESTAMPTZ),
    Column("period_end", TIMESTAMPTZ),
    Index("fhir_patient_addresses_patient_fhir_id", "patient_fhir_id", text('"position"')),
)

fhir_patient_telecoms = Table(
    "fhir_patient_telecoms",
    METADATA,
    identity(),
    Column("patient_fhir_id", FHIR_ID, ForeignKey("fhir_patients.fhir_id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("system", C_TEXT),
    Column("value", C_TEXT),
    Column("use", Text),
    Column("rank", Integer),
    Column("period_start", TIMESTAMPTZ),
    Column("period_end", TIMESTAMPTZ),
    Index("fhir_patient_telecoms_patient_fhir_id", "patient_fhir_id", text('"position"')),
    Index("fhir_patient_telecoms_value", "value", postgresql_using="hash"),
)

fhir_patient_strings = Table(
    "fhir_patient_strings",
    METADATA,
    Column("patient_fhir_id", FHIR_ID, ForeignKey("fhir_patients.fhir_id", ondelete="CASCADE"), nullable=False),
    Column("element", C_TEXT, nullable=False),
    Column("value", C_TEXT, nullable=False),
    Column("normal", C_TEXT, nullable=False),
    Index("fhir_patient_strings_normal", "element", "normal", "patient_fhir_id"),
    Index("fhir_patient_strings_patient_fhir_id", "patient_fhir_id"),
    Index(
        "fhir_patient_strings_phonetic",
        text("fhir_phonetic(value)"),
        postgresql_using="gin",
        postgresql_where=text("element IN ('family', 'given', 'prefix', 'suffix', 'name-text')"),
    ),
)
