"""Makes all index rows of documents anew, for databases that are older than a kind of index rows.

https://hl7.org/fhir/R4/search.html and docs/adr/0009-custom-search-parameters.md

Each batch replaces the rows of its resources in one transaction, so searches go on meanwhile and find no less than
before. How far each type is stands in the database: what was broken off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import tzinfo
from typing import Any

from psycopg import Connection

from fhir_server.definitions import additions, using
from fhir_server.indexing import IndexRows, extract, extract_contained
from fhir_server.json_text import read_json
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.source import Source
from fhir_server.persistence.building import Progress, next_keys
from fhir_server.persistence.contained import ContainedRow, contained_rows, with_known_keys
from fhir_server.persistence.database import Database
from fhir_server.persistence.index_rows import insert_contained, replace_index_rows
from fhir_server.persistence.names import qualified
from fhir_server.persistence.pending import BATCH


def begin(database: Database, registry: Registry, resource_types: Collection[str]) -> list[str]:
    """Note that these types, or all of them, are to be rebuilt; returns those that are.

    Without `resource_types`, what an earlier run has left comes first: only that is returned then.
    """

    def note(connection: Connection[Any]) -> list[str]:
        left = [
            row[0] for row in connection.execute("SELECT resource_type FROM open.index_rebuilds WHERE NOT contained")
        ]
        wanted = list(resource_types or left or registry.resource_types)
        connection.execute(
            "INSERT INTO open.index_rebuilds (resource_type) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING",
            (wanted,),
        )
        return sorted(wanted)

    return database.transaction(note)


def waited_for(database: Database) -> list[str]:
    """The types whose contained resources an upgrade left to be found, for which searches of these wait."""
    sql = "SELECT resource_type FROM open.index_rebuilds WHERE contained ORDER BY resource_type"
    return [row[0] for row in database.rows(sql, {})]


def rebuild(
    database: Database,
    registry: Registry,
    resource_types: Collection[str],
    *,
    base_url: str,
    zone: tzinfo,
    progress: Progress = lambda name, done: None,
) -> None:
    """Work until nothing of these types, which `begin` has noted, is left."""
    for resource_type in resource_types:

        def batch(connection: Connection[Any], resource_type: str = resource_type) -> int:
            return _batch(connection, registry, resource_type, base_url, zone)

        while True:
            with using(database.parameters.renew()):
                done = database.transaction(batch)
            if done == 0:
                break
            progress(resource_type, done)


def _batch(connection: Connection[Any], registry: Registry, resource_type: str, base_url: str, zone: tzinfo) -> int:
    """Rebuild the next resources of a type; returns how many, 0 when it is done."""
    connection.execute("SELECT public.fhir_require_parameters(%s)", (additions().counter,))
    # Locked, so that two commands at once do not do the same work.
    row = connection.execute(
        "SELECT built_to FROM open.index_rebuilds WHERE resource_type = %s FOR UPDATE", (resource_type,)
    ).fetchone()
    if row is None:
        return 0
    sources = registry.sources(resource_type)
    keys = sorted(key for source in sources for key in next_keys(connection, source, row[0]))[:BATCH]
    if not keys:
        connection.execute("DELETE FROM open.index_rebuilds WHERE resource_type = %s", (resource_type,))
        return 0
    for source in sources:
        found, inside = _said(connection, registry, source, row[0], keys[-1], base_url, zone)
        inside = with_known_keys(connection, source.store, inside, [key for key, _ in found])
        replace_index_rows(connection, source.store, found)
        insert_contained(connection, source.store, inside)
    connection.execute(
        "UPDATE open.index_rebuilds SET built_to = %s WHERE resource_type = %s", (keys[-1], resource_type)
    )
    return len(keys)


def _said(
    connection: Connection[Any],
    registry: Registry,
    source: Source,
    start: int,
    end: int,
    base_url: str,
    zone: tzinfo,
) -> tuple[list[tuple[int, IndexRows]], list[ContainedRow]]:
    """The index rows of resources whose newest version has a document, and what these contain.

    Others have none, or get theirs when merged.
    """
    live = "NULL::json" if source.generic else "row_to_json(r)"
    resource = registry.resource(source)
    # The lock keeps a FHIR write, which brings index rows of its own, from coming in between.
    rows = connection.execute(
        f"SELECT r.resource_key, r.updated_at, {live}, d.document FROM {qualified(source.table)} AS r"
        f" JOIN {qualified(source.store.documents)} AS d ON d.resource_type = %(type)s AND d.fhir_id = r.fhir_id"
        " AND d.version_id = r.version_id"
        f" WHERE {'r.resource_type = %(type)s AND ' if source.generic else ''}r.deleted_at IS NULL"
        " AND r.resource_key > %(start)s AND r.resource_key <= %(end)s"
        " ORDER BY r.resource_key FOR NO KEY UPDATE OF r",
        {"type": source.resource_type, "start": start, "end": end},
    ).fetchall()
    found: list[tuple[int, IndexRows]] = []
    inside: list[ContainedRow] = []
    for key, updated_at, row, document in rows:
        tree = read_json(document)
        said = extract(source.resource_type, tree, base_url, zone)
        index = said if resource is None or row is None else resource.index_rows(said, read_json(row), tree)
        found.append((key, index))
        inside += contained_rows(extract_contained(tree, base_url, zone), source, key, updated_at)
    return found, inside
