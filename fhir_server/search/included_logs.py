"""Includes from and to the rows of logs, which have no keys that an index knows: each is looked up for each match.

https://hl7.org/fhir/R4/search.html#include

Rows of a log are included with what they are about (`_revinclude=Provenance:target`); nothing refers to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, any_, exists, func, literal_column, select, true, tuple_, union_all
from sqlalchemy.dialects.postgresql import array, distinct_on
from sqlalchemy.sql import FromClause, Select

from fhir_server.mapping.source import LogIdColumn, NamesColumn, ReferenceColumn, Through, VersionColumn
from fhir_server.search.branches import Branch, one_of, type_literal
from fhir_server.search.conditions import on_alias
from fhir_server.search.placement import own_columns
from fhir_server.search.request import Include
from fhir_server.search.rows import INCLUDE, resource_select
from fhir_server.search.types.logs import TEXTS, is_key_of

_NAMES = "version_names"
_ONE: ColumnElement[int] = literal_column("1")


def logged(includes: Sequence[Include], branch: Branch, shown: CTE) -> Select[Any] | None:
    """RESOURCE_COLUMNS of a log's rows that refer to what is shown, each once; None where it holds no reference."""
    row = branch.row()
    names = func.fhir_version_names(shown.c.resource_type, array([shown.c.fhir_id]), type_=TEXTS)
    seen = select(*shown.c, names.label(_NAMES)).offset(literal_column("0")).subquery("seen")
    found = [one for include in includes for one in _refers(include, branch, row, seen)]
    if not found:
        return None
    # OFFSET keeps this what it is: a look-up for each resource that is shown, with the names of its versions made once.
    looked_up = [select(*row.c).where(one).correlate(seen).offset(literal_column("0")) for one in found]
    about = (looked_up[0] if len(looked_up) == 1 else union_all(*looked_up)).lateral("about")
    # Several of those shown may be in one row.
    each = select(*about.c).select_from(seen.join(about, true()))
    once = each.ext(distinct_on(about.c.fhir_id)).subquery("r")
    is_shown = exists(select(_ONE).where(shown.c.resource_type == _type(branch), shown.c.fhir_id == once.c.fhir_id))
    return resource_select(INCLUDE, branch, once).where(~is_shown)


def _type(branch: Branch) -> ColumnElement[str]:
    return type_literal(branch.types[0])


def _refers(include: Include, branch: Branch, row: FromClause, shown: FromClause) -> Iterator[ColumnElement[bool]]:
    """The conditions that a row refers to a shown resource under one of the parameters."""
    counts = one_of(shown.c.resource_type, include.target_types)
    for parameter in include.parameters:
        for declared in own_columns(branch.source, parameter):
            match declared:
                case NamesColumn(target_type=only):
                    # A function, because the planner expects a name in so many rows that it would read them all.
                    named = func.fhir_logs_named(shown.c[_NAMES]).table_valued("id", "created_at", name="k")
                    rows = select(named.c.id, named.c.created_at)
                    yield and_(counts, *_only(only, shown), tuple_(row.c.id, row.c.updated_at).in_(rows))
                case VersionColumn(target_type=only):
                    version = on_alias(declared, row)
                    same = (version.resource_type == shown.c.resource_type, version.column == shown.c.fhir_id)
                    yield and_(counts, *_only(only, shown), *same)
                case ReferenceColumn(target_type=only) if only in include.target_types:
                    yield and_(shown.c.resource_type == type_literal(only), _holds(declared, row, shown))


def _only(target_type: str | None, shown: FromClause) -> tuple[ColumnElement[bool], ...]:
    return () if target_type is None else (shown.c.resource_type == type_literal(target_type),)


def _holds(declared: ReferenceColumn, row: FromClause, shown: FromClause) -> ColumnElement[bool]:
    if not isinstance(declared.through, Through):
        return on_alias(declared, row).column == shown.c.fhir_id
    child = declared.through.table.alias("c")
    keys = select(child.c[declared.through.key]).where(on_alias(declared, child).column == shown.c.fhir_id)
    return row.c[declared.through.parent_key] == any_(func.array(keys.scalar_subquery()))


def referred_by_log(include: Include, branch: Branch, shown: CTE) -> Iterator[Select[Any]]:
    """(target_type, target_id) of the references in the shown rows of a log."""
    row = branch.row()
    identity = own_columns(branch.source, "_id")[0]
    if not isinstance(identity, LogIdColumn):
        raise AssertionError("rows of a log are found by ids of logs")
    same = and_(is_key_of(on_alias(identity, row), array([shown.c.fhir_id])), row.c.fhir_id == shown.c.fhir_id)
    own = shown.c.resource_type == _type(branch)
    for parameter in include.parameters:
        for declared in own_columns(branch.source, parameter):
            pairs = _pairs(declared, row, shown, same, include.target_types)
            if pairs is None:
                continue
            found = pairs.offset(literal_column("0")).lateral("found")
            target = select(found.c.target_type, found.c.target_id).select_from(shown.join(found, true()))
            yield target.where(own, found.c.target_id.is_not(None), one_of(found.c.target_type, include.target_types))


def _pairs(
    declared: Any, row: FromClause, shown: CTE, same: ColumnElement[bool], types: Sequence[str]
) -> Select[Any] | None:
    """(target_type, target_id) that a column of the rows with `same` id holds."""
    if isinstance(declared, NamesColumn):
        names = (
            select(func.unnest(on_alias(declared, row).column).label("name"))
            .where(same)
            .correlate(shown)
            .lateral("names")
        )
        parts = (func.split_part(names.c.name, literal_column("'/'"), literal_column(place)) for place in ("1", "2"))
        return select(*_labelled(*parts))
    if isinstance(declared, VersionColumn):
        column = on_alias(declared, row)
        return select(*_labelled(column.resource_type, column.column)).where(same)
    if isinstance(declared, ReferenceColumn) and declared.target_type in types:
        of_type = type_literal(declared.target_type)
        if not isinstance(declared.through, Through):
            return select(*_labelled(of_type, on_alias(declared, row).column)).where(same)
        child = declared.through.table.alias("c")
        joined = child.c[declared.through.key] == row.c[declared.through.parent_key]
        return select(*_labelled(of_type, on_alias(declared, child).column)).where(same, joined)
    return None


def _labelled(resource_type: ColumnElement[Any], fhir_id: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    return resource_type.label("target_type"), fhir_id.label("target_id")
