"""One FHIR type over one table: a declaration, and the two directions that follow from it.

`compose` says a row as a resource, `decompose` hears a resource as a row. Both come from the same declaration, and so
do the search columns: nothing else in the server knows what a column means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table

from fhir_server.definitions import properties, search_parameters
from fhir_server.errors import Unprocessable
from fhir_server.indexing import IndexRows
from fhir_server.mapping.branches import array, build, object_
from fhir_server.mapping.concepts import reference
from fhir_server.mapping.merge import merge
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.projections import many
from fhir_server.mapping.source import SearchColumn, Store
from fhir_server.mapping.trees import contains
from fhir_server.mapping.unsaid import Unsaid
from fhir_server.mapping.word import HeardRow, Row, Word, hear_members
from fhir_server.mapping.words import fits


class CannotHold(Exception):
    """The table cannot hold the resource: it belongs in the generic store beside it. `args[0]` is the column."""


@dataclass(frozen=True, slots=True)
class Child:
    """Child rows of a resource: `projection` is the parent's column, `key` the child's column of the parent's
    fhir_id.
    """

    projection: str
    table: Table
    key: str
    columns: tuple[str, ...]


class Resource:
    """The declaration of one FHIR type over one table.

    `elements` looks like the FHIR JSON with columns and words at the leaves. `search` maps a search parameter's code to
    an element (`"subject"`, or `"identifier[1]"` for one item of an array), which answers it with its modifiers, or to
    search columns. `unanswered` says, for parameters of which a row may say more than its columns answer, what that is;
    with a document the index rows answer it. `excludes` maps elements to the choice that they exclude. `accepts` says
    which resources of the type may live in this table, `creatable` whether FHIR may add rows to it. `moves` is False
    where rows of other tables need these rows: a resource that is accepted, or is here, then never goes to the generic
    store, and what a row cannot hold is an error. `agrees` are elements of which a resource may say neither more nor
    less than its row says, `outdated` those of a document that are not true any more once the portal changed the row.
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
        moves: bool = True,
        agrees: tuple[str, ...] = (),
        outdated: tuple[str, ...] = (),
        must_exist: Mapping[str, str] | None = None,
        excludes: Mapping[str, str] | None = None,
        unanswered: Mapping[str, str] | None = None,
    ) -> None:
        self.resource_type, self.table, self.store = resource_type, table, store
        self.elements = {name: build(declared) for name, declared in elements.items()}
        self.accepts, self.creatable, self.moves, self.agrees = accepts, creatable, moves, agrees
        self.outdated = tuple(key for name in outdated for key in (name, f"_{name}"))
        self.must_exist = dict(must_exist or {})
        self.sort = dict(sort or {})
        self.unanswered = dict(unanswered or {})
        self.columns = tuple(dict.fromkeys(column for word in self.elements.values() for column in word.columns))
        self.children = tuple(_children(self.elements.values()))
        projections = {child.projection for child in self.children}
        self.row_columns = tuple(name for name in self.columns if name not in projections)
        self.references = frozenset(_references(self.elements.values()))
        """The columns that hold ids of other resources."""
        choices = _choices(resource_type)
        self.choices = {**choices, **(excludes or {})}
        self._names = {name: _names(name, choices) for name in self.elements}
        self.search = self._all_search_columns(search)
        self.complete = frozenset(
            code for code, found in self.search.items() if all(column.complete for column in found)
        )
        self._unsaid = Unsaid(
            resource_type,
            self.elements,
            self._names,
            complete=self.complete,
            partial=self.search.keys() - self.unanswered.keys(),
        )

    def compose(self, row: Row) -> dict[str, Any]:
        """The resource that `row` says, with id and meta; list items and concepts carry the marks of `trees`."""
        held = row.get("fhir_id")
        tree: dict[str, Any] = {"resourceType": self.resource_type, "id": held if held is None else logical_id(held)}
        for name, word in self.elements.items():
            word.compose_into(tree, name, row)
        return tree

    def decompose(self, tree: dict[str, Any], current: Row | None = None) -> Row:
        """Column name → value for every column of the declaration, None where the resource says nothing it can hold.

        An element that still says what `current` says keeps its columns to the letter: status texts, odd JSON and all.
        Raises CannotHold when a column that must not be NULL has no value (Unprocessable where resources do not move),
        Unprocessable for what another table owns and what the row would say otherwise.
        """
        heard = HeardRow(current)
        hear_members(self.elements, tree, heard, self._names.__getitem__)
        row = {name: heard.get(name) for name in self.columns}
        for name in self.row_columns:
            column = self.table.c[name]
            if not fits(column, row[name]):
                row[name] = None
            if row[name] is None and not column.nullable:
                if not self.moves:
                    raise self.refused(name, "is not what a record of the portal can hold")
                raise CannotHold(name)
        self._must_agree(tree, {**(current or {}), **row})
        return row

    def refused(self, column: str, reason: str) -> Unprocessable:
        """The error for a resource that cannot be a row because of a column."""
        expression = self.expression_of(column)
        return Unprocessable(f"{expression} {reason}", (expression,))

    def expression_of(self, column: str) -> str:
        """The FHIRPath of the element that a column holds."""
        element = next((name for name, word in self.elements.items() if column in word.columns), None)
        return self.resource_type if element is None else f"{self.resource_type}.{element.removesuffix('[x]')}"

    def _must_agree(self, tree: dict[str, Any], row: Row) -> None:
        for name in self.agrees:
            said: dict[str, Any] = {}
            self.elements[name].compose_into(said, name, row)
            # Extensions beside a value say of the portal's text what the value does not say.
            said = {key: item for key, item in said.items() if not key.startswith("_")}
            heard = {key: tree[key] for key in self._names[name] if key in tree and not key.startswith("_")}
            if bool(said) != bool(heard) or not contains(heard, said):
                expression = f"{self.resource_type}.{name.removesuffix('[x]')}"
                raise Unprocessable(f"{expression} is not what a record of the portal can say here", (expression,))

    def merge(self, base: Row, theirs: Row, document: dict[str, Any]) -> dict[str, Any]:
        """`document` with what the portal changed from the row `base` to the row `theirs`."""
        merged = merge(self.compose(base), self.compose(theirs), document, self.choices)
        if merged != document:
            for name in self.outdated:
                merged.pop(name, None)
        return merged

    def index_rows(self, rows: IndexRows, row: Row, tree: dict[str, Any]) -> IndexRows:
        """The part of `rows`, all that the document `tree` says, which the columns of `row` do not answer."""
        return self._unsaid.rows(rows, row, tree)

    def _all_search_columns(
        self, search: Mapping[str, str | tuple[SearchColumn, ...]]
    ) -> dict[str, tuple[SearchColumn, ...]]:
        found: dict[str, tuple[SearchColumn, ...]] = {}
        for code, at in search.items():
            if not isinstance(at, str):
                found[code] = at
                continue
            kind, word = search_parameters(self.resource_type)[code].type, self._word(at)
            found[code] = word.search_columns(kind)
            if not found[code]:
                raise ValueError(f"{self.resource_type}.{at} has no columns for the parameter {code}")
            if kind == "token":
                found |= {f"{code}:text": word.text_columns(), f"{code}:of-type": word.of_type_columns()}
        return {code: columns for code, columns in found.items() if columns}

    def _word(self, at: str) -> Word:
        name, _, place = at.partition("[")
        if place == "x]":
            return self.elements[at]
        word = self.elements[name]
        if place and isinstance(word, array):
            return word.items[int(place.rstrip("]"))]
        return word


def _references(words: Any) -> Iterator[str]:
    for word in words:
        if isinstance(word, reference):
            yield word.column.name
        yield from _references(_within(word))


def _within(word: Any) -> tuple[Word, ...]:
    """The words that a word is made of."""
    parts = tuple(getattr(word, "items", ()))
    parts += tuple(word.members.values()) if isinstance(word, object_) else ()
    return parts + tuple(getattr(word, name) for name in ("word", "inner") if hasattr(word, name))


def _children(words: Any) -> list[Child]:
    found: list[Child] = []
    for word in words:
        if isinstance(word, many):
            key = next(iter(word.child.foreign_keys)).parent.name
            found.append(Child(word.projection.name, word.child, key, (*word.item.columns, "position")))
        found += _children(_within(word))
    return found


def _choices(resource_type: str) -> dict[str, str]:
    return {name: found.element.name for name, found in properties(resource_type).items() if found.element.is_choice}


def _names(name: str, choices: Mapping[str, str]) -> tuple[str, ...]:
    """The JSON names of an element, with the siblings of its primitives."""
    names = [key for key, group in choices.items() if group == name] if name.endswith("[x]") else [name]
    return (*names, *(f"_{one}" for one in names))
