"""What a page includes when includes go on from included resources: `_include:iterate` and `_revinclude:iterate`.

https://hl7.org/fhir/R4/search.html#include

One recursive query walks from the shown matches, level by level, until nothing new is found, MAX_DEPTH levels lie
behind or MAX_INCLUDED resources are found; the nearest are shown, and a row of mode `capped` tells that there was more.
Includes without `:iterate` are followed from the matches only; `_revinclude=*` is bounded in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql import FromClause, Select

from fhir_server.search.branches import branches, one_of, sql_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.expression import Anything, Link
from fhir_server.search.links import Way
from fhir_server.search.request import Include
from fhir_server.search.rows import CAPPED, RESOURCE_COLUMNS
from fhir_server.search.wildcards import any_ends

MAX_DEPTH = 5
MAX_INCLUDED = 1000
_MAX_WALKED = 10 * MAX_INCLUDED
"""A resource counts once for each level it is found on; the walk must end however often that is."""


def number(value: int) -> ColumnElement[int]:
    """A constant as SQL text."""
    return literal_column(str(value), Integer())


def iterated(includes: Sequence[Include], shown: CTE, compilation: Compilation) -> tuple[CTE, Select[Any]]:
    """(home, resource_key) of what is included, and the select of RESOURCE_COLUMNS that may say that there was more."""
    start = select(
        _text(literal_column("''")).label("home"),
        _text(shown.c.resource_type).label("resource_type"),
        _text(shown.c.fhir_id).label("fhir_id"),
        cast(shown.c.resource_key, BigInteger()).label("resource_key"),
        number(0).label("depth"),
    )
    reached = start.cte("reached", recursive=True)
    here = reached.alias("here")
    ends = [end for include in includes for end in _ends(include, here, compilation)]
    found = union_all(*ends).lateral("found") if len(ends) > 1 else ends[0].lateral("found")
    # One level more than is shown tells whether there is more.
    step = select(
        *map(_text, (found.c.home, found.c.resource_type, found.c.fhir_id)),
        found.c.resource_key,
        here.c.depth + number(1),
    )
    step = step.select_from(here.join(found, true())).where(here.c.depth <= number(MAX_DEPTH))
    reached = reached.union(step)
    return _cut(reached, shown)


def _text(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Both parts of a recursive query must say the same type and collation."""
    return cast(value, Text()).collate("C")


def _cut(reached: CTE, shown: CTE) -> tuple[CTE, Select[Any]]:
    # The LIMIT ends the recursion: PostgreSQL walks no further than rows are asked for.
    walked = select(*reached.c).limit(number(_MAX_WALKED)).cte("walked")
    depth = func.min(walked.c.depth)
    is_shown = exists(select(literal_column("1")).where(shown.c.resource_key == walked.c.resource_key))
    nearest = (
        select(walked.c.home, walked.c.resource_key, depth.label("depth"))
        .where(~is_shown)
        .group_by(walked.c.home, walked.c.resource_key)
        .order_by(depth, walked.c.resource_key)
        .limit(number(MAX_INCLUDED + 1))
        .cte("nearest")
    )
    included = (
        select(nearest.c.home, nearest.c.resource_key)
        .where(nearest.c.depth <= number(MAX_DEPTH))
        .order_by(nearest.c.depth, nearest.c.resource_key)
        .limit(number(MAX_INCLUDED))
        .cte("included")
    )
    more = or_(_count(nearest) > _count(included), _count(walked) >= number(_MAX_WALKED))
    nothing: dict[str, ColumnElement[Any]] = {name: null().label(name) for name in RESOURCE_COLUMNS}
    nothing["mode"] = literal_column(f"'{CAPPED}'").label("mode")
    return included, select(*nothing.values()).where(more)


def _count(rows: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


def _ends(include: Include, here: FromClause, compilation: Compilation) -> Iterator[Select[Any]]:
    """The other ends of an include's references, from a resource that was reached."""
    if include.is_any:
        for end in any_ends(include.reverse, here, compilation):
            yield end if include.iterate else end.where(here.c.depth == number(0))
        return
    outgoing = ((include.source_type,), include.target_types)
    starts, targets = (outgoing[1], outgoing[0]) if include.reverse else outgoing
    for branch in branches(starts, compilation.sources_of):
        row = branch.row()
        conditions = [one_of(here.c.resource_type, branch.types), row.c.resource_key == here.c.resource_key]
        if not include.iterate:
            conditions.append(here.c.depth == number(0))
        link = Link(include.parameters, ((targets, Anything()),), include.reverse)
        for way in compilation.ways(link, row, branch):
            if way.branch.is_contained:
                # What is contained comes with its container, and is nothing to go on from.
                continue
            yield _columns(way).where(way.key == way.column(row), *way.also, *conditions).correlate(here)


def _columns(way: Way) -> Select[Any]:
    home = sql_literal(way.branch.source.table.fullname).label("home")
    resource_type = way.branch.type_column(way.other).label("resource_type")
    return way.keys.with_only_columns(home, resource_type, way.other.c.fhir_id, way.other.c.resource_key)


__all__ = ["MAX_DEPTH", "MAX_INCLUDED", "iterated"]
