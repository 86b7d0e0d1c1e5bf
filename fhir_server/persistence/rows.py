"""Inserts, updates, soft-deletes and moves the rows of many resources, one statement per table and kind of write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from psycopg import Connection

from fhir_server.json_text import encode_json
from fhir_server.mapping.resource import Child, Resource
from fhir_server.mapping.source import Source
from fhir_server.persistence.names import column_name, column_type, qualified

# A FHIR write claims the next version, unless this transaction has made it already (child rows came first).
_NEXT_DOCUMENT = "CASE WHEN r.version_xid = pg_current_xact_id() THEN r.version_id ELSE r.version_id + 1 END"


@dataclass(frozen=True, slots=True)
class RowWrite:
    """The row of one resource: columns by name, child rows under their projection's name where they changed."""

    fhir_id: str
    columns: Mapping[str, Any]
    children: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database made of a row: its version, when, and the key that index rows use."""

    fhir_id: str
    version_id: int
    updated_at: datetime
    resource_key: int


def _columns(source: Source, resource: Resource | None) -> tuple[str, ...]:
    return resource.row_columns if resource is not None else ("patient_fhir_id",)


def _record(source: Source, columns: Sequence[str]) -> str:
    return ", ".join(f"{column_name(name)} {column_type(source.table.c[name])}" for name in ("fhir_id", *columns))


@cache
def _insert_sql(source: Source, columns: tuple[str, ...]) -> str:
    names = ["fhir_id", *columns]
    constants = {"document_version": "1"} | ({"resource_type": f"'{source.resource_type}'"} if source.generic else {})
    return (
        f"INSERT INTO {qualified(source.table)} ({', '.join([*map(column_name, names), *constants])}) "
        f"SELECT {', '.join([*(f'x.{column_name(name)}' for name in names), *constants.values()])} "
        f"FROM json_to_recordset(%s::json) AS x({_record(source, columns)}) "
        "RETURNING fhir_id, version_id, updated_at, resource_key"
    )


@cache
def _update_sql(source: Source, columns: tuple[str, ...]) -> str:
    of_type = f"r.resource_type = '{source.resource_type}' AND " if source.generic else ""
    sets = [f"{column_name(name)} = x.{column_name(name)}" for name in columns]
    sets += ["deleted_at = NULL", f"document_version = {_NEXT_DOCUMENT}"]
    return (
        f"UPDATE {qualified(source.table)} AS r SET {', '.join(sets)} "
        f"FROM json_to_recordset(%s::json) AS x({_record(source, columns)}) WHERE {of_type}r.fhir_id = x.fhir_id "
        "RETURNING r.fhir_id, r.version_id, r.updated_at, r.resource_key"
    )


@cache
def _soft_delete_sql(source: Source) -> str:
    return (
        f"UPDATE {qualified(source.table)} AS r SET deleted_at = clock_timestamp() WHERE r.resource_key = ANY(%s) "
        "RETURNING r.fhir_id, r.version_id, r.updated_at, r.resource_key"
    )


def _as_json(source: Source, rows: Sequence[RowWrite]) -> str:
    return encode_json([{"fhir_id": row.fhir_id, **row.columns} for row in rows]).decode()


def insert_rows(
    connection: Connection[Any], source: Source, resource: Resource | None, rows: Sequence[RowWrite]
) -> dict[str, Stored]:
    """Insert new resources; returns them by logical id.

    Raises psycopg.errors.UniqueViolation when an id exists already and ForeignKeyViolation for a missing target.
    """
    made = connection.execute(_insert_sql(source, _columns(source, resource)), (_as_json(source, rows),)).fetchall()
    stored = {row[0]: Stored(*row) for row in made}
    _write_children(connection, resource, rows, replace=False)
    return stored


def update_rows(
    connection: Connection[Any], source: Source, resource: Resource | None, rows: Sequence[RowWrite]
) -> dict[str, Stored]:
    """Replace the rows of resources that this transaction holds locked (reviving deleted ones); returns them by logical id."""
    _write_children(connection, resource, rows, replace=True)
    made = connection.execute(_update_sql(source, _columns(source, resource)), (_as_json(source, rows),)).fetchall()
    return {row[0]: Stored(*row) for row in made}


def soft_delete_rows(connection: Connection[Any], source: Source, resource_keys: Sequence[int]) -> dict[str, Stored]:
    """Mark resources as deleted, which is a version of its own; returns them by logical id."""
    made = connection.execute(_soft_delete_sql(source), (list(resource_keys),)).fetchall()
    return {row[0]: Stored(*row) for row in made}


def remove_rows(connection: Connection[Any], source: Source, resource_keys: Sequence[int]) -> None:
    """Take rows out of a table so that the resources can go on, with their versions, in another one in this transaction."""
    connection.execute(f"DELETE FROM {qualified(source.table)} WHERE resource_key = ANY(%s)", (list(resource_keys),))


def _write_children(
    connection: Connection[Any], resource: Resource | None, rows: Sequence[RowWrite], replace: bool
) -> None:
    for child in resource.children if resource is not None else ():
        changed = [row for row in rows if child.projection in row.children]
        if replace and changed:
            connection.execute(
                f"DELETE FROM {qualified(child.table)} WHERE {child.key} = ANY(%s)", ([row.fhir_id for row in changed],)
            )
        records = [
            {child.key: row.fhir_id, **{name: record.get(name) for name in child.columns}}
            for row in changed
            for record in row.children[child.projection]
        ]
        if records:
            connection.execute(_child_sql(child), (encode_json(records).decode(),))


@cache
def _child_sql(child: Child) -> str:
    names = [child.key, *child.columns]
    record = ", ".join(f"{column_name(name)} {column_type(child.table.c[name])}" for name in names)
    listed = ", ".join(column_name(name) for name in names)
    return f"INSERT INTO {qualified(child.table)} ({listed}) SELECT {listed} FROM json_to_recordset(%s::json) AS x({record})"
