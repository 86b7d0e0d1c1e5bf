"""The tables that one statement looks at: each table of a type, and each generic store once for all its types.

https://www.postgresql.org/docs/current/queries-union.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.sql import FromClause
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_server.definitions import RESOURCE_TYPES, parameter_number
from fhir_server.mapping.source import Source, Store
from fhir_server.search.expression import Leaf

SourcesOf = Callable[[str], Sequence[Source]]
"""The sources of a resource type, the generic one last."""


def without_logs(resource_type: str) -> Sequence[Source]:
    """The logs of a type where there are none."""
    return ()


@dataclass(frozen=True, slots=True)
class Branch:
    """One table with the resource types that are looked for in it; several types only in a generic store."""

    source: Source
    types: tuple[str, ...]
    words: bool = False
    """Stands for the words of its resources, where it is told what must not lag behind."""

    @property
    def store(self) -> Store:
        """Where the documents and index rows are."""
        return self.source.store

    @property
    def is_contained(self) -> bool:
        """Whether its rows are resources that stand inside of others."""
        return self.source.table is self.store.contained

    def row(self) -> NamedFromClause[Any]:
        """The table under the name `r`."""
        return self.source.table.alias("r")

    def of_types(self, row: FromClause) -> tuple[ColumnElement[bool], ...]:
        """The condition that a generic row is of these types; none for a table of one type."""
        return (one_of(row.c.resource_type, self.types),) if self.source.generic else ()

    def type_column(self, row: FromClause) -> ColumnElement[str]:
        """The resource type of a row."""
        return row.c.resource_type if self.source.generic and len(self.types) > 1 else type_literal(self.types[0])

    def parameters(self, rows: FromClause, asked: Leaf | Sequence[str]) -> ColumnElement[bool]:
        """The condition that index rows belong to these parameters, or to those of a leaf (of any of the types)."""
        names = {
            f"{resource_type}.{code}"
            for resource_type in self.types
            for code in (asked.parameters(resource_type) if isinstance(asked, Leaf) else asked)
        }
        numbers = sorted(map(parameter_number, names))
        literals: list[ColumnElement[int]] = [literal_column(str(number)) for number in numbers]
        return rows.c.parameter == literals[0] if len(literals) == 1 else rows.c.parameter.in_(literals)


def contained_branch(store: Store, types: tuple[str, ...]) -> Branch:
    """What resources of a store contain of these types; the number of its source is never given out."""
    return Branch(Source(-1, types[0], store.contained, store.contained, store, generic=True), types)


def sql_literal(text: str) -> ColumnElement[str]:
    """A constant of the declarations as SQL text; never for what a request says."""
    return literal_column("'" + text.replace("'", "''") + "'")


def type_literal(resource_type: str) -> ColumnElement[str]:
    """A resource type as SQL text: it is part of the shape and helps the planner more than a parameter would."""
    if resource_type not in RESOURCE_TYPES:
        raise ValueError("not a resource type")
    return sql_literal(resource_type)


def one_of(column: ColumnElement[str], types: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a column names one of the types."""
    literals = [type_literal(resource_type) for resource_type in types]
    return column == literals[0] if len(literals) == 1 else column.in_(literals)


def branches(types: Iterable[str], sources_of: SourcesOf) -> tuple[Branch, ...]:
    """The branches for these types, tables before generic stores."""
    tables: list[Branch] = []
    generic: dict[str, tuple[Source, list[str]]] = {}
    for resource_type in types:
        for source in sources_of(resource_type):
            if source.generic:
                generic.setdefault(source.store.name, (source, []))[1].append(resource_type)
            else:
                tables.append(Branch(source, (resource_type,)))
    return (*tables, *(Branch(source, tuple(named)) for source, named in generic.values()))
