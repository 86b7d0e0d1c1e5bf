"""The versions of resources: live rows, replaced rows and tombstones as one list, newest first.

https://hl7.org/fhir/R4/http.html#history. A version that has no document of its own comes with its row, the newest
document before it, and the row that document was written over, so that it can be merged as a read would have merged it
then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from fhir_server.mapping.registry import Registry
from fhir_server.mapping.source import LogIdColumn, Source
from fhir_server.persistence.names import column_name, qualified, selected
from fhir_server.persistence.tables import TOMBSTONES

COLUMNS = (
    "source",
    "resource_type",
    "fhir_id",
    "version_id",
    "updated_at",
    "deleted_at",
    "method",
    "document",
    "live",
    "last",
    "base",
)


@dataclass(frozen=True, slots=True)
class Versions:
    """Which versions are asked for: of one resource, of a type, or of everything (`resource_type` None).

    `since` is inclusive; `at` is a half-open interval that the version's currency must overlap; `after` is the key of
    the last version of the page before; `version_id` asks for one version only.
    """

    resource_type: str | None
    fhir_id: str | None = None
    version_id: int | None = None
    since: datetime | None = None
    at: tuple[datetime, datetime] | None = None
    after: tuple[datetime, str, str, int] | None = None
    limit: int | None = None

    def parameters(self) -> dict[str, Any]:
        """The statement's parameters."""
        after = self.after or (None, None, None, None)
        return {
            "fhir_id": self.fhir_id,
            "version_id": self.version_id,
            "since": self.since,
            "at_low": self.at[0] if self.at else None,
            "at_high": self.at[1] if self.at else None,
            "after_at": after[0],
            "after_type": after[1],
            "after_id": after[2],
            "after_version": after[3],
            "limit": self.limit,
        }


def versions_sql(registry: Registry, wanted: Versions) -> str:
    """The statement for these versions; its text is the same for the same kind of question."""
    asked = (
        wanted.fhir_id is not None,
        wanted.version_id is not None,
        wanted.since is not None,
        wanted.at is not None,
        wanted.after is not None,
        wanted.limit is not None,
    )
    return _sql(registry, wanted.resource_type, asked)


@lru_cache(maxsize=1000)
def _sql(registry: Registry, resource_type: str | None, asked: tuple[bool, ...]) -> str:
    if resource_type is not None:
        sources: Sequence[Source] = registry.sources(resource_type)
    else:
        sources = _everything(registry)
    limit = " LIMIT %(limit)s::int" if asked[5] else ""
    order = " ORDER BY updated_at DESC, resource_type DESC, fhir_id DESC, version_id DESC"
    branches = [_branch(registry, source, resource_type is None, asked) for source in sources]
    branches.append(_tombstones(registry, resource_type, asked))
    # The history of everything would be the logs' and little else.
    logs = () if resource_type is None else registry.logs(resource_type)
    branches += [_log(source, asked) for source in logs if asked[0] or not source.needs]
    joined = " UNION ALL ".join(f"(SELECT * FROM ({branch}) AS v{order}{limit})" for branch in branches)
    return f"SELECT * FROM ({joined}) AS versions{order}{limit}"


def _everything(registry: Registry) -> list[Source]:
    """The declared tables, and one source for each generic store."""
    generic = {kind.store.name: kind for name in registry.resource_types for kind in registry.sources(name)[-1:]}
    return [*registry.tables(), *generic.values()]


def _overlaps(registry: Registry, resource_type: str | None, kind: str) -> str:
    """Whether the version was current at some moment of the interval asked for.

    It was until the next one, which may be in another table: resources move, and hard deletes leave tombstones.
    """
    follows = "x.fhir_id = v.fhir_id AND x.version_id > v.version_id"
    parts = [f"SELECT x.updated_at FROM {qualified(TOMBSTONES)} AS x WHERE {follows} AND x.resource_type = {kind}"]
    for source in _everything(registry) if resource_type is None else registry.sources(resource_type):
        same = f"x.resource_type = {kind}" if source.generic else f"{kind} = '{source.resource_type}'"
        parts += [
            f"SELECT x.updated_at FROM {qualified(table)} AS x WHERE {follows} AND {same}"
            for table in (source.table, source.history)
        ]
    following = f"(SELECT min(n.updated_at) FROM ({' UNION ALL '.join(parts)}) AS n)"
    return f"v.updated_at < %(at_high)s AND coalesce({following}, 'infinity') > %(at_low)s"


def _branch(registry: Registry, source: Source, whole_store: bool, asked: tuple[bool, ...]) -> str:
    columns = ", ".join(column_name(column.name) for column in source.table.columns)
    table, history, documents = (qualified(one) for one in (source.table, source.history, source.store.documents))
    kind = "v.resource_type" if source.generic and whole_store else f"'{source.resource_type}'::text"
    conditions = _conditions(asked, kind)
    if source.generic and not whole_store:
        conditions.append(f"v.resource_type = '{source.resource_type}'")
    same = "x.fhir_id = v.fhir_id" + (" AND x.resource_type = v.resource_type" if source.generic else "")
    if asked[3]:
        conditions.append(_overlaps(registry, None if source.generic and whole_store else source.resource_type, kind))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    unwritten = "d.document IS NULL AND v.deleted_at IS NULL"
    behind = f"{unwritten} AND v.document_version IS NOT NULL"
    return (
        f"SELECT {source.number} AS source, {kind} AS resource_type, v.fhir_id, v.version_id, v.updated_at, "
        f"v.deleted_at, d.method, d.document, "
        f"CASE WHEN {unwritten} THEN row_to_json(v) END AS live, "
        f"CASE WHEN {behind} THEN (SELECT l.document FROM {documents} AS l WHERE l.resource_type = {kind} "
        f"AND l.fhir_id = v.fhir_id AND l.version_id = v.document_version) END AS last, "
        f"CASE WHEN {behind} THEN (SELECT row_to_json(x) FROM {history} AS x WHERE {same} "
        f"AND x.version_id = v.document_version) END AS base "
        f"FROM (SELECT {columns} FROM {table} UNION ALL SELECT {columns} FROM {history}) AS v "
        f"LEFT JOIN {documents} AS d "
        f"ON d.resource_type = {kind} AND d.fhir_id = v.fhir_id AND d.version_id = v.version_id{where}"
    )


def _log(source: Source, asked: tuple[bool, ...]) -> str:
    """Each row of a log is one version, which lasts."""
    kind = f"'{source.resource_type}'::text"
    conditions = _conditions(asked, kind)
    if asked[0]:
        (identity,) = source.columns["_id"]
        if not isinstance(identity, LogIdColumn):
            raise AssertionError("rows of a log are found by ids of logs")
        of_kind = "" if identity.kind is None else f"'{identity.kind}', "
        key = f"v.{column_name(identity.key.key)}"  # type: ignore[arg-type]
        conditions.append(f"{key} = ANY ({identity.keys}({of_kind}ARRAY[%(fhir_id)s]))")
    if asked[3]:
        conditions.append("v.updated_at < %(at_high)s")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        f"SELECT {source.number} AS source, {kind} AS resource_type, v.fhir_id, v.version_id, v.updated_at, "
        "v.deleted_at, 'POST'::text AS method, NULL::json AS document, row_to_json(v) AS live, NULL::json AS last, "
        f"NULL::json AS base FROM {selected(source.table)} AS v{where}"
    )


def _tombstones(registry: Registry, resource_type: str | None, asked: tuple[bool, ...]) -> str:
    conditions = _conditions(asked, "v.resource_type")
    if resource_type is not None:
        conditions.append(f"v.resource_type = '{resource_type}'")
    if asked[3]:
        conditions.append(_overlaps(registry, resource_type, "v.resource_type"))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        "SELECT -1 AS source, v.resource_type, v.fhir_id, v.version_id, v.updated_at, v.updated_at AS deleted_at, "
        "'DELETE'::text AS method, NULL::json AS document, NULL::json AS live, NULL::json AS last, NULL::json AS base "
        f"FROM {qualified(TOMBSTONES)} AS v{where}"
    )


def _conditions(asked: tuple[bool, ...], kind: str) -> list[str]:
    of_id, of_version, since, _, after, _ = asked
    conditions = []
    if of_id:
        conditions.append("v.fhir_id = %(fhir_id)s")
    if of_version:
        conditions.append("v.version_id = %(version_id)s")
    if since:
        conditions.append("v.updated_at >= %(since)s")
    if after:
        conditions.append(
            "v.updated_at <= %(after_at)s AND (v.updated_at, "
            f"{kind}, v.fhir_id, v.version_id) < (%(after_at)s, %(after_type)s, %(after_id)s, %(after_version)s)"
        )
    return conditions
