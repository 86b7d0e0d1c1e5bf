"""What the columns of all tables are made of, and the one MetaData that holds the tables.

https://docs.sqlalchemy.org/en/21/core/metadata.html
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Sequence,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.types import UserDefinedType

METADATA = MetaData()
"""Every table as the newest migration leaves it; a test compares the two."""

TIMESTAMPTZ = DateTime(timezone=True)

C_TEXT = Text(collation="C")
"""Text that is compared byte by byte whatever the database's locale: ids, codes and index values."""

FHIR_ID = String(100, collation="C")
"""A logical id or a reference to one. All of them have one collation, or joins and unions of them would be errors."""

RESOURCE_KEY = Sequence("fhir_resource_key", metadata=METADATA)


class Xid8(UserDefinedType[str]):
    """A transaction's number that never wraps around (xid8); the driver gives it as text."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        """The name of the type in DDL."""
        return "xid8"


def identity() -> Column[int]:
    """The portal's own key."""
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def created_at() -> Column[Any]:
    """When the row was made."""
    return Column("created_at", TIMESTAMPTZ, server_default=func.now())


def updated_at(nullable: bool = True) -> Column[Any]:
    """When the row was changed last: by trigger in the portal's tables, the version's time in versioned tables."""
    return Column("updated_at", TIMESTAMPTZ, server_default=func.now(), nullable=nullable)


def deleted_at() -> Column[Any]:
    """When the row was deleted softly."""
    return Column("deleted_at", TIMESTAMPTZ)


def versions() -> tuple[Column[Any], ...]:
    """The columns that make a row a version of a resource, beside fhir_id, updated_at and deleted_at."""
    return (
        Column(
            "resource_key", BigInteger, server_default=text("nextval('fhir_resource_key'::regclass)"), nullable=False
        ),
        Column("version_id", BigInteger, server_default=text("1"), nullable=False),
        Column("version_xid", Xid8, server_default=text("pg_current_xact_id()"), nullable=False),
        Column("document_version", BigInteger),
    )


def minted(name: str) -> Index:
    """The index that leads from a minted logical id to the row whose own id FHIR does not allow."""
    illegal = text("fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64")
    return Index(name, text("fhir_minted_id(fhir_id)"), postgresql_where=illegal)


def resource_indexes(name: str) -> tuple[Index, ...]:
    """The indexes of a table that `fhir_make_resource` made one of resources."""
    return (
        Index(f"{name}_resource_key", "resource_key", unique=True),
        minted(f"{name}_minted"),
        Index(f"{name}_updated_at", text("updated_at DESC"), text("fhir_id DESC")),
        Index(
            f"{name}_pending",
            "document_version",
            "version_id",
            "resource_key",
            postgresql_where=text("document_version < version_id"),
        ),
    )


def shadow_of(source: str) -> tuple[Column[Any], ...]:
    """The columns of a table that `fhir_make_shadow` made, without the copies."""
    return (
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("source_id", BigInteger, ForeignKey(f"{source}.id", ondelete="CASCADE"), nullable=False, unique=True),
        Column("created_at", TIMESTAMPTZ),
        Column("updated_at", TIMESTAMPTZ, nullable=False),
        Column("fhir_id", FHIR_ID, nullable=False, unique=True),
        *versions(),
        deleted_at(),
    )
