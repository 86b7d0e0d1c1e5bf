"""Provenance of every version: by which FHIR write it was made, or that the portal made it.

https://hl7.org/fhir/R4/provenance.html. A write that the audit names is one Provenance of all versions it made. A
version that no write names is the portal's, and found by its resource only: no index lists these.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, null, select, union_all

from fhir_server.mapping.log import Log
from fhir_server.mapping.minted import version_name
from fhir_server.mapping.source import Listed, LogIdColumn, NamesColumn, VersionColumn
from fhir_server.mapping.word import Row
from fhir_server.persistence.tables import HISTORY, PHI, TOMBSTONES, VERSIONED, fhir_audit_logs, resource_type_of
from fhir_server.resources.logged import (
    PRACTITIONER,
    WRITES,
    Tree,
    coding,
    columns_of_versions,
    constant_code,
    moment,
    named,
    practitioner_of,
    recorded,
    sayable,
    text,
    who,
)

ACTIVITIES = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
PARTICIPANTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
AUTHOR = "author"
PORTAL = {"type": "Device", "display": "The portal"}

ACTIVITY_OF = {
    "create": "CREATE",
    "update": "UPDATE",
    "patch": "UPDATE",
    "meta-add": "UPDATE",
    "meta-delete": "UPDATE",
    "delete": "DELETE",
}
"""A transaction may be several at once, an operation something else: these are told by name."""

a = fhir_audit_logs.c
# Of many rows of writes, the index of what they name finds the right ones; that of operations would find them all.
_IS_WRITE = (a.operation + literal_column("''")).in_([literal_column(f"'{name}'") for name in WRITES])

WRITTEN = Listed.rows(
    "fhir_write_provenances",
    select(
        func.fhir_log_id(literal_column("'write'"), a.created_at, a.id).label("fhir_id"),
        *columns_of_versions("fhir_audit_logs.id", a.created_at),
        a.id,
        a.operation,
        a.user_id,
        a.entities,
        practitioner_of("fhir_audit_logs.user_id"),
    ).where(
        _IS_WRITE,
        a.outcome == literal_column("'success'"),
        a.entities != literal_column("'{}'::text[]"),
        sayable(a.created_at),
    ),
)
w = WRITTEN.c


def compose_write(row: Row) -> Tree:
    """The Provenance of all that one write made."""
    entities = row.get("entities")
    names = [one for one in entities if named(one)] if isinstance(entities, list) else []
    provenance: Tree = {"target": [{"reference": name} for name in dict.fromkeys(names)]}
    if not names:
        provenance["target"] = [{"display": "Something that the log does not name"}]
    operation = str(row.get("operation"))
    activity = ACTIVITY_OF.get(operation)
    if activity == "UPDATE" and names and all(name.endswith("/_history/1") for name in names):
        activity = "CREATE"  # an update under an id that nothing had
    if activity is not None:
        provenance["activity"] = {"coding": [coding(ACTIVITIES, activity)]}
    elif (said := text(operation)) is not None:
        provenance["activity"] = {"text": said}
    return provenance | {"recorded": recorded(row), "agent": [_agent(who(row))]}


def _agent(actor: Tree) -> Tree:
    return {"type": {"coding": [coding(PARTICIPANTS, AUTHOR, "Author")]}, "who": actor}


WRITE_PROVENANCE = Log(
    "Provenance",
    WRITTEN,
    PHI,
    compose_write,
    search={
        "_id": (LogIdColumn(w.fhir_id, w.id, "fhir_log_keys", "write"),),
        "_lastUpdated": (moment(w.updated_at),),
        "recorded": (moment(w.updated_at),),
        "target": (NamesColumn(w.entities),),
        "patient": (NamesColumn(w.entities, target_type="Patient"),),
        "agent": (PRACTITIONER,),
        "agent-type": (constant_code(PARTICIPANTS, AUTHOR),),
    },
    sort={"recorded": w.updated_at},
)


def _versions() -> Listed:
    """All versions of all resources that no FHIR write made."""
    parts = []
    for table in VERSIONED:
        kind = resource_type_of(table)
        for rows in (table, HISTORY[table]):
            of_type = rows.c.resource_type if kind is None else literal_column(f"'{kind}'")
            parts.append(
                select(
                    cast(of_type, Text()).label("target_type"),
                    cast(rows.c.fhir_id, Text()).label("target_id"),
                    rows.c.version_id.label("target_version"),
                    rows.c.updated_at.label("made_at"),
                    rows.c.deleted_at.is_not(None).label("is_deletion"),
                )
            )
    dead = TOMBSTONES.c
    parts.append(select(dead.resource_type, dead.fhir_id, dead.version_id, dead.updated_at, literal_column("true")))
    v = union_all(*parts).subquery("v").c
    # The collation of ids is not that of the index.
    ids_name = func.fhir_version_name(v.target_type, v.target_id, cast(v.target_version, Text()), type_=Text())
    name = ids_name.collate("default")
    # A transaction begins before it makes a version, and does not take a day: other partitions are no concern.
    day: ColumnElement[Any] = literal_column("interval '1 day'")
    second: ColumnElement[Any] = literal_column("interval '1 second'")
    telling = (
        select(literal_column("true"))
        .where(
            a.entities.bool_op("@>")(func.array_append(literal_column("'{}'::text[]"), name)),
            _IS_WRITE,
            a.created_at > v.made_at - day,
            a.created_at < v.made_at + second,
        )
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    return Listed.rows(
        "fhir_portal_provenances",
        select(
            func.fhir_version_log_id(v.target_type, v.target_id, v.target_version).label("fhir_id"),
            literal_column("-1::bigint").label("resource_key"),
            literal_column("1::bigint").label("version_id"),
            v.made_at.label("updated_at"),
            literal_column("NULL::timestamptz").label("deleted_at"),
            literal_column("NULL::bigint").label("document_version"),
            v.target_type,
            v.target_id,
            v.target_version,
            v.is_deletion,
        ).where(telling.is_(null()), sayable(v.made_at)),
    )


def compose_portal(row: Row) -> Tree:
    """The Provenance of one version that the portal made."""
    version = int(row["target_version"])
    activity = "DELETE" if row.get("is_deletion") else "CREATE" if version == 1 else "UPDATE"
    return {
        "target": [{"reference": version_name(str(row["target_type"]), str(row["target_id"]), version)}],
        "recorded": recorded(row),
        "activity": {"coding": [coding(ACTIVITIES, activity)]},
        "agent": [_agent(PORTAL)],
    }


VERSIONS = _versions()
p = VERSIONS.c

PORTAL_PROVENANCE = Log(
    "Provenance",
    VERSIONS,
    PHI,
    compose_portal,
    search={
        "_id": (LogIdColumn(p.fhir_id, p.target_id, "fhir_version_targets"),),
        "_lastUpdated": (moment(p.updated_at),),
        "recorded": (moment(p.updated_at),),
        "target": (VersionColumn(p.target_type, p.target_id, p.target_version),),
        "patient": (VersionColumn(p.target_type, p.target_id, p.target_version, target_type="Patient"),),
        "agent-type": (constant_code(PARTICIPANTS, AUTHOR),),
    },
    sort={"recorded": p.updated_at},
    needs=frozenset({"_id", "target", "patient"}),
)
