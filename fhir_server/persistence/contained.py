"""Writes which resources stand inside of others, each under a key of its own for its index rows.

https://hl7.org/fhir/R4/references.html#contained

Index rows of a contained resource are sent with the number of the resource among those of the statement, below zero,
in the place of a key: the keys are drawn by the same statement, so that a write waits for nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection

from fhir_server.indexing import Contained, IndexRows
from fhir_server.mapping.source import Source, Store
from fhir_server.persistence import arrays
from fhir_server.persistence.database import Database
from fhir_server.persistence.names import qualified


@dataclass(frozen=True, slots=True)
class ContainedRow:
    """A contained resource beside its container; `resource_key` 0 is one that is still to be drawn."""

    container_key: int
    container_table: str
    updated_at: datetime
    said: Contained
    resource_key: int = 0


def contained_rows(
    said: Sequence[Contained], source: Source, container_key: int, updated_at: datetime
) -> tuple[ContainedRow, ...]:
    """The rows for what a resource of `source` contains."""
    return tuple(ContainedRow(container_key, source.table.name, updated_at, one) for one in said)


def numbered_index(rows: Sequence[ContainedRow]) -> list[tuple[int, IndexRows]]:
    """The index rows of each, with its number in the place of the key."""
    return [(-number, row.said.index) for number, row in enumerate(rows, 1)]


KEY = "CASE WHEN said.resource_key < 0 THEN (SELECT keys FROM drawn)[-said.resource_key] ELSE said.resource_key END"
"""The key of an index row that was sent with a number, in a statement with `insert_parts`."""


def insert_parts(store: Store) -> list[str]:
    """The parts of a WITH that draw the keys (`drawn`) and insert the rows of `insert_parameters`."""
    drawn = (
        "drawn AS MATERIALIZED (SELECT array_agg(CASE known.key WHEN 0 THEN nextval('public.fhir_resource_key')"
        " ELSE known.key END ORDER BY known.number) AS keys"
        " FROM unnest(%(contained_key)s::int8[]) WITH ORDINALITY AS known(key, number))"
    )
    inserted = (
        f"contained_rows AS (INSERT INTO {qualified(store.contained)}"
        " (resource_key, resource_type, fhir_id, container_table, container_key, updated_at)"
        " SELECT (SELECT keys FROM drawn)[said.number], said.resource_type, said.fhir_id, said.container_table,"
        " said.container_key, said.updated_at"
        " FROM unnest(%(contained_resource_type)s::text[], %(contained_fhir_id)s::text[],"
        " %(contained_container_table)s::text[], %(contained_container_key)s::int8[],"
        " %(contained_updated_at)s::timestamptz[]) WITH ORDINALITY"
        " AS said(resource_type, fhir_id, container_table, container_key, updated_at, number))"
    )
    return [drawn, inserted]


def insert_parameters(rows: Sequence[ContainedRow]) -> dict[str, Any]:
    """The parameters of `insert_parts`."""
    return {
        "contained_key": arrays.int8s([row.resource_key for row in rows]),
        "contained_resource_type": arrays.texts([row.said.resource_type for row in rows]),
        "contained_fhir_id": arrays.texts([row.said.fhir_id for row in rows]),
        "contained_container_table": arrays.texts([row.container_table for row in rows]),
        "contained_container_key": arrays.int8s([row.container_key for row in rows]),
        "contained_updated_at": arrays.plain([row.updated_at for row in rows]),
    }


def with_known_keys(
    connection: Connection[Any], store: Store, rows: Sequence[ContainedRow], container_keys: Collection[int]
) -> list[ContainedRow]:
    """The rows with the keys that the same contained resources have, which are about to be made anew."""
    found = connection.execute(
        f"SELECT container_key, fhir_id, resource_key FROM {qualified(store.contained)} WHERE container_key = ANY(%s)",
        (list(container_keys),),
    ).fetchall()
    known = {(container, fhir_id): key for container, fhir_id, key in found}
    return [replace(row, resource_key=known.get((row.container_key, row.said.fhir_id), 0)) for row in rows]


def are_indexed(database: Database) -> bool:
    """Whether all contained resources have their index rows, which a database that is older than these may lack."""
    if not database.contained_indexed:
        # Once complete they stay so: every write brings them.
        sql = "SELECT NOT EXISTS (SELECT FROM open.index_rebuilds WHERE contained)"
        database.contained_indexed = bool(database.rows(sql, {})[0][0])
    return database.contained_indexed
