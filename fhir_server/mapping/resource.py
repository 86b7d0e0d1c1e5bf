"""One FHIR type over one table: a declaration, and the two directions that follow from it.

`compose` says a row as a resource, `decompose` hears a resource as a row. Both come from the same declaration, and so do the
search columns: nothing else in the server knows what a column means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, String, Table

from fhir_server.definitions import properties, search_parameters
from fhir_server.indexing import IndexRows
from fhir_server.mapping.branches import array, build, many, object_
from fhir_server.mapping.merge import merge
from fhir_server.mapping.source import SearchColumn, Store, TokenColumn
from fhir_server.mapping.word import HeardRow, Row, Word


class CannotHold(Exception):
    """The table cannot hold the resource: it belongs in the generic store beside it. `args[0]` is the column."""


@dataclass(frozen=True, slots=True)
class Child:
    """Child rows of a resource: `projection` is the parent's column, `key` the child's column of the parent's fhir_id."""

    projection: str
    table: Table
    key: str
    columns: tuple[str, ...]


class Resource:
    """The declaration of one FHIR type over one table.

    `elements` looks like the FHIR JSON with columns and words at the leaves. `search` maps a search parameter's code to
    an element (`"subject"`, or `"identifier[1]"` for one item of an array) or to search columns. `accepts` says which
    resources of the type may live in this table, `creatable` whether FHIR may add rows to it.
    """

    def __init__(
        self,
        resource_type: str,
        table: Table,
        *,
        store: Store,
        elements: Mapping[str, Any],
        search: Mapping[str, str | tuple[SearchColumn, ...]],
        sort: Mapping[str, ColumnElement[Any]] | None = None,
        accepts: Callable[[dict[str, Any]], bool] = lambda tree: True,
        creatable: bool = True,
        must_exist: Mapping[str, str] | None = None,
    ) -> None:
        self.resource_type, self.table, self.store = resource_type, table, store
        self.elements = {name: build(declared) for name, declared in elements.items()}
        self.accepts, self.creatable = accepts, creatable
        self.must_exist = dict(must_exist or {})
        self.sort = dict(sort or {})
        self.columns = tuple(dict.fromkeys(column for word in self.elements.values() for column in word.columns))
        self.children = tuple(_children(self.elements.values()))
        projections = {child.projection for child in self.children}
        self.row_columns = tuple(name for name in self.columns if name not in projections)
        self.choices = _choices(resource_type)
        self.search = {code: self._search_columns(code, at) for code, at in search.items()}
        self.complete = frozenset(code for code, found in self.search.items() if all(column.complete for column in found))
        known = search_parameters(resource_type)
        self._complete_numbers = frozenset(known[code].number for code in self.complete)
        self._said_tokens = self._columns_that_say_tokens()

    def compose(self, row: Row) -> dict[str, Any]:
        """The resource that `row` says, with id and meta; list items and concepts carry the marks of `trees`."""
        tree: dict[str, Any] = {"resourceType": self.resource_type, "id": row["fhir_id"]}
        for name, word in self.elements.items():
            word.compose_into(tree, name, row)
        return tree

    def decompose(self, tree: dict[str, Any], current: Row | None = None) -> Row:
        """Column name → value for every column of the declaration, None where the resource says nothing it can hold.

        An element that still says what `current` says keeps its columns to the letter: status texts, odd JSON and all.
        Raises CannotHold when a column that must not be NULL has no value, Unprocessable for what another table owns.
        """
        heard = HeardRow(current)
        before = self.compose(current) if current is not None else {}
        for name, word in self.elements.items():
            if current is not None and self._same(name, tree, before):
                heard.update({column: current.get(column) for column in word.columns})
            else:
                word.decompose_from(tree, name, heard)
        row = {name: heard.get(name) for name in self.columns}
        for name in self.row_columns:
            row[name] = _fitting(self.table.c[name], row[name])
        return row

    def merge(self, base: Row, theirs: Row, document: dict[str, Any]) -> dict[str, Any]:
        """`document` with what the portal changed from the row `base` to the row `theirs`."""
        return merge(self.compose(base), self.compose(theirs), document, self.choices)

    def index_rows(self, rows: IndexRows, row: Row) -> IndexRows:
        """The part of `rows` (all that the document says) which the columns of `row` do not answer."""
        held = self._complete_numbers
        said = {(number, system, row[column]) for number, system, column in self._said_tokens}
        return IndexRows(
            token=tuple(one for one in rows.token if one.parameter not in held and one not in said),
            string=tuple(one for one in rows.string if one.parameter not in held),
            # The column holds the literal reference only: an identifier beside it is searched in the index.
            reference=tuple(one for one in rows.reference if one.parameter not in held or one.identifier_value is not None),
            date=tuple(one for one in rows.date if one.parameter not in held),
            number=tuple(one for one in rows.number if one.parameter not in held),
            quantity=tuple(one for one in rows.quantity if one.parameter not in held),
            uri=rows.uri,
        )

    def _columns_that_say_tokens(self) -> tuple[tuple[int, str | None, str], ...]:
        known = search_parameters(self.resource_type)
        return tuple(
            (known[code].number, column.system, column.column.name)
            for code, found in self.search.items()
            for column in found
            if isinstance(column, TokenColumn) and column.through is None and isinstance(column.column, Column)
            if column.system is not None
        )

    def _same(self, name: str, tree: dict[str, Any], before: dict[str, Any]) -> bool:
        names = [name, f"_{name}"]
        if name.endswith("[x]"):
            names = [key for key, group in self.choices.items() if group == name]
        if not any(key in before for key in names):
            return False
        return all(before.get(key) == tree.get(key) for key in names)

    def _search_columns(self, code: str, at: str | tuple[SearchColumn, ...]) -> tuple[SearchColumn, ...]:
        if not isinstance(at, str):
            return at
        name, _, place = at.partition("[")
        if place == "x]":
            name, place = at, ""
        word: Word = self.elements[name]
        for step in place.rstrip("]").split("]["):
            if step and isinstance(word, array):
                word = word.items[int(step)]
            elif isinstance(word, array):
                word = word.items[0]
        found = word.search_columns(search_parameters(self.resource_type)[code].type)
        if not found:
            raise ValueError(f"{self.resource_type}.{at} has no columns for the parameter {code}")
        return found


def _children(words: Any) -> list[Child]:
    found: list[Child] = []
    for word in words:
        if isinstance(word, many):
            key = next(iter(word.child.foreign_keys)).parent.name
            found.append(Child(word.projection.name, word.child, key, (*word.item.columns, "position")))
        found += _children(getattr(word, "items", ()))
        found += _children(word.members.values() if isinstance(word, object_) else ())
        found += _children((word.word,) if hasattr(word, "word") else ())
    return found


def _choices(resource_type: str) -> dict[str, str]:
    return {name: found.element.name for name, found in properties(resource_type).items() if found.element.is_choice}


def _fitting(column: Column[Any], value: Any) -> Any:
    """`value` if the column can hold it; raises CannotHold for a column that must hold something."""
    if isinstance(value, str) and isinstance(column.type, String) and column.type.length is not None:
        value = value if len(value) <= column.type.length else None
    if value is None and not column.nullable:
        raise CannotHold(column.name)
    return value
