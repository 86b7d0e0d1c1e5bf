"""Whether referenced resources exist, and whether a delete would leave others without what they need.

A reference to a Patient must resolve, as the foreign key of the portal's tables demands; other dangling references are
accepted, because EHR systems send resources in their own order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from psycopg import Connection

from fhir_server.mapping.registry import Registry
from fhir_server.mapping.source import Source
from fhir_server.persistence.names import column_name, qualified
from fhir_server.persistence.states import Identity

OUTLASTING = ("AuditEvent", "Provenance")
"""Types that tell what happened, and go on telling it when the patient whom they tell about is deleted."""


@cache
def _existing_sql(registry: Registry, resource_types: tuple[str, ...]) -> str:
    # What is found is locked against a delete until this write is committed; other writers of the same may go on.
    branches = [
        f"SELECT * FROM (SELECT {source.number}, r.fhir_id FROM {qualified(source.table)} AS r "
        f"WHERE r.fhir_id = ANY(%({kind})s) AND r.deleted_at IS NULL"
        + (f" AND r.resource_type = '{kind}'" if source.generic else "")
        + " FOR KEY SHARE) AS found"
        for kind in resource_types
        for source in registry.sources(kind)
    ]
    return " UNION ALL ".join(branches)


def existing(
    connection: Connection[Any],
    registry: Registry,
    wanted: Mapping[str, set[str]],
    coming: Mapping[Identity, Source],
    leaving: set[Identity],
) -> dict[Identity, Source]:
    """Which of the resources `wanted` (type → ids) will exist after the write, and in which source each will be."""
    found: dict[Identity, Source] = {}
    asked: dict[str, list[str]] = {}
    for kind, ids in wanted.items():
        for fhir_id in ids:
            if (kind, fhir_id) in coming:
                found[kind, fhir_id] = coming[kind, fhir_id]
            elif (kind, fhir_id) not in leaving:
                asked.setdefault(kind, []).append(fhir_id)
    if asked:
        sql = _existing_sql(registry, tuple(sorted(asked)))
        for number, fhir_id in connection.execute(sql, {kind: sorted(ids) for kind, ids in asked.items()}):
            source = registry.source(number)
            found[source.resource_type, fhir_id] = source
    return found


@cache
def _needed_sql(registry: Registry, resource_type: str) -> str:
    branches = []
    for source in registry.tables():
        resource = registry.resource(source)
        for column, target in resource.must_exist.items() if resource is not None else ():
            if target == resource_type:
                name = column_name(column)
                branches.append(
                    f"(SELECT {name} FROM {qualified(source.table)} "
                    f"WHERE {name} = ANY(%(ids)s) AND deleted_at IS NULL LIMIT 1)"
                )
    if resource_type == "Patient":
        generic = [registry.sources(name)[-1] for name in registry.resource_types]
        stores = {source.store.name: source.store for source in generic}
        outlasting = ", ".join(f"'{name}'" for name in OUTLASTING)
        branches += [
            f"(SELECT patient_fhir_id FROM {qualified(store.resources)} WHERE patient_fhir_id = ANY(%(ids)s) "
            f"AND deleted_at IS NULL AND resource_type NOT IN ({outlasting}) LIMIT 1)"
            for store in stores.values()
        ]
    return " UNION ALL ".join(branches)


def still_needed(connection: Connection[Any], registry: Registry, deleted: Iterable[Identity]) -> Identity | None:
    """One of the deleted resources that rows which are still there refer to, if any."""
    by_type: dict[str, list[str]] = {}
    for kind, fhir_id in deleted:
        by_type.setdefault(kind, []).append(fhir_id)
    for kind, ids in by_type.items():
        sql = _needed_sql(registry, kind)
        row = connection.execute(sql, {"ids": ids}).fetchone() if sql else None
        if row is not None:
            return kind, row[0]
    return None


def expressions(tree: Any, reference: str) -> tuple[str, ...]:
    """FHIRPaths of the places in a resource that hold this literal reference."""
    found: list[str] = []

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            said = node.get("reference")
            if isinstance(said, str) and said.partition("/_history/")[0].endswith(reference):
                found.append(path)
            for key, value in node.items():
                walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for place, value in enumerate(node):
                walk(value, f"{path}[{place}]")

    walk(tree, tree.get("resourceType", "Resource"))
    return tuple(found)
