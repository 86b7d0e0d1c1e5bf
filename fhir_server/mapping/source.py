"""Where the resources of one FHIR type live in the database and which search parameters their columns answer.

Plain data: `search` turns it into predicates, `persistence` into statements. A type is a list of sources and the
last one is always the generic store, so that nothing valid is refused because a column is NOT NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, Table
from sqlalchemy.sql.selectable import Subquery


@dataclass(frozen=True, slots=True)
class Store:
    """The tables of one confidentiality class (`phi` or `open`): generic resources, documents and index rows.

    `contained` names the resources inside of documents, which have index rows under keys of their own.
    """

    name: str
    resources: Table
    documents: Table
    contained: Table
    token_index: Table
    string_index: Table
    reference_index: Table
    date_index: Table
    number_index: Table
    quantity_index: Table
    uri_index: Table
    composite_index: Table
    text_index: Table
    text_queue: Table


class Listed(Subquery):
    """A subquery that stands where a table of child rows could stand."""

    inherit_cache = True

    @classmethod
    def rows(cls, name: str, statement: Select[Any]) -> Listed:
        """The rows of `statement` under `name`."""
        made: Listed = cls._construct(statement, name=name)
        return made

    @property
    def fullname(self) -> str:
        """The name, as a table has it."""
        return str(self.name)


@dataclass(frozen=True, slots=True)
class Through:
    """Child rows that hold the value: `child.key = parent.<parent_key>` plus constant conditions on the child.

    `table` may be `Listed`: the items of a list in a column of the parent, seen as rows.
    """

    table: Table | Listed
    key: str
    parent_key: str
    conditions: Mapping[str, str] = field(default_factory=dict)


def _same(code: str) -> tuple[str, ...]:
    return (code,)


@dataclass(frozen=True, slots=True)
class TokenColumn:
    """A code in `column`; its system is the constant `system` or stands in `system_column`.

    `stored` gives the column's texts for a searched code (a status map has several, a code that the column can never
    hold has none). `complete` says that the column holds every value of the parameter: no index rows are consulted.
    The column counts only where `where` holds, and where no code is searched (`system|`, `:missing`) only where
    `said` does.
    """

    column: ColumnElement[Any]
    system: str | None = None
    system_column: ColumnElement[Any] | None = None
    stored: Callable[[str], tuple[str, ...]] = _same
    through: Through | None = None
    complete: bool = False
    where: ColumnElement[bool] | None = None
    said: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class BooleanColumn:
    """A boolean column searched as a token `true` or `false`."""

    column: ColumnElement[Any]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class StringColumn:
    """A text in `column`; `normal` is its stored normal form, or None where the index is on fhir_normalize(column).

    For `:missing`, what stands in the column counts only where `said` holds. `is_long` says that texts may be longer
    than an index takes: it is on the beginning of the normal form.
    """

    column: ColumnElement[Any]
    normal: ColumnElement[Any] | None = None
    through: Through | None = None
    complete: bool = False
    where: ColumnElement[bool] | None = None
    said: ColumnElement[bool] | None = None
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceColumn:
    """The logical id of a local resource of `target_type`; for `:missing` only where `said` holds."""

    column: ColumnElement[Any]
    target_type: str
    through: Through | None = None
    complete: bool = False
    said: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class DateColumn:
    """A half-open interval [low, high) of timestamptz expressions; a NULL `low` means no value in the columns.

    `high` is computed and no index serves it: a value ends at most `widest` after `low`, unless the column `end` says
    where. `is_day` says that the values are days without a zone, given as days of UTC. The columns count only where
    `where` holds. `indexed` is given where an index is on an expression for `low` that has a substitute for NULL.
    """

    low: ColumnElement[Any]
    high: ColumnElement[Any]
    complete: bool = False
    end: ColumnElement[Any] | None = None
    widest: ColumnElement[Any] | None = None
    is_day: bool = False
    where: ColumnElement[bool] | None = None
    indexed: ColumnElement[Any] | None = None


@dataclass(frozen=True, slots=True)
class QuantityColumn:
    """A numeric expression (NULL when there is none) with the texts of its system, code and unit.

    `low` and `high` are given where they may differ from the value: what is below it is infinitely low. `indexed` is
    what a cheap index has of the value, the same as it wherever not `odd`.
    """

    value: ColumnElement[Any]
    system: ColumnElement[Any]
    code: ColumnElement[Any]
    unit: ColumnElement[Any]
    complete: bool = False
    where: ColumnElement[bool] | None = None
    low: ColumnElement[Any] | None = None
    high: ColumnElement[Any] | None = None
    indexed: ColumnElement[Any] | None = None
    odd: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class CompositeColumn:
    """For each component of a composite parameter the columns that answer it, when the row is the element itself."""

    parts: tuple[tuple[TokenColumn | StringColumn | DateColumn | QuantityColumn, ...], ...]
    complete: bool = False


@dataclass(frozen=True, slots=True)
class LogIdColumn:
    """The logical id of a row of a log, which `column` makes of others; no index has it.

    The SQL function `keys` (of `kind`, where it has several, and an array of ids) gives values of `key`, which one has.
    """

    column: ColumnElement[Any]
    key: ColumnElement[Any]
    keys: str
    kind: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class NamesColumn:
    """Versions of local resources in an array of texts `Type/id/_history/version` with an index of whole texts.

    Where it is empty, `lone_type` and `lone_id` may name one resource. Only those of `target_type` count, if it is
    given.
    """

    column: ColumnElement[Any]
    lone_type: ColumnElement[Any] | None = None
    lone_id: ColumnElement[Any] | None = None
    target_type: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class VersionColumn:
    """One version of a local resource in three columns: type, id of its row, version."""

    resource_type: ColumnElement[Any]
    column: ColumnElement[Any]
    version: ColumnElement[Any]
    target_type: str | None = None
    complete: bool = True


SearchColumn = (
    TokenColumn
    | BooleanColumn
    | StringColumn
    | ReferenceColumn
    | DateColumn
    | QuantityColumn
    | CompositeColumn
    | LogIdColumn
    | NamesColumn
    | VersionColumn
)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One table that holds resources of `resource_type`; `number` is its place in the registry, unique over all types.

    `columns` maps a search parameter's code to the columns that answer it (all of them are ORed, together with the
    index
    rows unless every one is complete). `sort` maps a parameter's code to the column expression to order by.
    A `log` has one version of each resource for ever, no documents and no index rows; its `table` may be a select that
    gives the columns of a versioned table. It is searched by one of the parameters in `needs` only, if it has any.
    """

    number: int
    resource_type: str
    table: Table
    history: Table
    store: Store
    columns: Mapping[str, tuple[SearchColumn, ...]] = field(default_factory=dict)
    sort: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    generic: bool = False
    log: bool = False
    needs: frozenset[str] = frozenset()
