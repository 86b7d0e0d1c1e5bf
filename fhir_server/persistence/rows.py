"""Inserts, updates, soft-deletes and moves the rows of many resources, one statement per table and kind of write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from psycopg import Connection

from fhir_server.json_text import encode_json
from fhir_server.mapping.resource import Child, Resource
from fhir_server.mapping.source import Source
from fhir_server.persistence.names import column_name, column_type, qualified
from fhir_server.persistence.states import Identity

# A FHIR write claims the next version, unless this transaction has made it already (child rows came first).
_NEXT_DOCUMENT = "CASE WHEN r.version_xid = pg_current_xact_id() THEN r.version_id ELSE r.version_id + 1 END"


@dataclass(frozen=True, slots=True)
class RowWrite:
    """The row of one resource: columns by name, child rows under their projection's name where they changed."""

    resource_type: str
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


def _key_columns(source: Source) -> tuple[str, ...]:
    """What names a resource in its table: a generic store has many types."""
    return ("resource_type", "fhir_id") if source.generic else ("fhir_id",)


def _returned(source: Source, row: str) -> str:
    kind = f"{row}.resource_type" if source.generic else f"'{source.resource_type}'"
    return f"{kind}, {row}.fhir_id, {row}.version_id, {row}.updated_at, {row}.resource_key"


def _record(source: Source, columns: Sequence[str]) -> str:
    return ", ".join(
        f"{column_name(name)} {column_type(source.table.c[name])}" for name in (*_key_columns(source), *columns)
    )


@cache
def _insert_sql(source: Source, columns: tuple[str, ...]) -> str:
    names = [*_key_columns(source), *columns]
    return (
        f"INSERT INTO {qualified(source.table)} AS r ({', '.join([*map(column_name, names), 'document_version'])}) "
        f"SELECT {', '.join([*(f'x.{column_name(name)}' for name in names), '1'])} "
        f"FROM json_to_recordset(%s::json) AS x({_record(source, columns)}) "
        f"RETURNING {_returned(source, 'r')}"
    )


@cache
def _update_sql(source: Source, columns: tuple[str, ...]) -> str:
    sets = [f"{column_name(name)} = x.{column_name(name)}" for name in columns]
    sets += ["deleted_at = NULL", f"document_version = {_NEXT_DOCUMENT}"]
    same = " AND ".join(f"r.{name} = x.{name}" for name in _key_columns(source))
    return (
        f"UPDATE {qualified(source.table)} AS r SET {', '.join(sets)} "
        f"FROM json_to_recordset(%s::json) AS x({_record(source, columns)}) WHERE {same} "
        f"RETURNING {_returned(source, 'r')}"
    )


@cache
def _soft_delete_sql(source: Source) -> str:
    return (
        f"UPDATE {qualified(source.table)} AS r SET deleted_at = clock_timestamp() WHERE r.resource_key = ANY(%s) "
        f"RETURNING {_returned(source, 'r')}"
    )


def _stored(rows: Iterable[tuple[Any, ...]]) -> dict[Identity, Stored]:
    return {(row[0], row[1]): Stored(*row[1:]) for row in rows}


def _as_json(source: Source, rows: Sequence[RowWrite]) -> str:
    if source.generic:
        keyed = [{"resource_type": row.resource_type, "fhir_id": row.fhir_id, **row.columns} for row in rows]
    else:
        keyed = [{"fhir_id": row.fhir_id, **row.columns} for row in rows]
    return encode_json(keyed).decode()


def insert_rows(
    connection: Connection[Any], source: Source, resource: Resource | None, rows: Sequence[RowWrite]
) -> dict[Identity, Stored]:
    """Insert new resources; returns them by type and id.

    Raises psycopg.errors.UniqueViolation when an id exists already and ForeignKeyViolation for a missing target.
    """
    made = connection.execute(_insert_sql(source, _columns(source, resource)), (_as_json(source, rows),)).fetchall()
    _write_children(connection, resource, rows, replace=False)
    return _stored(made)


def update_rows(
    connection: Connection[Any], source: Source, resource: Resource | None, rows: Sequence[RowWrite]
) -> dict[Identity, Stored]:
    """Replace the rows of resources that this transaction holds locked, reviving deleted ones.

    Returns them by type and id.
    """
    _write_children(connection, resource, rows, replace=True)
    made = connection.execute(_update_sql(source, _columns(source, resource)), (_as_json(source, rows),)).fetchall()
    return _stored(made)


def soft_delete_rows(
    connection: Connection[Any], source: Source, resource_keys: Sequence[int]
) -> dict[Identity, Stored]:
    """Mark resources as deleted, which is a version of its own; returns them by type and id."""
    made = connection.execute(_soft_delete_sql(source), (list(resource_keys),)).fetchall()
    return _stored(made)


def remove_rows(connection: Connection[Any], source: Source, resource_keys: Sequence[int]) -> None:
    """Take rows out of a table so that the resources go on, with their versions, in another one in this transaction."""
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
    return (
        f"INSERT INTO {qualified(child.table)} ({listed}) "
        f"SELECT {listed} FROM json_to_recordset(%s::json) AS x({record})"
    )
