"""The words for what other tables hold and triggers copy into the row: child rows, a user's name, records of the
portal.

https://hl7.org/fhir/R4/http.html#update
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, Table, case

from fhir_server.errors import Unprocessable
from fhir_server.mapping.branches import build, object_
from fhir_server.mapping.primitives import STRING, Primitive
from fhir_server.mapping.source import ReferenceColumn, SearchColumn
from fhir_server.mapping.trees import ABSENT, PLACE, Slots, contains
from fhir_server.mapping.word import HeardRow, Row, Word


class many(Word):  # noqa: N801
    """Array items that are rows of a child table, read from the projection that a trigger keeps on the parent."""

    is_list = True

    def __init__(self, projection: Column[Any], child: Table, members: Mapping[str, Any]) -> None:
        self.projection, self.child, self.item = projection, child, object_(members)
        self.columns = (projection.name,)

    def compose(self, row: Row) -> Any:
        pairs: list[tuple[str, Any]] = []
        for place, child in enumerate(row.get(self.projection.name) or ()):
            said = self.item.compose(child)
            if said is not ABSENT:
                pairs.append((str(child.get("id", f"{PLACE}{place}")), said))
        return Slots(pairs) if pairs else ABSENT

    def take(self, items: list[Any], row: HeardRow) -> None:
        held: list[Row] = list(row.current.get(self.projection.name) or ()) if row.current is not None else []
        children = self._heard(items, held)
        # Also child rows that say nothing stay, as long as nothing has changed.
        saying = [child for child in held if self.item.compose(child) is not ABSENT]
        if [self._columns(child) for child in saying] == children:
            row[self.projection.name] = held or None
        else:
            row[self.projection.name] = [{**child, "position": place} for place, child in enumerate(children)] or None
        items.clear()

    def _heard(self, items: list[Any], held: list[Row]) -> list[Row]:
        current = [(self._columns(child), self.item.compose(child)) for child in held]
        children: list[Row] = []
        for item in items:
            same = next((place for place, (_, said) in enumerate(current) if said == item), None)
            child = HeardRow()
            if same is not None:
                children.append(current.pop(same)[0])
            elif self.item.decompose(item, child):
                children.append(self._columns(child))
        return children

    def _columns(self, child: Row) -> Row:
        return {name: child.get(name) for name in self.item.columns}


class projected(Word):  # noqa: N801
    """A primitive that a trigger copies from another table into a JSON column of the row, such as a user's name."""

    def __init__(self, column: Column[Any], key: str, primitive: Primitive = STRING) -> None:
        self.column, self.key, self.primitive = column, key, primitive

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        return self.primitive.compose(held.get(self.key)) if isinstance(held, dict) else ABSENT


class until_documented(Word):  # noqa: N801
    """What a trigger copies into the row and clients need not repeat: said only as long as the row has no document."""

    def __init__(self, declared: Any, document_version: Column[Any]) -> None:
        self.word, self.document_version = build(declared), document_version

    def compose(self, row: Row) -> Any:
        return ABSENT if row.get(self.document_version.name) is not None else self.word.compose(row)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        alone = self.document_version.is_(None)
        return tuple(
            replace(column, column=case((alone, column.column)))
            for column in self.word.search_columns(parameter_type)
            if isinstance(column, ReferenceColumn)
        )


class derived(Word):  # noqa: N801
    """What another table owns: FHIR reads it here and a write must leave it as it is."""

    def __init__(self, declared: Any, expression: str) -> None:
        self.word, self.expression = build(declared), expression

    def compose(self, row: Row) -> Any:
        return self.word.compose(row)

    def compose_sibling(self, row: Row) -> Any:
        return self.word.compose_sibling(row)

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        self._must_stay([source.get(name)], row)
        return False

    def take(self, items: list[Any], row: HeardRow) -> None:
        self._must_stay(items, row)

    def _must_stay(self, said: list[Any], row: HeardRow) -> None:
        owned = ABSENT if row.current is None else self.word.compose(row.current)
        if owned is not ABSENT and not any(contains(item, owned) for item in said):
            raise Unprocessable(
                f"{self.expression} belongs to a portal record of another kind and cannot be changed here",
                (self.expression,),
            )

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return self.word.search_columns(parameter_type)

    def text_columns(self) -> tuple[SearchColumn, ...]:
        return self.word.text_columns()

    def of_type_columns(self) -> tuple[SearchColumn, ...]:
        return self.word.of_type_columns()
