"""Reads the words of resources that no FHIR write has brought: rows of the portal, and documents of older releases.

https://hl7.org/fhir/R4/search.html#all

Triggers put every row that only the portal wrote into a queue. A worker empties it in the background; a search for
words that finds something in it empties it first, so it never misses a row.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from psycopg import Connection

from fhir_server.indexing.texts import word_places
from fhir_server.json_text import read_json
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.source import Source
from fhir_server.mapping.trees import plain
from fhir_server.persistence import arrays
from fhir_server.persistence.names import qualified

BATCH = 2000


@cache
def _taken_sql(source: Source, skip_locked: bool) -> str:
    # Rows that two searches find at once are taken by one; the other waits and then finds them gone.
    wait = " SKIP LOCKED" if skip_locked else ""
    queue = qualified(source.store.text_queue)
    return (
        f"DELETE FROM {queue} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {queue} WHERE table_name = %(table)s"
        f" ORDER BY resource_key LIMIT {BATCH} FOR UPDATE{wait})) RETURNING resource_key"
    )


@cache
def _read_sql(source: Source) -> str:
    live = "NULL::json" if source.generic else "CASE WHEN r.document_version IS NULL THEN row_to_json(r) END"
    of_type = "r.resource_type" if source.generic else f"'{source.resource_type}'"
    # The lock keeps a FHIR write, which brings words of its own, from coming in between.
    return (
        f"SELECT r.resource_key, {live}, d.document FROM {qualified(source.table)} AS r"
        f" LEFT JOIN {qualified(source.store.documents)} AS d ON d.resource_type = {of_type}"
        " AND d.fhir_id = r.fhir_id AND d.version_id = r.document_version"
        " WHERE r.resource_key = ANY (%(keys)s) AND r.deleted_at IS NULL ORDER BY r.resource_key FOR NO KEY UPDATE OF r"
    )


def read_words(connection: Connection[Any], registry: Registry, source: Source, *, skip_locked: bool) -> int:
    """Read the words of up to BATCH queued rows of a source's table in the caller's transaction; returns how many.

    `skip_locked` leaves rows that another reader holds to that reader.
    """
    taken = connection.execute(_taken_sql(source, skip_locked), {"table": source.table.name}).fetchall()
    keys = sorted({row[0] for row in taken})
    if not keys:
        return 0
    resource = registry.resource(source)
    said: dict[int, str] = {}
    for key, live, document in connection.execute(_read_sql(source), {"keys": keys}).fetchall():
        if live is not None and resource is not None:
            said[key] = word_places(plain(resource.compose(read_json(live))))
        elif document is not None:
            said[key] = word_places(read_json(document))
    connection.execute(
        f"INSERT INTO {qualified(source.store.text_index)} AS held (resource_key, words)"
        " SELECT said.resource_key, said.words::tsvector"
        " FROM unnest(%(keys)s::int8[], %(words)s::text[]) AS said (resource_key, words)"
        " ON CONFLICT (resource_key) DO UPDATE SET words = excluded.words",
        {"keys": arrays.int8s(list(said)), "words": arrays.texts(list(said.values()))},
    )
    return len(taken)
