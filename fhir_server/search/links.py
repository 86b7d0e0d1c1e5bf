"""Chains and `_has` as SQL: the ways from a row along a reference to rows of other tables that match.

https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#has

A reference stands in a column or in index rows, and the other resource in a table or in a generic store: each pair is
one way. One more leads to what stands inside of the same resource, by index rows that are there for this alone.

Where one way alone is asked for, a correlated EXISTS is a semi-join that PostgreSQL starts from either end. Several
ways would be an OR of these, which it can only test row by row; so there `AMONG` unites the keys that all ways give,
and starts from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import ColumnElement, and_, exists, false, literal_column, or_, select, true, union_all
from sqlalchemy.sql import FromClause, Select
from sqlalchemy.sql.util import ClauseAdapter

from fhir_server.mapping.source import ReferenceColumn, Through
from fhir_server.search.branches import Branch, SourcesOf, branches, contained_branch, sql_literal, type_literal
from fhir_server.search.expression import Expression, Guarded, Link
from fhir_server.search.placement import AMONG, FENCED, Linked

MOST_WITHIN = 2
"""References of a chain that may lead into a resource, the first ones: each makes the rest of the chain be said once
more, and a chain of five would take seconds to compile."""

Codes = tuple[str, ...]
ColumnOf = Callable[[FromClause], ColumnElement[Any]]


class Shared(Protocol):
    """What following a link needs of the compilation."""

    sources_of: SourcesOf

    def fulfils(self, wanted: Expression, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        """The condition that an undeleted row of the branch is what a numbered tree asks for."""
        ...

    def consults(self, branch: Branch) -> None:
        """Notes that the statement looks at index rows of the branch."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """Where `column` of a row is among the `keys`, the resource at the other end, a row `other` of `branch`, matches.

    `also` must hold besides, between this row and the selected ones.
    """

    keys: Select[Any]
    key: ColumnElement[Any]
    column: ColumnOf
    other: FromClause
    branch: Branch
    also: tuple[ColumnElement[bool], ...] = ()

    def of(self, row: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
        """Selects columns of the other end of this row's reference."""
        return self.keys.with_only_columns(*columns).where(self.key == self.column(row), *self.also).correlate(row)


def followed(linked: Linked, row: FromClause, branch: Branch, shared: Shared) -> ColumnElement[bool]:
    """The condition that a link puts on a row."""
    found = list(ways(linked.link, row, branch, shared))
    if linked.form == AMONG and len(found) > 1 and len(branch.types) == 1:
        return _among(found, row, branch)
    selects = [way.of(row, literal_column("1")) for way in found]
    # PostgreSQL makes no join of a subquery with an OFFSET, even of one by nothing.
    selects = [one.offset(literal_column("0")) for one in selects] if linked.form == FENCED else selects
    return or_(*map(exists, selects)) if selects else false()


def _among(found: list[Way], row: FromClause, branch: Branch) -> ColumnElement[bool]:
    if len({str(way.column(row)) for way in found}) == 1:
        return found[0].column(row).in_(union_all(*(way.keys for way in found)))
    # Ways by different columns meet in the one key that every row has.
    same = branch.source.table.alias(f"s{_level(row)}")
    keys = [
        way.keys
        if str(way.column(row)) == str(row.c.resource_key)
        else select(same.c.resource_key).where(way.column(same).in_(way.keys))
        for way in found
    ]
    return row.c.resource_key.in_(union_all(*keys))


def far_ends(
    link: Link, row: FromClause, branch: Branch, shared: Shared
) -> Iterator[tuple[Select[Any], ColumnElement[Any]]]:
    """For each way what it gives, a column `key` with values that may repeat, and the row's column to find among it."""
    for way in ways(link, row, branch, shared):
        yield way.keys.with_only_columns(way.key.label("key")), way.column(row)


def link_keys(link: Link, row: FromClause, branch: Branch, shared: Shared) -> Select[Any]:
    """The column `resource_key` of the resources that a link asks for, from its far end; some may be there twice."""
    same = branch.source.table.alias(f"s{_level(row)}")
    keys: list[Select[Any]] = []
    for way in ways(link, row, branch, shared):
        far = way.keys.with_only_columns(way.key.label("key")).subquery("f")
        if str(way.column(row)) == str(row.c.resource_key):
            keys.append(select(far.c.key.label("resource_key")))
            continue
        # OFFSET keeps PostgreSQL from reading a whole table in the order of the column, to join it with few ends.
        near = select(same.c.resource_key).where(way.column(same) == far.c.key).offset(literal_column("0")).lateral("n")
        keys.append(select(near.c.resource_key).select_from(far.join(near, true())))
    if not keys:
        return select(same.c.resource_key).where(false())
    if len(keys) == 1:
        return keys[0]
    return select(union_all(*keys).subquery("k").c.resource_key)


def _level(row: FromClause) -> int:
    name = str(row.name)  # type: ignore[attr-defined]
    return 1 if name == "r" else int(name[1:]) + 1


def ways(link: Link, row: FromClause, branch: Branch, shared: Shared) -> Iterator[Way]:
    """All ways to follow a link from a row: those by columns first, those that stay in one resource last."""
    level = _level(row)
    for make in _makers(link, branch):
        for types, inner in link.alternatives:
            for other in branches(types, shared.sources_of):
                yield from _matching(make(link.parameters, row, branch, other, level), inner, shared)
    within = _back_within if link.reverse else _within
    for types, inner in _asked_within(link, branch) if level <= MOST_WITHIN else ():
        other = contained_branch(branch.store, types)
        yield from _matching(within(link.parameters, row, branch, other, level), inner, shared)


def _matching(made: Made, inner: Expression, shared: Shared) -> Iterator[Way]:
    for way, holder in made:
        matches = shared.fulfils(inner, way.other, way.branch)
        if holder is not None:
            shared.consults(holder)
        yield Way(way.keys.where(matches), way.key, way.column, way.other, way.branch, way.also)


def _makers(link: Link, branch: Branch) -> tuple[Maker, ...]:
    if not link.reverse:
        return _by_column, _by_rows
    # Nobody refers to what is contained but what stands in the same resource, and this itself.
    return (_back_within,) if branch.is_contained else (_back_by_column, _back_by_rows)


def _asked_within(link: Link, branch: Branch) -> Iterator[tuple[Codes, Expression]]:
    """The types of contained resources that the link leads to, and what is asked of these; those asked alike at once.

    What is visible does not depend on what is contained: only links of a caller's criteria look for it.
    """
    if link.reverse and not branch.is_contained:
        return
    asked: dict[int, tuple[list[str], Expression]] = {}
    for types, inner in link.alternatives:
        if isinstance(inner, Guarded):
            asked.setdefault(id(inner.asked), ([], inner))[0].extend(types)
    for found, inner in asked.values():
        yield tuple(found), inner


Made: TypeAlias = Iterator[tuple[Way, Branch | None]]
"""Ways without the condition on the other end, with the branch whose index rows hold the reference."""
Maker: TypeAlias = Callable[[Codes, FromClause, Branch, Branch, int], Made]


def _reference_columns(branch: Branch, parameters: Codes) -> Iterator[ReferenceColumn]:
    """The columns of a table that hold references of the parameters, each once."""
    found = [column for code in parameters for column in branch.source.columns.get(code, ())]
    references = (column for column in found if isinstance(column, ReferenceColumn))
    yield from {(str(column.column), column.target_type, id(column.through)): column for column in references}.values()


def _beyond_columns(branch: Branch, parameters: Codes) -> Codes:
    """Those of the parameters whose references are not all held in columns of the table."""
    columns = {code: branch.source.columns.get(code, ()) for code in parameters}
    return tuple(code for code, held in columns.items() if not held or not all(column.complete for column in held))


def _by_column(parameters: Codes, row: FromClause, branch: Branch, other: Branch, level: int) -> Made:
    for column in _reference_columns(branch, parameters):
        if column.target_type not in other.types:
            continue
        target = Branch(other.source, (column.target_type,))
        found = target.source.table.alias(f"r{level}")
        if not isinstance(column.through, Through):
            keys = select(found.c.fhir_id).select_from(found)
            yield Way(keys, found.c.fhir_id, _column_on(column), found, target), None
            continue
        child, held, constants = _child(column, column.through, level)
        keys = select(child.c[column.through.key]).select_from(child.join(found, found.c.fhir_id == held))
        key = child.c[column.through.key]
        yield Way(keys.where(*constants), key, _named(column.through.parent_key), found, target), None


def _by_rows(parameters: Codes, row: FromClause, branch: Branch, other: Branch, level: int) -> Made:
    beyond = _beyond_columns(branch, parameters)
    if not beyond:
        return
    rows = branch.store.reference_index.alias(f"i{level}")
    found = other.source.table.alias(f"r{level}")
    same = and_(found.c.fhir_id == rows.c.target_id, rows.c.target_type == other.type_column(found))
    keys = select(rows.c.resource_key).select_from(rows.join(found, same)).where(branch.parameters(rows, beyond))
    yield Way(keys, rows.c.resource_key, _named("resource_key"), found, other), branch


def _back_by_column(parameters: Codes, row: FromClause, branch: Branch, other: Branch, level: int) -> Made:
    for column in _reference_columns(other, parameters):
        if column.target_type not in branch.types:
            continue
        found = other.source.table.alias(f"r{level}")
        if isinstance(column.through, Through):
            child, held, constants = _child(column, column.through, level)
            same = child.c[column.through.key] == found.c[column.through.parent_key]
            keys = select(held).select_from(child.join(found, same)).where(*constants)
        else:
            held = _column_on(column)(found)
            keys = select(held).select_from(found)
        also = (row.c.resource_type == type_literal(column.target_type),) if len(branch.types) > 1 else ()
        yield Way(keys.where(held.is_not(None)), held, _named("fhir_id"), found, other, also), None


def _back_by_rows(parameters: Codes, row: FromClause, branch: Branch, other: Branch, level: int) -> Made:
    beyond = _beyond_columns(other, parameters)
    if not beyond:
        return
    rows = other.store.reference_index.alias(f"i{level}")
    found = other.source.table.alias(f"r{level}")
    keys = select(rows.c.target_id).select_from(rows.join(found, found.c.resource_key == rows.c.resource_key))
    keys = keys.where(other.parameters(rows, beyond))
    of_type = rows.c.target_type == branch.type_column(row)
    if len(branch.types) == 1:
        yield Way(keys.where(of_type), rows.c.target_id, _named("fhir_id"), found, other), other
    else:
        yield Way(keys, rows.c.target_id, _named("fhir_id"), found, other, (of_type,)), other


def _within(parameters: Codes, row: FromClause, branch: Branch, other: Branch, level: int) -> Made:
    """From a resource, or from what it contains, to what it contains."""
    beyond = _beyond_columns(branch, parameters)
    if not beyond:
        return
    rows, found = branch.store.reference_index.alias(f"i{level}"), other.source.table.alias(f"r{level}")
    if branch.is_contained:
        beside = branch.source.table.alias(f"b{level}")
        joined = rows.join(beside, beside.c.resource_key == rows.c.resource_key)
        joined = joined.join(found, and_(found.c.container_key == beside.c.container_key, _is_named(rows, found)))
    else:
        joined = rows.join(found, and_(found.c.container_key == rows.c.resource_key, _is_named(rows, found)))
    keys = select(rows.c.resource_key).select_from(joined).where(_contained_rows(branch, rows, beyond))
    yield Way(keys, rows.c.resource_key, _named("resource_key"), found, other), branch


def _back_within(parameters: Codes, row: FromClause, branch: Branch, other: Branch, level: int) -> Made:
    """From what is contained to the container that refers to it, or to what is contained beside it and does."""
    beyond = _beyond_columns(other, parameters)
    if not beyond or other.store is not branch.store:
        return
    rows, found = other.store.reference_index.alias(f"i{level}"), other.source.table.alias(f"r{level}")
    beside = branch.source.table.alias(f"b{level}")
    container = found.c.container_key if other.is_contained else found.c.resource_key
    joined = rows.join(found, found.c.resource_key == rows.c.resource_key)
    joined = joined.join(beside, and_(beside.c.container_key == container, _is_named(rows, beside)))
    keys = select(beside.c.resource_key).select_from(joined).where(_contained_rows(other, rows, beyond))
    yield Way(keys, beside.c.resource_key, _named("resource_key"), found, other), other


def _contained_rows(branch: Branch, rows: FromClause, parameters: Codes) -> ColumnElement[bool]:
    return branch.parameters(rows, tuple(f"{code}:contained" for code in parameters))


def _is_named(rows: FromClause, found: FromClause) -> ColumnElement[bool]:
    named: ColumnElement[bool] = rows.c.url == literal_column("'#'").concat(found.c.fhir_id)
    return named


def _named(name: str) -> ColumnOf:
    def column(row: FromClause) -> ColumnElement[Any]:
        return row.c[name]

    return column


def _column_on(column: ReferenceColumn) -> ColumnOf:
    def on(row: FromClause) -> ColumnElement[Any]:
        found: ColumnElement[Any] = ClauseAdapter(row).traverse(column.column)
        return found

    return on


def _child(
    column: ReferenceColumn, through: Through, level: int
) -> tuple[FromClause, ColumnElement[Any], tuple[ColumnElement[bool], ...]]:
    """The child rows, the id they hold, and the constants that make them those of the parameter."""
    child = through.table.alias(f"c{level}")
    constants = (child.c[name] == sql_literal(text) for name, text in through.conditions.items())
    return child, ClauseAdapter(child).traverse(column.column), tuple(constants)
