"""Turns a placed tree into the SQL condition on one row `r`.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, and_, any_, exists, false, func, literal_column, or_, select, true
from sqlalchemy.sql import FromClause, Select
from sqlalchemy.sql.elements import False_, True_
from sqlalchemy.sql.util import ClauseAdapter

from fhir_server.mapping.source import CompositeColumn, DateColumn, Through, TokenColumn
from fhir_server.search.binds import Binds
from fhir_server.search.branches import Branch, sql_literal
from fhir_server.search.expression import And, Anything, Expression, Not, Nothing, Numbered, Or, Present
from fhir_server.search.placement import EXISTS, FENCED, HASHED, Linked, OnColumn, OnInterval, OnRows, through_of
from fhir_server.search.types import ON_COLUMN, ON_ROWS, AnyColumn, index_table
from fhir_server.search.types.date import Date, InstantColumn, on_interval
from fhir_server.search.types.token import Token
from fhir_server.search.types.token import on_column as token_on_column

Follow: TypeAlias = Callable[[Linked, FromClause, Branch], ColumnElement[bool]]
"""The condition that a link puts on a row, which needs the tables of other types."""


Described = TypeVar("Described", bound=AnyColumn)


def on_alias(column: Described, alias: FromClause) -> Described:
    """The column description with its SQL columns taken from `alias` of their table."""
    if isinstance(column, CompositeColumn):
        parts = tuple(tuple(on_alias(one, alias) for one in columns) for columns in column.parts)
        return replace(column, parts=parts)
    adapter = ClauseAdapter(alias)
    changed = {
        name: adapter.traverse(value)
        for name in column.__dataclass_fields__
        if isinstance(value := getattr(column, name), ColumnElement)
    }
    return type(column)(**{name: changed.get(name, getattr(column, name)) for name in column.__dataclass_fields__})


def condition(node: Expression, row: FromClause, branch: Branch, binds: Binds, follow: Follow) -> ColumnElement[bool]:
    """The condition that a placed tree puts on `row`; never NULL where it stands under a Not."""
    match node:
        case Anything():
            return true()
        case Nothing():
            return false()
        case And(parts):
            found = [condition(part, row, branch, binds, follow) for part in parts]
            # SQLAlchemy hides a constant inside an and_; a caller leaves out what can match nothing.
            return false() if any(isinstance(one, False_) for one in found) else and_(true(), *found)
        case Or(parts):
            return or_(false(), *(condition(part, row, branch, binds, follow) for part in parts))
        case Not(part):
            return _negated(part, row, branch, binds, follow)
        case OnRows():
            return _on_rows(node, row, branch, binds)
        case OnColumn():
            return _on_column(node, row, binds)
        case OnInterval():
            return _on_interval(node, row, binds)
        case Linked():
            return follow(node, row, branch)
    raise TypeError(f"{type(node).__name__} is not a placed expression")


def _negated(node: Expression, row: FromClause, branch: Branch, binds: Binds, follow: Follow) -> ColumnElement[bool]:
    if isinstance(node, Or):
        return and_(true(), *(_negated(part, row, branch, binds, follow) for part in node.parts))
    inner = condition(node, row, branch, binds, follow)
    if isinstance(node, OnRows | Linked) or (isinstance(node, OnColumn) and through_of(node) is not None):
        return ~inner
    # A comparison with NULL is neither true nor false, and a row without a value is one that does not match.
    return inner.is_not(True)


def _on_rows(node: OnRows, row: FromClause, branch: Branch, binds: Binds) -> ColumnElement[bool]:
    keys = row_keys(node, branch, binds)
    return _reached(node.form, keys, keys.selected_columns.resource_key, row.c.resource_key)


def row_keys(node: OnRows, branch: Branch, binds: Binds) -> Select[Any]:
    """The column `resource_key` of the index rows that a node asks for; some may be there several times."""
    first = node.leaves[0].leaf
    rows = getattr(branch.store, index_table(first)).alias("i")
    # The words of a resource stand in one row, whatever the parameter.
    found = [branch.parameters(rows, first)] if "parameter" in rows.c else []
    alternatives = [_row_condition(numbered, rows, binds) for numbered in node.leaves]
    if not any(isinstance(alternative, True_) for alternative in alternatives):
        found.append(and_(true(), *alternatives) if node.every else or_(false(), *alternatives))
    return select(rows.c.resource_key).where(*found)


def _row_condition(numbered: Numbered, rows: FromClause, binds: Binds) -> ColumnElement[bool]:
    return ON_ROWS[type(numbered.leaf)](numbered.leaf, rows, binds.of(numbered.number))


def _reached(form: str, keys: Select[Any], key: ColumnElement[Any], row_key: ColumnElement[Any]) -> ColumnElement[bool]:
    """`row_key` is among the selected keys, in the form that placement chose."""
    if form in (EXISTS, FENCED):
        found: Select[Any] = keys.with_only_columns(literal_column("1")).where(key == row_key)
        # PostgreSQL makes no join of a subquery with an OFFSET, even of one by nothing.
        return exists(found.offset(literal_column("0")) if form == FENCED else found)
    if form == HASHED:
        return row_key.in_(keys)
    return row_key == any_(func.array(keys.scalar_subquery()))


def _on_column(node: OnColumn, row: FromClause, binds: Binds) -> ColumnElement[bool]:
    through = through_of(node)
    if not isinstance(through, Through):
        return _column_condition(node, tuple(on_alias(column, row) for column in node.columns), binds)
    child = through.table.alias("c")
    found = _column_condition(node, tuple(on_alias(column, child) for column in node.columns), binds)
    kinds = dict.fromkeys(tuple(kind.conditions.items()) for kind in map(_through, node.columns) if kind is not None)
    keys = select(child.c[through.key]).where(*_of_kinds(child, tuple(kinds)), found)
    return _reached(node.form, keys, child.c[through.key], row.c[through.parent_key])


def _on_interval(node: OnInterval, row: FromClause, binds: Binds) -> ColumnElement[bool]:
    column = on_alias(node.parts[0].columns[0], row)
    if through_of(node.parts[0]) is not None or not isinstance(column, DateColumn | InstantColumn):
        return and_(true(), *(_on_column(part, row, binds) for part in node.parts))
    asked = [(part.leaf, binds.of(part.number)) for part in node.parts if isinstance(part.leaf, Date)]
    return on_interval(asked, column, node.reach)


def _through(column: AnyColumn) -> Through | None:
    return getattr(column, "through", None)


def _of_kinds(child: FromClause, kinds: Sequence[Sequence[tuple[str, str]]]) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a child row is of one of the kinds, each a list of (column, constant)."""
    if len(kinds) > 1 and all(len(kind) == 1 and kind[0][0] == kinds[0][0][0] for kind in kinds):
        return (child.c[kinds[0][0][0]].in_([sql_literal(value) for ((_, value),) in kinds]),)
    if len(kinds) == 1:
        return tuple(child.c[name] == sql_literal(value) for name, value in kinds[0])
    return (or_(*(and_(true(), *(child.c[name] == sql_literal(value) for name, value in kind)) for kind in kinds)),)


def _column_condition(node: OnColumn, columns: tuple[AnyColumn, ...], binds: Binds) -> ColumnElement[bool]:
    bind = binds.of(node.number)
    if isinstance(node.leaf, Token) and isinstance(columns[0], TokenColumn):
        return token_on_column(node.leaf, [column for column in columns if isinstance(column, TokenColumn)], bind)
    if isinstance(node.leaf, Present):
        found = (ON_COLUMN[Present, type(column)](node.leaf, column, bind) for column in columns)
        return or_(*{str(one): one for one in found}.values())
    return ON_COLUMN[type(node.leaf), type(columns[0])](node.leaf, columns[0], bind)
