"""Few rows or many: conditions of which nobody can foresee how many rows they leave are asked that when they run.

https://www.postgresql.org/docs/current/row-estimation-examples.html

What matches an index row, a chain or a range of dates may be three resources or a third of the table, next to each
other or everywhere; the planner knows averages, and of a prepared statement not even the values. So the keys of each
such condition are collected up to FEW. Where that is all there are, the page is made of these rows. Where there are
more of every condition, they are frequent enough to walk in the page's order and to look each row up. Each way is a
select that runs only if the counts call for it.

A page in the order of keys needs no count for an equality: its index has that order, and is walked itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, any_, func, literal_column, or_, select, true, union_all
from sqlalchemy.sql import FromClause, Select

from fhir_server.search.branches import Branch
from fhir_server.search.compilation import Compilation
from fhir_server.search.conditions import row_keys
from fhir_server.search.expression import And, Anything, Expression, Leaf, Or
from fhir_server.search.links import far_ends, link_keys
from fhir_server.search.ordering import Order
from fhir_server.search.placement import EXISTS, FENCED, Linked, OnColumn, OnInterval, OnRows, split, through_of
from fhir_server.search.types.composite import Composite
from fhir_server.search.types.date import Date
from fhir_server.search.types.logs import are_few
from fhir_server.search.types.number import Number
from fhir_server.search.types.phonetic import Phonetic
from fhir_server.search.types.quantity import Quantity
from fhir_server.search.types.reference import LogicalReference, Reference
from fhir_server.search.types.string import String
from fhir_server.search.types.token import Token
from fhir_server.search.types.uri import Uri

FEW = 2_000
"""Rows that are looked up and sorted in some milliseconds; what matches more often is met soon enough on a walk."""

MOST_COUNTED = 3
"""Conditions of one search whose rows are counted."""

MOST_CONDITIONS = 12
"""A search of more is left to the planner: each way repeats all of them, which takes long to compile and to plan."""

_FEW: ColumnElement[int] = literal_column(str(FEW))
_MORE: ColumnElement[int] = literal_column(str(FEW + 1))

_RANKS: tuple[tuple[type[Leaf], int], ...] = (
    (Reference, 0),
    (LogicalReference, 0),
    (Composite, 1),
    (Token, 2),
    (Uri, 2),
    (String, 4),
    (Number, 5),
    (Date, 6),
)
_LINK_RANK, _OTHER_RANK, _COLUMN_RANK = 3, 7, 8
"""Which condition is counted first: the one that mostly leaves fewest."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One way to the rows of a page: a condition on them, and perhaps the keys whose order the page is to follow.

    `by_order` says that the rows are to be walked in the page's order, `fenced` that they must not be: all are found
    before they are sorted.
    """

    condition: ColumnElement[bool]
    keys: FromClause | None = None
    by_order: bool = True
    fenced: bool = False


def narrowed(
    placed: Expression,
    row: FromClause,
    branch: Branch,
    order: Order,
    walkable: bool,
    compilation: Compilation,
    continues: bool,
) -> Iterator[Narrowed]:
    """The ways to the rows that a placed tree asks for; of the ways with a count, exactly one gives them.

    `walkable` says that rows can be read in the page's order.
    """
    if branch.source.log:
        yield from _logged(placed, row, branch, compilation)
        return
    parts = placed.parts if isinstance(placed, And) else (placed,)
    shared = any(len(compilation.sources_of(one)) > 1 for one in branch.types)
    is_planned = len(parts) > MOST_CONDITIONS or compilation.is_bound(branch)
    counted = [] if is_planned else _counted(parts, branch, order, shared)
    if not counted:
        looked_up = placed if is_planned or not walkable else _all_of(map(_dear_looked_up, parts))
        yield Narrowed(compilation.where(looked_up, row, branch))
        return
    by_key = order.columns[0].key is None and not (shared and branch.source.generic)
    in_order = (at for at in counted if by_key and _gives_order(parts[at], branch))
    keyed = next(in_order, None)
    more: list[ColumnElement[bool]] = []
    for at in (at for at in counted if at != keyed):
        compilation.looks_at(parts[at], branch)
        few = compilation.few(_keys(parts, at, row, branch, shared, compilation), _MORE)
        number = select(func.count()).select_from(few).scalar_subquery()
        among = row.c.resource_key == any_(func.array(select(few.c.resource_key).scalar_subquery()))
        others = _looked_up(*parts[:at], *parts[at + 1 :])
        yield Narrowed(and_(*more, number <= _FEW, among, compilation.where(others, row, branch)), by_order=False)
        more.append(number > _FEW)
    if keyed is not None:
        compilation.looks_at(parts[keyed], branch)
        keys = _ordered_keys(parts[keyed], branch, compilation, continues)
        others = _looked_up(*parts[:keyed], *parts[keyed + 1 :])
        yield Narrowed(and_(true(), *more, compilation.where(others, row, branch)), keys)
    elif walkable:
        yield from _walked(parts, counted, and_(*more), row, branch, compilation)
    else:
        yield Narrowed(and_(*more, compilation.where(placed, row, branch)))


def _logged(placed: Expression, row: FromClause, branch: Branch, compilation: Compilation) -> Iterator[Narrowed]:
    """The ways to the rows of a log: by what few of them name, or else in the order of time."""
    condition = compilation.where(placed, row, branch)
    for part in placed.parts if isinstance(placed, And) else (placed,):
        if not isinstance(part, OnColumn):
            continue
        few = are_few(part.leaf, part.columns[0], compilation.binds.of(part.number), FEW)
        if few is not None:
            yield Narrowed(and_(few, condition), fenced=True)
            yield Narrowed(and_(~few, condition))
            return
    yield Narrowed(condition)


def _walked(
    parts: Sequence[Expression],
    counted: Sequence[int],
    more: ColumnElement[bool],
    row: FromClause,
    branch: Branch,
    compilation: Compilation,
) -> Iterator[Narrowed]:
    """The rows in the page's order, each looked up; a link by its far ends if these are few."""
    conditions = [more]
    if not branch.source.generic and any(isinstance(parts[at], OnRows) for at in counted):
        # Only what came through FHIR has index rows, and an index of its own.
        conditions.append(row.c.document_version.is_not(None))
    for at in counted:
        part = parts[at]
        if not isinstance(part, Linked):
            continue
        numbers, joined = [], []
        for ends, column in far_ends(part.link, row, branch, compilation):
            few = compilation.few(ends, _MORE)
            numbers.append(select(func.count()).select_from(few).scalar_subquery())
            # As a test of its own it is no join, but a look into a hash table.
            joined.append(column.in_(select(*few.c)).is_(true()))
        if not numbers:
            continue
        others = _looked_up(*parts[:at], *parts[at + 1 :])
        all_few = and_(*(number <= _FEW for number in numbers))
        yield Narrowed(and_(*conditions, all_few, or_(*joined), compilation.where(others, row, branch)))
        conditions.append(or_(*(number > _FEW for number in numbers)))
    yield Narrowed(and_(*conditions, compilation.where(_looked_up(*parts), row, branch)))


def _counted(parts: Sequence[Expression], branch: Branch, order: Order, shared: bool) -> list[int]:
    """The places of the conditions whose rows are counted, the most promising first."""
    # Of a type with a table the other store has few resources, which the planner knows: it starts a chain there.
    linked = len(branch.types) == 1 and not (shared and branch.source.generic)
    ranked = ((_rank(part, order, linked), at) for at, part in enumerate(parts))
    counted = [at for rank, at in sorted((rank, at) for rank, at in ranked if rank is not None)]
    if not any(isinstance(part, OnColumn) and isinstance(part.leaf, Token | Reference) for part in parts):
        # The index of amounts begins with a code: without one it is worth its while only if nothing else is counted.
        counted = [at for at in counted if not isinstance(parts[at], Or)] or counted
    return counted[:MOST_COUNTED]


def _rank(part: Expression, order: Order, linked: bool) -> int | None:
    match part:
        case OnRows(leaves, form) if form == EXISTS:
            return _rank_of(leaves[0].leaf)
        case Linked():
            return _LINK_RANK if linked else None
        case OnInterval(parts):
            return _COLUMN_RANK if _is_counted_range(parts[0], order) else None
        case OnColumn():
            return _COLUMN_RANK if _is_counted_range(part, order) else None
        case Or():
            found = split(part)
            if found is not None and all(_is_indexed(one.leaf) for one in found[1].leaves):
                return _rank_of(found[1].leaves[0].leaf)
    return None


def _is_indexed(leaf: Leaf) -> bool:
    """Whether an index answers the leaf on the row's own columns, too; that of amounts skips from code to code."""
    match leaf:
        case Composite(parts=parts):
            return all(isinstance(part, Token | Date) or _is_indexed(part) for part in parts)
        case Quantity():
            return leaf.scope != "canonical" and leaf.prefix != "ne"
        case String():
            return leaf.match in ("starts", "exact", "equal") and leaf.normal != ""
        case Phonetic():
            return True
    return False


def _rank_of(leaf: Leaf) -> int:
    return next((rank for kind, rank in _RANKS if isinstance(leaf, kind)), _OTHER_RANK)


def _is_counted_range(part: OnColumn, order: Order) -> bool:
    if not isinstance(part.leaf, Date) or part.leaf.prefix == "ne" or through_of(part) is not None:
        return False
    key = order.columns[0].key
    # The index of the order knows where the range begins.
    return key is None or key.parameter != part.leaf.parameter


def _gives_order(part: Expression, branch: Branch) -> bool:
    """Whether the index rows of the condition are in the order of their keys: those of one value."""
    if not isinstance(part, OnRows) or len(part.leaves) != 1 or len(branch.types) != 1:
        return False
    leaf = part.leaves[0].leaf
    if len(leaf.parameters(branch.types[0])) != 1:
        return False
    match leaf:
        case Token():
            return len(leaf.codes) == 1
        case Reference():
            return leaf.target_type is not None and len(leaf.ids) == 1
        case Uri():
            return leaf.match == "exact" and len(leaf.uris) == 1
    return False


def _keys(
    parts: Sequence[Expression], at: int, row: FromClause, branch: Branch, shared: bool, compilation: Compilation
) -> Select[Any]:
    part = parts[at]
    if isinstance(part, Linked):
        return link_keys(part.link, row, branch, compilation)
    # What the same row says beside it is cheap to ask, and an index may have it too.
    beside = [one for one in parts if one is not part and isinstance(one, OnColumn | OnInterval)]
    same = branch.source.table.alias("s")
    on_columns, on_rows = ((), part) if isinstance(part, OnRows) else split(part) or ((part,), None)
    key_of = select(same.c.resource_key)
    found = [key_of.where(compilation.where(_all_of((*beside, one)), same, branch)) for one in on_columns]
    if isinstance(on_rows, OnRows):
        keys = row_keys(on_rows, branch, compilation.binds)
        if shared:
            # Index rows of a type are those of its table and those of what no table holds.
            key = keys.selected_columns.resource_key
            of_branch = compilation.where(_all_of(beside), same, branch)
            keys = keys.join(same, same.c.resource_key == key).where(of_branch)
        found.append(keys)
    return found[0] if len(found) == 1 else select(union_all(*found).subquery("k").c.resource_key)


def _ordered_keys(part: Expression, branch: Branch, compilation: Compilation, continues: bool) -> FromClause:
    if not isinstance(part, OnRows):
        raise AssertionError("only index rows have the order of keys")
    keys = row_keys(part, branch, compilation.binds)
    if continues:
        key = keys.selected_columns.resource_key
        keys = keys.where(key > compilation.binds.constant("after0", None, BigInteger()))
    return keys.distinct().subquery("k")


def _looked_up(*parts: Expression) -> Expression:
    """All parts, with index rows and links looked up for each row: for few of these, or for a walk."""
    return _all_of(map(_fenced, parts))


def _all_of(parts: Iterable[Expression]) -> Expression:
    found = tuple(parts)
    return And(found) if len(found) > 1 else found[0] if found else Anything()


def _fenced(part: Expression) -> Expression:
    match part:
        case OnRows(form=form) if form == EXISTS:
            return replace(part, form=FENCED)
        case Linked():
            return replace(part, form=FENCED)
        case Or() if split(part) is not None:
            return _fenced_or(part)
    return part


def _dear_looked_up(part: Expression) -> Expression:
    """The part for a walk: amounts stand in index rows beside a column mostly as often as in it, too many to list."""
    found = split(part)
    dear = found is not None and isinstance(found[1].leaves[0].leaf, Quantity | Composite)
    return _fenced_or(part) if dear and isinstance(part, Or) else part


def _fenced_or(part: Or) -> Expression:
    return Or(tuple(replace(one, form=FENCED) if isinstance(one, OnRows) else one for one in part.parts))


__all__ = ["FEW", "Narrowed", "narrowed"]
