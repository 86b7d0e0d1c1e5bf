"""The generic stores: resources without a table, the documents of all resources, and what documents say for search.

Texts in an index row are at most INDEXED_TEXT characters long: the writer cuts them and a search cuts what it looks
for, because an entry of a B-tree is bounded (2,700 bytes) and FHIR's texts are not. Only `string_index` holds whole
texts; its index is on `left(normal, 200)`, so a predicate must say that too. https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, Numeric, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSON, TSVECTOR

from fhir_server.definitions import parameter_number
from fhir_server.mapping.source import Store
from fhir_server.persistence.tables.columns import C_TEXT, METADATA, TIMESTAMPTZ, Xid8, minted, versions

INDEXED_TEXT = 300
"""The longest code, system, url or identifier in an index row, in characters (of up to four bytes, two to an entry)."""

PHONETIC_TYPES = ("Patient", "Person", "Practitioner", "RelatedPerson", "Organization", "InsurancePlan")

TOMBSTONES = Table(
    "fhir_tombstones",
    METADATA,
    Column("resource_type", C_TEXT, primary_key=True),
    Column("fhir_id", C_TEXT, primary_key=True),
    Column("version_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_xid", Xid8, nullable=False),
    Column("updated_at", TIMESTAMPTZ, nullable=False),
    Index("fhir_tombstones_updated_at", text("updated_at DESC"), text("fhir_id DESC")),
    minted("fhir_tombstones_minted"),
)
"""Versions that a hard DELETE made: the resource's number goes on after the row has gone."""

_INDEX_COLUMNS: Mapping[str, tuple[tuple[str, Any, bool], ...]] = MappingProxyType(
    {
        "token": (("system", C_TEXT, True), ("code", C_TEXT, False)),
        "string": (("value", C_TEXT, False), ("normal", C_TEXT, False)),
        "reference": (
            ("target_type", C_TEXT, True),
            ("target_id", C_TEXT, True),
            ("target_version", C_TEXT, True),
            ("url", C_TEXT, True),
            ("identifier_system", C_TEXT, True),
            ("identifier_value", C_TEXT, True),
        ),
        "date": (("low", TIMESTAMPTZ, False), ("high", TIMESTAMPTZ, False)),
        "number": (("low", Numeric, False), ("high", Numeric, False)),
        "quantity": (
            ("low", Numeric, True),
            ("high", Numeric, True),
            ("system", C_TEXT, True),
            ("code", C_TEXT, True),
            ("unit", C_TEXT, True),
            ("canonical_low", Numeric, True),
            ("canonical_high", Numeric, True),
            ("canonical_unit", C_TEXT, True),
        ),
        "uri": (("uri", C_TEXT, False),),
        "composite": (
            ("system", C_TEXT, True),
            ("code", C_TEXT, True),
            ("value_system", C_TEXT, True),
            ("value_code", C_TEXT, True),
            ("low", Numeric, True),
            ("high", Numeric, True),
            ("unit", C_TEXT, True),
            ("canonical_low", Numeric, True),
            ("canonical_high", Numeric, True),
            ("canonical_unit", C_TEXT, True),
            ("second_low", Numeric, True),
            ("second_high", Numeric, True),
            ("time_low", TIMESTAMPTZ, True),
            ("time_high", TIMESTAMPTZ, True),
            ("value", C_TEXT, True),
            ("normal", C_TEXT, True),
            ("target_type", C_TEXT, True),
            ("target_id", C_TEXT, True),
            ("target_version", C_TEXT, True),
            ("url", C_TEXT, True),
        ),
    }
)
"""Per kind of index row: name, type and whether it may be NULL."""

_INDEXES: Mapping[str, tuple[tuple[str, tuple[str, ...], str | None], ...]] = MappingProxyType(
    {
        "token": (("value", ("parameter", "code", "resource_key"), None),),
        "string": (("value", ("parameter", '"left"(normal, 200)', "resource_key"), None),),
        "reference": (
            ("value", ("parameter", "target_id", "target_type", "resource_key"), None),
            ("target", ("target_type", "target_id"), None),
            ("url", ("parameter", "url", "resource_key"), "url IS NOT NULL"),
            ("identifier", ("parameter", "identifier_value", "resource_key"), "identifier_value IS NOT NULL"),
        ),
        "date": (
            ("value", ("parameter", "low", "high", "resource_key"), None),
            ("high", ("parameter", "high", "resource_key"), None),
        ),
        "number": (("value", ("parameter", "low", "high", "resource_key"), None),),
        "quantity": (
            ("value", ("parameter", "low", "high", "resource_key"), None),
            ("code", ("parameter", "code", "low", "resource_key"), None),
            ("high", ("parameter", "high", "resource_key"), None),
            (
                "canonical",
                ("parameter", "canonical_unit", "canonical_low", "resource_key"),
                "canonical_unit IS NOT NULL",
            ),
            (
                "canonical_high",
                ("parameter", "canonical_unit", "canonical_high", "resource_key"),
                "canonical_unit IS NOT NULL",
            ),
        ),
        "composite": (
            ("value", ("parameter", "code", "low", "resource_key"), "low IS NOT NULL"),
            ("high", ("parameter", "code", "high", "resource_key"), "low IS NOT NULL AND code IS NOT NULL"),
            (
                "canonical",
                ("parameter", "code", "canonical_unit", "canonical_low", "resource_key"),
                "canonical_unit IS NOT NULL",
            ),
            (
                "canonical_high",
                ("parameter", "code", "canonical_unit", "canonical_high", "resource_key"),
                "canonical_unit IS NOT NULL",
            ),
            ("token", ("parameter", "code", "value_code", "resource_key"), "value_code IS NOT NULL AND low IS NULL"),
            ("time", ("parameter", "code", "time_low", "resource_key"), "time_low IS NOT NULL"),
            ("string", ("parameter", "code", '"left"(normal, 200)', "resource_key"), "normal IS NOT NULL"),
            ("target", ("parameter", "target_id", "target_type", "resource_key"), "target_id IS NOT NULL"),
            ("url", ("parameter", "url", "resource_key"), "url IS NOT NULL"),
        ),
        "uri": (("value", ("parameter", "uri", "resource_key"), None),),
    }
)
"""Per kind of index row: the indexes' last name, columns and condition; (resource_key, parameter) is everywhere."""


def _resources(schema: str) -> Table:
    now = func.date_trunc("milliseconds", func.clock_timestamp())
    patient = text("patient_fhir_id IS NOT NULL")
    pending = text("document_version < version_id")
    newest = (text("updated_at DESC"), text("fhir_id DESC"))
    return Table(
        "fhir_resources",
        METADATA,
        Column("resource_type", C_TEXT, primary_key=True),
        Column("fhir_id", C_TEXT, primary_key=True),
        Column("patient_fhir_id", C_TEXT),
        *versions(),
        Column("updated_at", TIMESTAMPTZ, server_default=now, nullable=False),
        Column("deleted_at", TIMESTAMPTZ),
        Index("fhir_resources_resource_key", "resource_key", unique=True),
        minted("fhir_resources_minted"),
        Index("fhir_resources_updated_at", "resource_type", *newest),
        Index("fhir_resources_newest", text("updated_at DESC"), text("resource_key DESC")),
        Index("fhir_resources_of_type", "resource_type", "resource_key"),
        Index("fhir_resources_patient", "patient_fhir_id", "resource_type", "fhir_id", postgresql_where=patient),
        Index("fhir_resources_pending", "document_version", "version_id", "resource_key", postgresql_where=pending),
        schema=schema,
    )


def _documents(schema: str) -> Table:
    return Table(
        "documents",
        METADATA,
        Column("resource_type", C_TEXT, primary_key=True),
        Column("fhir_id", C_TEXT, primary_key=True),
        Column("version_id", BigInteger, primary_key=True, autoincrement=False),
        Column("document", JSON, nullable=False),
        Column("method", Text, nullable=False),
        schema=schema,
    )


def _index_rows(schema: str, kind: str) -> Table:
    name = f"{kind}_index"
    return Table(
        name,
        METADATA,
        Column("parameter", Integer, nullable=False),
        *(Column(column, kind_of, nullable=nullable) for column, kind_of, nullable in _INDEX_COLUMNS[kind]),
        Column("resource_key", BigInteger, nullable=False),
        *(
            Index(f"{name}_{last}", *map(text, columns), postgresql_where=None if where is None else text(where))
            for last, columns, where in _INDEXES[kind]
        ),
        Index(f"{name}_resource_key", "resource_key", "parameter"),
        *_phonetic(kind),
        schema=schema,
    )


def _phonetic(kind: str) -> tuple[Index, ...]:
    if kind != "string":
        return ()
    # How names sound: of the parameter `name` of all types that have `phonetic`.
    numbers = ", ".join(str(parameter_number(f"{named}.name")) for named in PHONETIC_TYPES)
    where = text(f"parameter IN ({numbers})")
    return (
        Index("string_index_phonetic", text("fhir_phonetic(value)"), postgresql_using="gin", postgresql_where=where),
    )


def _texts(schema: str) -> Table:
    return Table(
        "text_index",
        METADATA,
        Column("resource_key", BigInteger, primary_key=True, autoincrement=False),
        Column("words", TSVECTOR, nullable=False),
        Index("text_index_words", "words", postgresql_using="gin"),
        schema=schema,
    )


def _text_queue(schema: str) -> Table:
    return Table(
        "text_queue",
        METADATA,
        Column("table_name", C_TEXT, nullable=False),
        Column("resource_key", BigInteger, nullable=False),
        Index("text_queue_table_name", "table_name", "resource_key"),
        schema=schema,
    )


def _contained(schema: str) -> Table:
    return Table(
        "contained_resources",
        METADATA,
        Column("resource_key", BigInteger, primary_key=True, autoincrement=False),
        Column("resource_type", C_TEXT, nullable=False),
        Column("fhir_id", C_TEXT, nullable=False),
        Column("container_table", C_TEXT, nullable=False),
        Column("container_key", BigInteger, nullable=False),
        Column("updated_at", TIMESTAMPTZ, nullable=False),
        Index("contained_resources_container", "container_key", "fhir_id"),
        Index("contained_resources_of_type", "resource_type", "container_table", "container_key", "resource_key"),
        schema=schema,
    )


def _store(schema: str) -> Store:
    indexes = {f"{kind}_index": _index_rows(schema, kind) for kind in _INDEX_COLUMNS}
    return Store(
        name=schema,
        resources=_resources(schema),
        documents=_documents(schema),
        contained=_contained(schema),
        text_index=_texts(schema),
        text_queue=_text_queue(schema),
        **indexes,
    )


PHI = _store("phi")
"""Resources that speak of a person; the default."""

OPEN = _store("open")
"""Resources without protected health information."""
