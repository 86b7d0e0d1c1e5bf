"""The columns that every statement gives for a resource: enough to print it, whoever wrote it last.

https://hl7.org/fhir/R4/resource.html#Meta

`document` is the version's own text. Where a row has none (the portal wrote last), `live` is the row, `last` the newest
document and `base` the row that it was written over: what a three-way merge needs.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal_column, null, or_, select, true
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.sql import FromClause, Select

from fhir_server.definitions import additions
from fhir_server.search.branches import Branch, sql_literal

RESOURCE_COLUMNS = (
    "mode",
    "source",
    "resource_type",
    "fhir_id",
    "version_id",
    "updated_at",
    "deleted_at",
    "document",
    "live",
    "last",
    "base",
)
MATCH, INCLUDE, PENDING, CAPPED = "match", "include", "pending", "capped"
"""Matches, what they include, that something must be merged first, and that more would have been included."""

_JSON = JSON()
_NO_JSON: ColumnElement[Any] = literal_column("NULL::json", _JSON)


def resource_select(mode: str, branch: Branch, row: FromClause) -> Select[Any]:
    """Selects RESOURCE_COLUMNS for the rows of `row`, a relation with all columns of the branch's table.

    `source` is the number of the row's source; rows of a generic store with several types have that of the first.
    Rows of a generic store always have their document, unless they are deleted.
    """
    if branch.source.log:
        return select(*resource_columns(mode, branch, row, None)).select_from(row)
    stored = branch.store.documents.alias("v")
    of_version = (
        stored.c.resource_type == branch.type_column(row),
        stored.c.fhir_id == row.c.fhir_id,
        stored.c.version_id == row.c.version_id,
    )
    # LIMIT keeps the planner from joining before it has found the rows: always one look-up by key for each.
    documents = select(stored.c.document).where(*of_version).limit(literal_column("1")).lateral("d")
    return select(*resource_columns(mode, branch, row, documents)).select_from(row.outerjoin(documents, true()))


def resource_columns(
    mode: str, branch: Branch, row: FromClause, documents: FromClause | None
) -> tuple[ColumnElement[Any], ...]:
    """RESOURCE_COLUMNS over a row and its outer joined document, None where there are no documents."""
    return (
        literal_column(f"'{mode}'").label("mode"),
        literal_column(str(branch.source.number)).label("source"),
        branch.type_column(row).label("resource_type"),
        row.c.fhir_id,
        row.c.version_id,
        row.c.updated_at,
        row.c.deleted_at,
        *((_NO_JSON.label("document"), *_row_alone(row)) if documents is None else _merged(branch, row, documents)),
    )


def _row_alone(row: FromClause) -> tuple[ColumnElement[Any], ...]:
    return _row_as_json(row).label("live"), _NO_JSON.label("last"), _NO_JSON.label("base")


def _row_as_json(row: FromClause) -> ColumnElement[Any]:
    return func.row_to_json(literal_column(str(row.name)), type_=_JSON)  # type: ignore[attr-defined]


def _merged(branch: Branch, row: FromClause, documents: FromClause) -> tuple[ColumnElement[Any], ...]:
    return documents.c.document, *_merge_columns(branch, row, documents)


def _merge_columns(branch: Branch, row: FromClause, documents: FromClause) -> tuple[ColumnElement[Any], ...]:
    if branch.source.generic:
        return (_NO_JSON.label("live"), _NO_JSON.label("last"), _NO_JSON.label("base"))
    without = documents.c.document.is_(None)
    behind = and_(without, row.c.document_version.is_not(None))
    return (
        case((without, _row_as_json(row))).label("live"),
        case((behind, _last_document(branch, row))).label("last"),
        case((behind, _base_row(branch, row))).label("base"),
    )


def _last_document(branch: Branch, row: FromClause) -> ColumnElement[Any]:
    last = branch.store.documents.alias("l")
    return (
        select(last.c.document)
        .where(
            last.c.resource_type == branch.type_column(row),
            last.c.fhir_id == row.c.fhir_id,
            last.c.version_id == row.c.document_version,
        )
        .scalar_subquery()
    )


def _base_row(branch: Branch, row: FromClause) -> ColumnElement[Any]:
    base = branch.source.history.alias("h")
    of_version = and_(base.c.fhir_id == row.c.fhir_id, base.c.version_id == row.c.document_version)
    return (
        select(func.row_to_json(literal_column("h"), type_=_JSON)).select_from(base).where(of_version).scalar_subquery()
    )


def pending_select(branch: Branch) -> Select[Any]:
    """One row of mode pending if the branch has rows whose last document the portal has overtaken, otherwise none."""
    row = branch.source.table.alias("r")
    nothing: dict[str, ColumnElement[Any]] = {name: null().label(name) for name in RESOURCE_COLUMNS}
    nothing |= {
        "mode": literal_column(f"'{PENDING}'").label("mode"),
        "source": literal_column(str(branch.source.number)).label("source"),
        "resource_type": branch.type_column(row).label("resource_type"),
    }
    return select(*nothing.values()).where(is_behind(branch))


def is_behind(branch: Branch) -> ColumnElement[bool]:
    """The condition that index rows (or words, if the branch stands for these) of a branch are not what it says now."""
    if not branch.words:
        row = branch.row()
        # Of what only the portal knows there are no index rows, which added parameters need even for columns.
        extended = branch.types[0] in additions().complete_types
        return or_(is_pending(row), is_undocumented(row)) if extended else is_pending(row)
    queue = branch.store.text_queue.alias("q")
    named = sql_literal(branch.source.table.name)
    return exists(select(literal_column("1")).select_from(queue).where(queue.c.table_name == named))


def is_pending(row: FromClause) -> ColumnElement[bool]:
    """The condition that a table, of which `row` is an alias, has rows whose last document the portal has overtaken.

    Only the partial index of such rows has this order, so PostgreSQL looks there; it would expect a third of all rows
    to qualify and read the table for a plain EXISTS.
    """
    overtaken = (row.c.document_version < row.c.version_id, row.c.deleted_at.is_(None))
    order = (row.c.document_version, row.c.version_id, row.c.resource_key)
    first: Select[Any] = select(row.c.resource_key).where(*overtaken).order_by(*order)
    return first.limit(literal_column("1")).scalar_subquery().is_not(None)


def is_undocumented(row: FromClause) -> ColumnElement[bool]:
    """The condition that a table, of which `row` is an alias, has rows that never had a document."""
    without = (row.c.document_version.is_(None), row.c.deleted_at.is_(None))
    first: Select[Any] = select(row.c.resource_key).where(*without).order_by(row.c.resource_key)
    return first.limit(literal_column("1")).scalar_subquery().is_not(None)
