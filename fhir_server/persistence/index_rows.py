"""Writes documents and index rows of many resources with one statement per store.

The arrays travel as parameters of one prepared statement, so that its text and plan are the same for one resource and
for a bundle of thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from psycopg import Connection
from sqlalchemy import Table

from fhir_server.definitions import additions
from fhir_server.indexing import IndexRows
from fhir_server.mapping.source import Store
from fhir_server.persistence import arrays, contained
from fhir_server.persistence.contained import ContainedRow
from fhir_server.persistence.names import column_name, qualified
from fhir_server.persistence.prepared import execute_prepared
from fhir_server.persistence.row_ids import on, row_ids
from fhir_server.persistence.tables import INDEXED_TEXT

_KINDS: dict[str, tuple[tuple[str, str], ...]] = {
    "token": (("parameter", "int4"), ("system", "text"), ("code", "text")),
    "string": (("parameter", "int4"), ("value", "text"), ("normal", "text")),
    "reference": (
        ("parameter", "int4"),
        ("target_type", "text"),
        ("target_id", "text"),
        ("target_version", "text"),
        ("url", "text"),
        ("identifier_system", "text"),
        ("identifier_value", "text"),
    ),
    "date": (("parameter", "int4"), ("low", "timestamptz"), ("high", "timestamptz")),
    "number": (("parameter", "int4"), ("low", "numeric"), ("high", "numeric")),
    "quantity": (
        ("parameter", "int4"),
        ("low", "numeric"),
        ("high", "numeric"),
        ("system", "text"),
        ("code", "text"),
        ("unit", "text"),
        ("canonical_low", "numeric"),
        ("canonical_high", "numeric"),
        ("canonical_unit", "text"),
    ),
    "uri": (("parameter", "int4"), ("uri", "text")),
    "composite": (
        ("parameter", "int4"),
        ("system", "text"),
        ("code", "text"),
        ("value_system", "text"),
        ("value_code", "text"),
        ("low", "numeric"),
        ("high", "numeric"),
        ("unit", "text"),
        ("canonical_low", "numeric"),
        ("canonical_high", "numeric"),
        ("canonical_unit", "text"),
        ("second_low", "numeric"),
        ("second_high", "numeric"),
        ("time_low", "timestamptz"),
        ("time_high", "timestamptz"),
        ("value", "text"),
        ("normal", "text"),
        ("target_type", "text"),
        ("target_id", "text"),
        ("target_version", "text"),
        ("url", "text"),
    ),
}
# An open end is infinite in the tables, so that no comparison meets a NULL.
_OPEN_ENDS = {"low": "-infinity", "high": "infinity"}
_WHOLE_TEXTS = frozenset({("string", "value"), ("string", "normal"), ("composite", "value"), ("composite", "normal")})
"""Texts that are kept whole: their index is on the beginning."""
_DOCUMENT = (
    ("resource_type", "text"),
    ("fhir_id", "text"),
    ("version_id", "int8"),
    ("document", "json"),
    ("method", "text"),
)


def _whole(values: Sequence[Any]) -> arrays.Packed:
    return arrays.texts(values)


def _cut(values: Sequence[Any]) -> arrays.Packed:
    # An entry of a B-tree is bounded, and a search cuts what it looks for at the same place.
    return arrays.texts([one if one is None or len(one) <= INDEXED_TEXT else one[:INDEXED_TEXT] for one in values])


_PACKED: Mapping[str, Callable[[Sequence[Any]], object]] = {
    "int4": arrays.int4s,
    "int8": arrays.int8s,
    "text": _cut,
    "timestamptz": arrays.plain,
    "numeric": arrays.plain,
}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One version to be stored: its JSON text, the method that history tells, and what the index says of it.

    `contained` are the resources inside of it.
    """

    resource_type: str
    fhir_id: str
    version_id: int
    document: bytes
    method: str
    resource_key: int
    index: IndexRows
    contained: tuple[ContainedRow, ...] = ()


def _table(store: Store, kind: str) -> Table:
    table: Table = getattr(store, f"{kind}_index")
    return table


def _said(kind: str, name: str, sql_type: str) -> str:
    column = f"said.{column_name(name)}"
    span, _, end = name.rpartition("_")
    if end in _OPEN_ENDS and sql_type != "text":
        said = f"coalesce({column}, '{_OPEN_ENDS[end]}'::{sql_type})"
        other = f"said.{column_name((span and span + '_') + ('high' if end == 'low' else 'low'))}"
        # Only where the row has no such interval are both ends missing.
        optional = kind == "composite" or span != ""
        return f"CASE WHEN coalesce({column}, {other}) IS NOT NULL THEN {said} END" if optional else said
    # An entry of a B-tree is bounded and FHIR's texts are not; a search cuts what it looks for at the same length.
    return f"left({column}, {INDEXED_TEXT})" if sql_type == "text" and (kind, name) not in _WHOLE_TEXTS else column


@cache
def _inserts(store: Store, kinds: tuple[str, ...], contains: bool) -> list[str]:
    parts = contained.insert_parts(store) if contains else []
    key = contained.KEY if contains else "said.resource_key"
    for kind in kinds:
        columns = _KINDS[kind]
        names = ", ".join(column_name(name) for name, _ in columns)
        said = ", ".join(_said(kind, name, sql_type) for name, sql_type in columns)
        arrays = ", ".join(f"%({kind}_{name})s::{sql_type}[]" for name, sql_type in columns)
        parts.append(
            f"{kind}_rows AS (INSERT INTO {qualified(_table(store, kind))} ({names}, resource_key) "
            f"SELECT {said}, {key} "
            f"FROM unnest({arrays}, %({kind}_key)s::int8[]) AS said({names}, resource_key))"
        )
    return parts


def _words_insert(store: Store) -> str:
    return (
        f"words AS (INSERT INTO {qualified(store.text_index)} (resource_key, words) "
        "SELECT said.resource_key, said.words::tsvector "
        "FROM unnest(%(words_key)s::int8[], %(words)s::text[]) AS said(resource_key, words))"
    )


@cache
def _write_sql(store: Store, kinds: tuple[str, ...], worded: bool, contains: bool) -> str:
    parts = list(_inserts(store, kinds, contains))
    if worded:
        parts.append(_words_insert(store))
    names = ", ".join(name for name, _ in _DOCUMENT)
    arrays = ", ".join(f"%(document_{name})s::{sql_type}[]" for name, sql_type in _DOCUMENT)
    before = f"WITH {', '.join(parts)} " if parts else ""
    return (
        f"{before}INSERT INTO {qualified(store.documents)} ({names}) "
        f"SELECT said.resource_type, said.fhir_id, said.version_id, said.document, said.method "
        # Fails where search parameters were added that the index rows do not know of (see persistence.parameters).
        f"FROM unnest({arrays}) AS said({names}) "
        "WHERE (SELECT public.fhir_require_parameters(%(known_parameters)s::int8)) ON CONFLICT "
        "(resource_type, fhir_id, version_id) DO UPDATE SET document = excluded.document, method = excluded.method"
    )


@cache
def _delete_sql(store: Store) -> str:
    inside = f"(SELECT resource_key FROM {qualified(store.contained)} WHERE container_key = ANY(%(keys)s))"
    parts = f"gone AS MATERIALIZED (SELECT %(keys)s::int8[] || ARRAY{inside} AS keys), " + ", ".join(
        f"{kind}_rows AS (DELETE FROM {qualified(_table(store, kind))} "
        "WHERE resource_key = ANY((SELECT keys FROM gone)::int8[]))"
        for kind in _KINDS
    )
    parts += f", words AS (DELETE FROM {qualified(store.text_index)} WHERE resource_key = ANY(%(keys)s))"
    parts += f", inside AS (DELETE FROM {qualified(store.contained)} WHERE container_key = ANY(%(keys)s))"
    return f"WITH {parts} SELECT 1"


def write_documents(connection: Connection[Any], store: Store, rows: Sequence[DocumentRow]) -> None:
    """Insert the documents and their index rows; a version's document that exists already is replaced."""
    parameters: dict[str, Any] = {
        "document_resource_type": arrays.texts([row.resource_type for row in rows]),
        "document_fhir_id": arrays.texts([row.fhir_id for row in rows]),
        "document_version_id": arrays.int8s([row.version_id for row in rows]),
        "document_document": arrays.jsons([row.document for row in rows]),
        "document_method": arrays.texts([row.method for row in rows]),
    }
    inside = [one for row in rows for one in row.contained]
    index = [(row.resource_key, row.index) for row in rows] + contained.numbered_index(inside)
    kinds, packed = _packed_rows(connection, index)
    words, packed_words = _packed_words(index)
    parameters |= {**packed, **packed_words, "known_parameters": additions().counter}
    if inside:
        parameters |= contained.insert_parameters(inside)
    execute_prepared(connection, _write_sql(store, kinds, words, bool(inside)), parameters)


def _packed_words(rows: Sequence[tuple[int, IndexRows]]) -> tuple[bool, dict[str, Any]]:
    """Whether any resource has words, and the arrays that hold them."""
    worded = [(key, index.words) for key, index in rows if index.words]
    keys, words = arrays.int8s([key for key, _ in worded]), arrays.texts([said for _, said in worded])
    return bool(worded), {"words_key": keys, "words": words}


def _packed_rows(
    connection: Connection[Any], rows: Sequence[tuple[int, IndexRows]]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The kinds of index rows that there are, and the arrays that hold them."""
    # What a statement inserts nothing into still costs it: most single resources have two or three kinds of rows.
    kinds = tuple(kind for kind in _KINDS if any(getattr(index, kind) for _, index in rows))
    parameters: dict[str, Any] = {}
    for kind in kinds:
        columns = _KINDS[kind]
        values: list[Any] = []
        keys: list[int] = []
        for key, index in rows:
            found = getattr(index, kind)
            values += found
            keys += [key] * len(found)
        parameters[f"{kind}_key"] = arrays.int8s(keys)
        for (name, sql_type), column in zip(columns, zip(*values, strict=True), strict=True):
            packed = _whole if (kind, name) in _WHOLE_TEXTS else _PACKED[sql_type]
            parameters[f"{kind}_{name}"] = packed(_of_rows(connection, column) if name == "target_id" else column)
    return kinds, parameters


def _of_rows(connection: Connection[Any], ids: Sequence[str | None]) -> Sequence[str | None]:
    """`ids` as those of rows, by which references are joined."""
    known = row_ids(on(connection), (one for one in ids if one is not None))
    return [known.get(one or "", one) for one in ids] if known else ids


def replace_index_rows(connection: Connection[Any], store: Store, rows: Sequence[tuple[int, IndexRows]]) -> None:
    """Let resources, by key, have these index rows and words and no others, and contain nothing."""
    delete_index_rows(connection, store, [key for key, _ in rows])
    kinds, parameters = _packed_rows(connection, rows)
    worded, words = _packed_words(rows)
    parts = [*_inserts(store, kinds, False), *([_words_insert(store)] if worded else ())]
    if parts:
        execute_prepared(connection, f"WITH {', '.join(parts)} SELECT 1", {**parameters, **words})


def insert_contained(connection: Connection[Any], store: Store, rows: Sequence[ContainedRow]) -> None:
    """Let resources contain these, which have no rows yet."""
    if rows:
        kinds, parameters = _packed_rows(connection, contained.numbered_index(rows))
        parameters |= contained.insert_parameters(rows)
        execute_prepared(connection, f"WITH {', '.join(_inserts(store, kinds, True))} SELECT 1", parameters)


def replace_parameter_rows(
    connection: Connection[Any], store: Store, rows: Sequence[tuple[int, IndexRows]], numbers: Sequence[int]
) -> None:
    """Let resources, by key, have these index rows under the parameters with these numbers and no others."""
    keys = [key for key, _ in rows]
    for kind in _KINDS:
        connection.execute(
            f"DELETE FROM {qualified(_table(store, kind))} WHERE resource_key = ANY(%s) AND parameter = ANY(%s)",
            (keys, list(numbers)),
        )
    kinds, parameters = _packed_rows(connection, rows)
    if kinds:
        execute_prepared(connection, f"WITH {', '.join(_inserts(store, kinds, False))} SELECT 1", parameters)


def delete_parameter_rows(connection: Connection[Any], store: Store, numbers: Sequence[int], limit: int) -> int:
    """Delete up to `limit` index rows of each kind of these parameters, of whatever resource; returns how many."""
    deleted = 0
    for kind in _KINDS:
        table = qualified(_table(store, kind))
        # Counted by the database: in a pipeline the driver does not know the number yet.
        row = connection.execute(
            f"WITH gone AS (DELETE FROM {table} WHERE ctid = ANY(ARRAY("
            f"SELECT ctid FROM {table} WHERE parameter = ANY(%s) LIMIT %s)) RETURNING 1) SELECT count(*) FROM gone",
            (list(numbers), limit),
        ).fetchone()
        deleted += row[0] if row is not None else 0
    return deleted


def delete_index_rows(connection: Connection[Any], store: Store, resource_keys: Sequence[int]) -> None:
    """Forget what the index says of these resources, and what they contain."""
    connection.execute(_delete_sql(store), {"keys": list(resource_keys)})
