"""Merges what the portal wrote after a document: the merged text becomes the version's document, with fresh index rows.

Reads merge on the fly and never wait for this. Searches call it when they find such rows in their way, and a worker
calls it in the background, so that they seldom do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from functools import cache
from typing import Any

from psycopg import Connection

from fhir_server.definitions import additions
from fhir_server.indexing import extract, extract_contained
from fhir_server.json_text import encode_json, read_json
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.rendering import said_tree, with_meta
from fhir_server.mapping.source import Source
from fhir_server.persistence.contained import contained_rows
from fhir_server.persistence.index_rows import DocumentRow, delete_index_rows, write_documents
from fhir_server.persistence.names import qualified

BATCH = 500


@cache
def _undocumented_sql(source: Source) -> str:
    return f"""
SELECT r.fhir_id, r.version_id, r.resource_key, r.updated_at, row_to_json(r) AS live,
       NULL::json AS last, NULL::json AS base
FROM {qualified(source.table)} AS r
WHERE r.document_version IS NULL AND r.deleted_at IS NULL
ORDER BY r.resource_key LIMIT {BATCH}
FOR UPDATE OF r {{wait}}
"""


@cache
def _overtaken_sql(source: Source) -> str:
    return f"""
SELECT r.fhir_id, r.version_id, r.resource_key, r.updated_at, row_to_json(r) AS live, d.document AS last,
       (SELECT row_to_json(h) FROM {qualified(source.history)} AS h
        WHERE h.fhir_id = r.fhir_id AND h.version_id = r.document_version) AS base
FROM {qualified(source.table)} AS r
JOIN {qualified(source.store.documents)} AS d ON d.resource_type = '{source.resource_type}' AND d.fhir_id = r.fhir_id
 AND d.version_id = r.document_version
WHERE r.document_version < r.version_id AND r.deleted_at IS NULL
ORDER BY r.document_version, r.version_id, r.resource_key LIMIT {BATCH}
FOR UPDATE OF r {{wait}}
"""


def merge_batch(
    connection: Connection[Any],
    registry: Registry,
    source: Source,
    *,
    base_url: str,
    zone: tzinfo,
    skip_locked: bool,
    undocumented: bool = False,
) -> int:
    """Merge up to BATCH rows of a table in the caller's transaction; returns how many there were.

    `skip_locked` leaves rows that another writer holds to that writer or to the next round. Rows that never had a
    document get one too where search parameters were added to the type, or `undocumented` says so.
    """
    resource = registry.resource(source)
    if resource is None:
        return 0
    wait = "SKIP LOCKED" if skip_locked else ""
    rows = connection.execute(_overtaken_sql(source).replace("{wait}", wait)).fetchall()
    if undocumented or source.resource_type in additions().complete_types:
        rows += connection.execute(_undocumented_sql(source).replace("{wait}", wait)).fetchall()
    documents = []
    for fhir_id, version_id, resource_key, updated_at, live, last, base in rows:
        row = read_json(live)
        tree = said_tree(
            resource,
            row,
            read_json(last) if last is not None else None,
            read_json(base) if base is not None else None,
        )
        said = extract(source.resource_type, tree, base_url, zone)
        document = encode_json(with_meta(tree, fhir_id, version_id, updated_at))
        index = resource.index_rows(said, row, tree)
        method = "POST" if last is None and version_id == 1 else "PUT"
        inside = contained_rows(extract_contained(tree, base_url, zone), source, resource_key, updated_at)
        documents.append(
            DocumentRow(source.resource_type, fhir_id, version_id, document, method, resource_key, index, inside)
        )
    if documents:
        _replace(connection, source, documents)
    return len(rows)


def _replace(connection: Connection[Any], source: Source, documents: Sequence[DocumentRow]) -> None:
    keys = [one.resource_key for one in documents]
    delete_index_rows(connection, source.store, keys)
    write_documents(connection, source.store, documents)
    # A document for the version that is there already makes no new version.
    connection.execute(
        f"UPDATE {qualified(source.table)} SET document_version = version_id WHERE resource_key = ANY(%s)", (keys,)
    )
