"""Searches that look into resources: `_contained=true` and `both`, with either kind of `_containedType`.

https://hl7.org/fhir/R4/search.html#contained

A contained resource is a row of the store of its container, with index rows under a key of its own: to the criteria it
is one more generic table. What a caller may see is decided by the container, which may be of any type, so there is a
select for each table. Whatever is found is printed from the container, as it is read: what the portal wrote last is
in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, null, select
from sqlalchemy.sql import FromClause, Select

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import InvalidRequest
from fhir_server.search.branches import Branch, contained_branch, sql_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.custom import added_parameters
from fhir_server.search.expression import And, Expression, Leaf, Link, Not, Or
from fhir_server.search.ordering import Order, after, order_values
from fhir_server.search.placement import place
from fhir_server.search.request import Search
from fhir_server.search.rows import MATCH, resource_select
from fhir_server.search.together import together
from fhir_server.search.types.compartment import Member
from fhir_server.search.types.text import FullText

CONTAINED_ID = "contained_id"
"""The column behind RESOURCE_COLUMNS with the id of a contained match, where these are what is returned."""

_SORTS = frozenset({"_lastUpdated"})


class NotContained(InvalidRequest):
    """What cannot be asked of contained resources."""

    code = "not-supported"


def refuse_uncontained(search: Search) -> None:
    """Raises NotContained for a search of contained resources that asks what these cannot answer."""
    if not search.contains:
        return
    if search.includes:
        raise NotContained("_contained cannot be used with _include or _revinclude.")
    wrong = next((str(key) for key in search.sort if str(key).removeprefix("-") not in _SORTS), None)
    if wrong is not None:
        raise NotContained(
            f"_contained cannot be used with _sort={wrong}: containers of all types have _lastUpdated only."
        )
    if added_parameters(search):
        raise NotContained("_contained cannot be used with search parameters that were added to this server.")
    for node in _nodes(search.criteria):
        match node:
            case Link(reverse=True):
                raise NotContained("_contained cannot be used with _has or _list: nothing refers into a resource.")
            case Member():
                raise NotContained(
                    "_contained cannot be used in a compartment: only whole resources are members of it."
                )
            case FullText():
                raise NotContained("_contained cannot be used with _text or _content: words belong to whole resources.")


def _nodes(expression: Expression) -> Iterator[Expression]:
    """What is asked of the resource itself: not what stands behind a chain."""
    match expression:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _nodes(part)
        case Not(part):
            yield from _nodes(part)
        case Leaf() | Link():
            yield expression


def has_chains(search: Search) -> bool:
    """Whether a search follows references to resources that may be contained ones."""
    return any(key.via for key in search.sort) or _is_chained(search.criteria)


def _is_chained(expression: Expression) -> bool:
    match expression:
        case And(parts) | Or(parts):
            return any(map(_is_chained, parts))
        case Not(part):
            return _is_chained(part)
        case Link(reverse=True):
            return any(_is_chained(inner) for _, inner in expression.alternatives)
        case Link():
            return True
    return False


def contained_pages(
    search: Search, order: Order, compilation: Compilation, continues: bool, limit: ColumnElement[int]
) -> list[Select[Any]]:
    """Selects as `pages` makes them for top-level matches, of what is found inside; each cut after `limit` rows."""
    return [
        _page(search, branch, among, order, compilation, continues, limit)
        for branch, among in _containers(search, compilation)
    ]


def contained_keys(search: Search, compilation: Compilation) -> list[Select[Any]]:
    """For each table a select of the column `resource_key` of all that is found inside."""
    keys = []
    for branch, among in _containers(search, compilation):
        row, found = branch.row(), _found(search, branch, compilation)
        key = found.c.container_key if search.contained_type == "container" else found.c.contained_key
        joined = select(key.label("resource_key")).select_from(
            row.join(found, found.c.container_key == row.c.resource_key)
        )
        keys.append(joined.where(*_shown(row, branch, among, compilation)))
    return keys


def _containers(search: Search, compilation: Compilation) -> Iterator[tuple[Branch, bool]]:
    """The branches that may contain something, and whether their rows may be found themselves."""
    twice = search.contained == "both" and search.contained_type == "container"
    asked = frozenset(search.types) if twice else frozenset()
    for branch in compilation.branches(sorted(RESOURCE_TYPES - asked)):
        yield branch, False
    for branch in compilation.branches(sorted(asked)):
        yield branch, True


def _page(
    search: Search,
    branch: Branch,
    among: bool,
    order: Order,
    compilation: Compilation,
    continues: bool,
    limit: ColumnElement[int],
) -> Select[Any]:
    table, found = branch.row(), _found(search, branch, compilation)
    values = list(order_values(order, table, branch, compilation))
    inside = search.contained_type == "contained"
    if inside:
        # Several may stand in one container: the order ends with their own keys.
        values[-1] = found.c.contained_key
    keys = [value.label(column.name) for value, column in zip(values, order.columns, strict=True)]
    named = [found.c.contained_id.label(CONTAINED_ID)] if inside else []
    chosen = select(*table.c, *named, *keys).select_from(
        table.join(found, found.c.container_key == table.c.resource_key)
    )
    chosen = chosen.where(*_shown(table, branch, among, compilation))
    if continues:
        chosen = chosen.where(after(order, values, compilation.binds))
    ordered = [key.desc() if column.descending else key.asc() for key, column in zip(keys, order.columns, strict=True)]
    row = chosen.order_by(*ordered).limit(limit).subquery("r")
    page = resource_select(MATCH, branch, row)
    page = page.add_columns(row.c[CONTAINED_ID]) if inside else page
    return page.add_columns(row.c.resource_key, *(row.c[column.name] for column in order.columns))


def no_contained_id() -> ColumnElement[Any]:
    """CONTAINED_ID of a match that is a resource of its own."""
    return cast(null(), Text()).collate("C").label(CONTAINED_ID)


def _shown(row: FromClause, branch: Branch, among: bool, compilation: Compilation) -> Iterator[ColumnElement[bool]]:
    # Index rows of what the portal changed tell what it contained before.
    compilation.consults(branch)
    yield compilation.is_visible(row, branch)
    if among:
        # What is found for itself is not found again for what it contains.
        yield func.coalesce(compilation.matches(row, branch), literal_column("false")).is_(literal_column("false"))


def _found(search: Search, branch: Branch, compilation: Compilation) -> FromClause:
    """The contained matches in resources of a branch: their containers' keys, each once, or themselves."""
    inner = contained_branch(branch.store, search.types)
    row = inner.row()
    placed = place(together(compilation.criteria, search.types), inner.source)
    in_table = row.c.container_table == sql_literal(branch.source.table.name)
    wanted = (in_table, compilation.where_deleted_or_not(placed, row, inner))
    if search.contained_type == "container":
        return select(row.c.container_key).where(*wanted).distinct().subquery("k")
    keys = (row.c.container_key, row.c.resource_key.label("contained_key"), row.c.fhir_id.label("contained_id"))
    return select(*keys).where(*wanted).subquery("k")


__all__ = [
    "CONTAINED_ID",
    "NotContained",
    "contained_keys",
    "contained_pages",
    "has_chains",
    "no_contained_id",
    "refuse_uncontained",
]
