"""The order of a page: sort keys as SQL that is never NULL, the unique last key, and the condition for what comes
after.

https://hl7.org/fhir/R4/search.html#sort

A resource without a value sorts last in both directions, so the place of NULL is taken by a value beyond all others.
Without `_sort` the order is that of the resource keys, in which index rows are stored too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql import FromClause
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.types import TypeEngine

from fhir_server.mapping.source import (
    CompositeColumn,
    DateColumn,
    QuantityColumn,
    ReferenceColumn,
    StringColumn,
    Through,
)
from fhir_server.search.binds import Binds
from fhir_server.search.branches import Branch, sql_literal
from fhir_server.search.conditions import on_alias
from fhir_server.search.expression import And, Anything, Expression, Link
from fhir_server.search.links import Way
from fhir_server.search.placement import own_columns
from fhir_server.search.request import SortKey
from fhir_server.search.types import INDEX_TABLES, AnyColumn
from fhir_server.search.types.binding import TEXT
from fhir_server.search.types.date import TIMESTAMP, Date
from fhir_server.search.types.number import NUMERIC
from fhir_server.search.types.string import INDEXED_LENGTH

SQL_TYPES: Mapping[str, TypeEngine[Any]] = {"date": TIMESTAMP, "number": NUMERIC, "quantity": NUMERIC}
"""Other kinds are texts, compared under COLLATE "C"."""

_BEYOND: Mapping[TypeEngine[Any], tuple[str, str]] = {
    TIMESTAMP: ("'infinity'::timestamptz", "'-infinity'::timestamptz"),
    NUMERIC: ("'Infinity'::numeric", "'-Infinity'::numeric"),
    TEXT: ("U&'\\+10FFFF'", "''"),
}
"""What stands for no value, ascending and descending."""

_LENGTH: ColumnElement[int] = literal_column(str(INDEXED_LENGTH))


@dataclass(frozen=True, slots=True)
class OrderColumn:
    """One column of the order under its name in the page; the `key` of the last, unique one is None."""

    name: str
    key: SortKey | None
    sql_type: TypeEngine[Any]
    descending: bool

    def order(self, rows: FromClause) -> ColumnElement[Any]:
        """The ORDER BY term on a relation that has this column."""
        column = rows.c[self.name]
        return column.desc() if self.descending else column.asc()


@dataclass(frozen=True, slots=True)
class Order:
    """All columns of an order, the last one unique."""

    columns: tuple[OrderColumn, ...]
    unique_key: str
    """The row column that no two results share: resource_key, or fhir_id where one type is sorted."""


NEWEST = (SortKey("_lastUpdated", "date", descending=True),)
"""The order of what has logs, where none is asked for."""


def order_of(sort: Sequence[SortKey], criteria: Expression, single_type: bool) -> Order:
    """The order for these sort keys; the unique key goes in the direction of the first.

    Without sort keys, a search by _lastUpdated goes in the order of changes: its index gives that for nothing, and who
    asks what has changed wants to go on from there.
    """
    parts = criteria.parts if isinstance(criteria, And) else (criteria,)
    if not sort and any(isinstance(part, Date) and part.parameter == "_lastUpdated" for part in parts):
        sort = (SortKey("_lastUpdated", "date"),)
    columns: list[OrderColumn] = []
    for number, key in enumerate(sort):
        if key.parameter == "_id" and single_type and not key.via:
            # The id is unique: nothing after it matters.
            return Order((*columns, OrderColumn(f"sort{number}", None, TEXT, key.descending)), "fhir_id")
        columns.append(OrderColumn(f"sort{number}", key, SQL_TYPES.get(key.kind, TEXT), key.descending))
    by_id = bool(sort) and single_type
    last = OrderColumn(f"sort{len(columns)}", None, TEXT if by_id else BigInteger(), bool(sort) and sort[0].descending)
    return Order((*columns, last), "fhir_id" if by_id else "resource_key")


def beyond(column: OrderColumn) -> str:
    """What stands for no value in a column of the order, as SQL."""
    return _BEYOND[column.sql_type][1 if column.descending else 0]


class Followed(Protocol):
    """Knows the ways from a row to what is visible at the other end of a reference."""

    def ways(self, link: Link, row: FromClause, branch: Branch) -> Sequence[Way]:
        """See Compilation."""
        ...


def order_values(order: Order, row: FromClause, branch: Branch, followed: Followed) -> tuple[ColumnElement[Any], ...]:
    """The values of the order's columns on a row, not yet labelled."""
    return tuple(
        _unique(order, row) if column.key is None else _value(column.key, row, branch, followed)
        for column in order.columns
    )


def _unique(order: Order, row: FromClause) -> ColumnElement[Any]:
    return row.c[order.unique_key]


def _value(key: SortKey, row: FromClause, branch: Branch, followed: Followed) -> ColumnElement[Any]:
    value = _value_or_null(key, row, branch, followed)
    if not key.via and key.parameter in _NEVER_NULL:
        return value
    sql_type = SQL_TYPES.get(key.kind, TEXT)
    if branch.source.log and key.parameter in branch.source.sort:
        return value  # logs are sorted by what is never NULL, and an index has it without a substitute
    value = value.collate("C") if sql_type is TEXT else value
    beyond = _BEYOND[sql_type][1 if key.descending else 0]
    return func.coalesce(value, literal_column(beyond), type_=sql_type)


def _value_or_null(key: SortKey, row: FromClause, branch: Branch, followed: Followed) -> ColumnElement[Any]:
    if key.via:
        return _value_beyond(key, row, branch, followed)
    if key.parameter in _NEVER_NULL:
        return row.c[_NEVER_NULL[key.parameter]]
    declared = branch.source.sort.get(key.parameter)
    if declared is not None:
        # A declaration may write the expression of an index, with its own substitute for NULL.
        plain = declared.clauses.clauses[0] if isinstance(declared, coalesce) else declared
        value: ColumnElement[Any] = ClauseAdapter(row).traverse(plain)
        return value
    return _found_value(key, row, branch)


_NEVER_NULL: Mapping[str, str] = {"_id": "fhir_id", "_lastUpdated": "updated_at"}


def _value_beyond(key: SortKey, row: FromClause, branch: Branch, followed: Followed) -> ColumnElement[Any]:
    """The lowest (descending: highest) value of the visible resources that the key's first reference leads to."""
    (parameter, types), *rest = key.via
    inner = replace(key, via=tuple(rest))
    found = []
    for way in followed.ways(Link((parameter,), ((types, Anything()),)), row, branch):
        value = _extreme(key, _value_or_null(inner, way.other, way.branch, followed))
        found.append(way.of(row, value).scalar_subquery())
    if not found:
        return null()
    return found[0] if len(found) == 1 else (func.greatest if key.descending else func.least)(*found)


def _found_value(key: SortKey, row: FromClause, branch: Branch) -> ColumnElement[Any]:
    """The lowest (descending: highest) of a row's values in its columns and index rows."""
    columns = own_columns(branch.source, key.parameter)
    found = [_column_value(key, column, row) for column in columns]
    if not columns or not all(column.complete for column in columns):
        found.append(_rows_value(key, row, branch))
    return found[0] if len(found) == 1 else (func.greatest if key.descending else func.least)(*found)


def _rows_value(key: SortKey, row: FromClause, branch: Branch) -> ColumnElement[Any]:
    rows = getattr(branch.store, INDEX_TABLES[key.kind]).alias("i")
    value = _extreme(key, _ROW_VALUES[key.kind](rows))
    return (
        select(value)
        .where(rows.c.resource_key == row.c.resource_key, branch.parameters(rows, (key.parameter,)))
        .scalar_subquery()
    )


def _reference_text(rows: FromClause) -> ColumnElement[Any]:
    local = rows.c.target_type + literal_column("'/'") + rows.c.target_id
    return func.left(case((rows.c.target_id.is_not(None), local), else_=rows.c.url), _LENGTH)


_ROW_VALUES: Mapping[str, Any] = {
    "date": lambda rows: rows.c.low,
    "number": lambda rows: rows.c.low,
    "quantity": lambda rows: rows.c.low,
    "reference": _reference_text,
    "string": lambda rows: func.left(rows.c.normal, _LENGTH),
    "token": lambda rows: func.left(rows.c.code, _LENGTH),
    "uri": lambda rows: func.left(rows.c.uri, _LENGTH),
}


def _extreme(key: SortKey, value: ColumnElement[Any]) -> ColumnElement[Any]:
    # What a list in JSON holds is JSON itself, and has no collation.
    text = cast(value, Text()) if isinstance(value.type, JSON) else value
    compared = value if key.kind in SQL_TYPES else text.collate("C")
    return func.max(compared) if key.descending else func.min(compared)


def _column_value(key: SortKey, column: AnyColumn, row: FromClause) -> ColumnElement[Any]:
    through = getattr(column, "through", None)
    if not isinstance(through, Through):
        return _sql_value(on_alias(column, row))
    child = through.table.alias("c")
    value = _extreme(key, _sql_value(on_alias(column, child)))
    constants = [child.c[name] == sql_literal(text) for name, text in through.conditions.items()]
    return select(value).where(child.c[through.key] == row.c[through.parent_key], *constants).scalar_subquery()


def _sql_value(column: AnyColumn) -> ColumnElement[Any]:
    """The value of a column, NULL where what stands in it is not the parameter's."""
    conditions = [one for name in ("where", "said") if (one := getattr(column, name, None)) is not None]
    value = _plain_value(column)
    return case((and_(*conditions), value)) if conditions else value


def _plain_value(column: AnyColumn) -> ColumnElement[Any]:
    match column:
        case DateColumn(low):
            return low
        case QuantityColumn(value):
            return value
        case StringColumn(value, normal):
            return func.fhir_normalize(value) if normal is None else normal
        case ReferenceColumn(value, target_type):
            return sql_literal(f"{target_type}/") + value
        case CompositeColumn():
            raise TypeError("a composite has no one value")
        case _:
            return cast(column.column, TEXT)


def after(order: Order, values: Sequence[ColumnElement[Any]], binds: Binds) -> ColumnElement[bool]:
    """The condition that a row comes after the one whose order values are bound as `after0`, `after1`, …"""
    bounds = [binds.constant(f"after{number}", None, column.sql_type) for number, column in enumerate(order.columns)]
    directions = {column.descending for column in order.columns}
    if len(values) == 1:
        return values[0] < bounds[0] if order.columns[0].descending else values[0] > bounds[0]
    if len(directions) == 1:
        # One row comparison is what an index on these columns can start from.
        left, right = tuple_(*values), tuple_(*bounds)
        return left < right if order.columns[0].descending else left > right
    first_open = values[0] <= bounds[0] if order.columns[0].descending else values[0] >= bounds[0]
    return and_(first_open, _after_in_turn(order, values, bounds))


def _after_in_turn(
    order: Order, values: Sequence[ColumnElement[Any]], bounds: Sequence[ColumnElement[Any]]
) -> ColumnElement[bool]:
    turns = []
    for number, column in enumerate(order.columns):
        beyond = values[number] < bounds[number] if column.descending else values[number] > bounds[number]
        equal = [value == bound for value, bound in zip(values[:number], bounds[:number], strict=True)]
        turns.append(and_(*equal, beyond))
    return or_(*turns)
